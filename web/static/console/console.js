"use strict";
// Small helps for those with a script; every page works without it.
(() => {
  const all = (what, root = document) => [...root.querySelectorAll(what)];
  const isTyping = (target) => target.closest("input, textarea, select") !== null;

  // how many characters are left
  for (const area of all("[data-left]")) {
    const left = document.createElement("span");
    left.className = "left";
    area.before(left);
    const show = () => { left.textContent = `还可以写 ${area.dataset.left - area.value.length} 个字`; };
    area.addEventListener("input", show);
    show();
  }

  for (const pick of all("[data-fill]")) {
    pick.addEventListener("click", () => {
      const area = document.getElementById(pick.dataset.fill);
      area.value = pick.textContent;
      area.dispatchEvent(new Event("input"));
      area.focus();
    });
  }
  for (const choice of all("[data-submit]")) choice.addEventListener("change", () => choice.form.requestSubmit());

  for (const one of all("[data-print]")) one.addEventListener("click", () => window.print());

  // what has to be handed on letter by letter
  for (const text of navigator.clipboard ? all("[data-copy]") : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "复制";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent.trim());
      button.textContent = "复制好了";
    });
    text.after(button);
  }

  // one click, one act
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const form = event.target;
    if (form.method === "get") {
      for (const field of all("input, select", form)) if (field.value === "") field.disabled = true;
      return;
    }
    if (form.dataset.file !== undefined) return; // what comes back is a file: the page stays, and may be sent again
    if (form.dataset.sent) { event.preventDefault(); return; }
    const sure = event.submitter?.dataset.sure;
    if (sure && !window.confirm(sure)) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const field of all("form[method=get] [disabled]")) field.disabled = false;
  });

  // rows that are chosen for one act
  const picks = all("input[name=pick]");
  const every_ = document.querySelector("[data-pick-all]");
  if (picks.length && every_) {
    const picked = document.querySelector("[data-picked]");
    const show = () => {
      const count = picks.filter((one) => one.checked).length;
      picked.textContent = count ? ` ${count} 个` : "";
      every_.textContent = count === picks.length ? "全不选" : "全选本页";
    };
    every_.hidden = false;
    every_.addEventListener("click", () => {
      const is_all = picks.every((one) => one.checked);
      for (const one of picks) one.checked = !is_all;
      show();
    });
    for (const one of picks) one.addEventListener("change", show);
    show();
  }

  // a wall: drag a card to another place
  const move = document.getElementById("move");
  if (move) {
    for (const slot of all("[data-place]")) {
      const here = slot.dataset.place;
      slot.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", here));
      slot.addEventListener("dragover", (event) => { event.preventDefault(); slot.classList.add("over"); });
      slot.addEventListener("dragleave", () => slot.classList.remove("over"));
      slot.addEventListener("drop", (event) => {
        event.preventDefault();
        slot.classList.remove("over");
        const from = event.dataTransfer.getData("text/plain");
        if (!from || from === here) return;
        move.elements.from.value = from;
        move.elements.to.value = here;
        move.requestSubmit();
      });
    }
  }

  // rows: J and K
  const rows = all("[data-rows] tbody tr");
  let chosen = -1;
  const choose = (step) => {
    rows[chosen]?.classList.remove("chosen");
    chosen = Math.min(Math.max(chosen + step, 0), rows.length - 1);
    rows[chosen].classList.add("chosen");
    rows[chosen].querySelector("a")?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const target = event.target;
    if (isTyping(target)) {
      if (event.key === "Escape") target.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.form) {
        event.preventDefault();
        target.form.requestSubmit();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = all("[data-key]").find((one) => one.dataset.key.split(" ").includes(key));
    if (found) {
      event.preventDefault();
      if (found.matches("input, textarea")) found.focus(); else found.click();
      return;
    }
    if (rows.length && "jk".includes(key)) { event.preventDefault(); choose(key === "j" ? 1 : -1); }
    if (key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
    if (key === "?") {
      const help = document.querySelector("[data-help]");
      if (help) help.open = !help.open;
    }
  });

  const every = (seconds, ask) => {
    const again = async () => {
      let go = true;
      if (!document.hidden) {
        try { go = await ask(); } catch { /* the network may come back */ }
      }
      if (go) setTimeout(again, seconds * 1000);
    };
    setTimeout(again, seconds * 1000);
  };
  const read = async (address) => {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" });
    return answer.ok ? answer.json() : null;
  };

  // the code on the login page, and the one that binds: ask until the phone has answered
  const code = document.querySelector("[data-poll]");
  if (code) {
    every(1.5, async () => {
      const said = await read(code.dataset.poll);
      if (!said) return true;
      for (const line of all("[data-when]")) line.hidden = line.dataset.when !== said.state;
      if (said.state === "confirmed") { document.querySelector("form[data-finish]").requestSubmit(); return false; }
      return said.state === "waiting" || said.state === "scanned";
    });
  }

  // something that a worker does: how much is left, and the page anew when it is done
  const progress = document.querySelector("[data-progress]");
  if (progress) {
    every(2, async () => {
      const said = await read(progress.dataset.progress);
      if (!said) return true;
      progress.querySelector("[data-left-over]").textContent = said.left;
      if (said.is_over) location.reload();
      return !said.is_over;
    });
  }

  // figures and states: the part that changes is fetched again; what is open stays open
  const part = document.querySelector("[data-refresh]");
  if (part) {
    every(Number(part.dataset.seconds || 60), async () => {
      const answer = await fetch(part.dataset.refresh || location.href, { redirect: "error" });
      if (!answer.ok) return answer.status >= 500;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]");
      if (fresh && !part.querySelector("details[open]") && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
      return true;
    });
  }

  // what waits
  const live = document.querySelector("[data-live]");
  if (live) {
    const shown = () => all("[data-count]", live).map((one) => Number(one.textContent));
    every(15, async () => {
      const said = await read(live.dataset.live);
      if (said && said.counts.join() !== shown().join()) {
        all("[data-count]", live).forEach((one, place) => { one.textContent = said.counts[place]; });
        document.querySelector("[data-fresh]").hidden = false;
      }
      return true;
    });
  }
})();
