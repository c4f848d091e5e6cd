// The page of phones: who there is, whose phone is shown, which one is in hand.

import { del, get, post } from "./api.js";
import { avatar, h, icon } from "./dom.js";
import { live } from "./live.js";
import { buttonsOf } from "./menubar.js";
import { Phone } from "./phone.js";
import { keep, recall } from "./prefs.js";
import { Sheets } from "./sheets.js";
import { setNow } from "./times.js";
import { offline, toast, trying } from "./toast.js";

const FIRST_SHOWN = 3;
const narrow = matchMedia("(max-width: 700px)");

const people = new Map();
const phones = new Map();
let shown = recall("shown", null);
let chosenId = recall("chosen", null);
let account = "服务号";

const stage = document.getElementById("stage");
const chips = document.getElementById("chips");
const sheetsButton = document.getElementById("sheets-toggle");
const manage = document.getElementById("manage");
const manageList = document.getElementById("manage-list");

const desk = {
  get account() {
    return account;
  },
  choose: (phone) => choose(phone.person.id),
  isChosen: (phone) => phone.person.id === chosenId,
  hide: (phone) => show(phone.person.id, false),
  askSheets(phone) {
    choose(phone.person.id);
    sheets.toggle(true);
  },
};

const sheets = new Sheets({
  chosen: () => phones.get(chosenId),
  scans: () => {
    if (narrow.matches) sheets.toggle(false);
  },
  onToggle(open) {
    document.body.classList.toggle("has-sheets", open);
    sheetsButton.setAttribute("aria-expanded", String(open));
  },
});
document.getElementById("desk").append(sheets.el);
sheetsButton.addEventListener("click", () => sheets.toggle());

const isShown = (id) => phones.has(id) && (!narrow.matches || id === chosenId);

function choose(id) {
  if (chosenId === id) return;
  chosenId = id;
  keep("chosen", id);
  markChosen();
  readUnread(id);
}

function markChosen() {
  for (const [id, phone] of phones) phone.el.classList.toggle("is-chosen", id === chosenId);
  sheets.showChosen(people.get(chosenId));
  drawChips();
}

function show(id, on) {
  shown = shown.filter((one) => one !== id);
  if (on) shown.push(id);
  keep("shown", shown);
  arrange();
  if (on) choose(id);
}

// Makes the stage hold exactly the phones that should be shown, in the order of the people.
function arrange() {
  for (const [id, phone] of phones) {
    if (people.has(id) && shown.includes(id)) continue;
    phone.popAll();
    phone.el.remove();
    phones.delete(id);
  }
  for (const person of people.values()) {
    if (!shown.includes(person.id)) continue;
    let phone = phones.get(person.id);
    if (!phone) {
      phone = new Phone(person, desk);
      phones.set(person.id, phone);
      phone.refresh();
      readMenu(phone);
    }
  }
  const order = [...people.keys()].filter((id) => phones.has(id));
  // Only what is out of place moves: a moved iframe would load its page again.
  order.forEach((id, at) => {
    const { el } = phones.get(id);
    if (stage.children[at] !== el) stage.insertBefore(el, stage.children[at] || null);
  });
  if (!phones.has(chosenId)) chosenId = order.length ? order[0] : null;
  document.getElementById("nobody").hidden = order.length > 0;
  markChosen();
}

function drawChips() {
  const held = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.chip : null;
  chips.replaceChildren(...[...people.values()].map((person, at) => h("button", {
    type: "button", class: `chip ${isShown(person.id) ? "is-shown" : ""} ${person.id === chosenId ? "is-chosen" : ""}`,
    "aria-pressed": String(phones.has(person.id)), "data-testid": `chip-${person.id}`, "data-chip": person.id,
    title: `${person.nickname}${at < 9 ? `（Alt+${at + 1}）` : ""}`,
    "aria-label": `${person.nickname}${person.unread ? `，${person.unread} 条没读` : ""}`,
    onclick: () => touchChip(person.id),
  }, avatar(person, "avatar-chip"), h("span", { class: "chip-name" }, person.nickname),
  person.unread && !isShown(person.id) ? h("span", { class: "badge" }, person.unread > 99 ? "99+" : person.unread) : null)));
  if (held) chips.querySelector(`[data-chip="${held}"]`)?.focus();
  const unread = [...people.values()].reduce((sum, person) => sum + (person.unread || 0), 0);
  document.title = `${unread && document.hidden ? `(${unread}) ` : ""}${account} · 微信模拟器`;
}

// On a laptop a chip shows or hides a phone; on a phone screen it changes which one fills the screen.
function touchChip(id) {
  if (!phones.has(id)) show(id, true);
  else if (narrow.matches || chosenId !== id) choose(id);
  else show(id, false);
  phones.get(id)?.el.scrollIntoView({ behavior: "smooth", inline: "nearest", block: "nearest" });
  phones.get(id)?.chat.toEnd();
}

function readUnread(id) {
  const person = people.get(id);
  if (person && person.unread && isShown(id) && !document.hidden) trying(() => phones.get(id).chat.seen());
}

async function readMenu(phone) {
  phone.el.setAttribute("aria-busy", "true");
  const answer = await trying(() => get(`menu?person=${phone.person.id}`));
  phone.composer.setMenu(buttonsOf(answer));
  phone.el.setAttribute("aria-busy", "false");
}

function takePeople(rows) {
  people.clear();
  rows.forEach((person) => people.set(person.id, person));
  const still = (shown || []).filter((id) => people.has(id));
  // The first visit, or an emulator whose people are others than last time.
  if (!still.length && (shown === null || shown.length)) shown = rows.slice(0, FIRST_SHOWN).map((person) => person.id);
  else shown = still;
  arrange();
  for (const [id, phone] of phones) phone.update(people.get(id));
  drawManage();
}

async function readAll() {
  const [about, answer] = await Promise.all([get("about"), get("people")]);
  account = about.account || account;
  setNow(about.now);
  showVerified(about);
  const before = new Set(phones.keys());
  takePeople(answer.people);
  for (const [id, phone] of phones) {
    if (!before.has(id)) continue;
    phone.refresh();
    readMenu(phone);
  }
  await sheets.read();
  for (const id of phones.keys()) readUnread(id);
}

// Says in one line why nothing will be answered.
function showVerified({ callback_url: url, verified, verify_note: note }) {
  const line = document.getElementById("unverified");
  line.hidden = Boolean(verified);
  line.textContent = url ? `还没和服务号的后台接上（${note}）：${url}` : "没有设置后台地址，发的话不会有人回";
}

async function addPerson(nickname) {
  const person = await post("people", nickname ? { nickname } : {});
  people.set(person.id, person);
  show(person.id, true);
  drawManage();
  const phone = phones.get(person.id);
  phone.el.scrollIntoView({ behavior: "smooth", inline: "end", block: "nearest" });
  phone.el.focus({ preventScroll: true });
}

async function removePerson(id) {
  await del(`people/${id}`);
  people.delete(id);
  shown = shown.filter((one) => one !== id);
  keep("shown", shown);
  arrange();
  drawManage();
}

function drawManage() {
  manageList.replaceChildren(...[...people.values()].map((person) => {
    const box = h("input", { type: "checkbox", onchange: () => show(person.id, box.checked) });
    box.checked = phones.has(person.id);
    const remove = h("button", { type: "button", class: "quiet danger", "data-testid": `person-remove-${person.id}`, onclick: () => {
      // A second touch means it: the chat is gone for good.
      if (remove.dataset.sure) trying(() => removePerson(person.id));
      remove.dataset.sure = "yes";
      remove.textContent = "真的删掉？";
    } }, "删掉");
    return h("li", {}, h("label", {}, box, avatar(person, "avatar-small"), h("span", {}, person.nickname),
      h("small", {}, person.following ? "已关注" : "还没关注")), remove);
  }));
}

document.querySelectorAll("[data-act=add]").forEach((button) => button.addEventListener("click", () => trying(() => addPerson())));
document.getElementById("manage-open").addEventListener("click", () => {
  drawManage();
  manage.showModal();
});
document.getElementById("manage-close").addEventListener("click", () => manage.close());
document.getElementById("manage-add").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.elements.nickname;
  trying(async () => {
    await addPerson(field.value.trim());
    field.value = "";
  });
});
document.addEventListener("keydown", (event) => {
  if (!event.altKey || !/^Digit[1-9]$/.test(event.code)) return;
  const id = [...people.keys()][Number(event.code.slice(5)) - 1];
  if (id === undefined) return;
  event.preventDefault();
  if (!phones.has(id)) show(id, true);
  choose(id);
  const phone = phones.get(id);
  phone.composer.useMenu(false);
  phone.composer.input.focus();
});
document.addEventListener("visibilitychange", () => {
  phones.forEach((_, id) => readUnread(id));
  drawChips();
});
narrow.addEventListener("change", () => drawChips());

setInterval(() => {
  phones.forEach((phone) => phone.tick());
  if (!document.getElementById("unverified").hidden) get("about").then(showVerified, () => undefined);
}, 5000);

let seenOnce = false;
live({
  person(person) {
    const fresh = !people.has(person.id);
    if (person.deleted) people.delete(person.id);
    else people.set(person.id, person);
    if (fresh && !person.deleted && phones.size < FIRST_SHOWN && !shown.includes(person.id)) shown.push(person.id);
    if (fresh || person.deleted) arrange();
    phones.get(person.id)?.update(people.get(person.id));
    if (!manage.open) drawManage();
    drawChips();
    readUnread(person.id);
  },
  message(message) {
    const person = people.get(message.person);
    phones.get(message.person)?.receive(message);
    if (!person || message.side === "worker" || message.kind === "event") return;
    if (isShown(message.person) && !document.hidden) phones.get(message.person).chat.seen().catch(() => undefined);
    else {
      person.unread = (person.unread || 0) + 1;
      drawChips();
    }
  },
  typing({ person, on }) {
    phones.get(person)?.chat.showTyping(on);
  },
  reset: () => trying(readAll),
  menu: () => phones.forEach((phone) => readMenu(phone)),
  sheets: () => trying(() => sheets.read()),
}, (state) => {
  offline(state === "off");
  if (state !== "on") return;
  trying(readAll);
  if (seenOnce) toast("连上了");
  seenOnce = true;
});
if (recall("sheetsOpen", !narrow.matches)) sheets.toggle(true);
