// The account's menu at the bottom of a phone: one to three buttons, each with up to five under it.

import { h, icon } from "./dom.js";

// The buttons of a menu answer, whatever it is wrapped in.
export function buttonsOf(answer) {
  const menu = answer && (answer.menu || answer);
  return (menu && Array.isArray(menu.button) && menu.button) || [];
}

const childrenOf = (button) => button.sub_button || [];

// `choose(path, button)` is called with [i] or [i, j].
export function menuBar(buttons, choose) {
  const bar = h("div", { class: "menu-bar", role: "group", "aria-label": "公众号菜单" });
  let open = null;

  function shut() {
    if (!open) return;
    open.list.hidden = true;
    open.head.setAttribute("aria-expanded", "false");
    open = null;
  }

  buttons.forEach((button, i) => {
    const children = childrenOf(button);
    const head = h("button", { type: "button", class: "menu-head-button", "data-testid": `menu-${i}` },
      children.length ? icon("burger", 14) : null, h("span", {}, button.name));
    const cell = h("div", { class: "menu-cell" }, head);
    if (!children.length) {
      head.addEventListener("click", () => {
        shut();
        choose([i], button);
      });
    } else {
      const list = h("div", { class: "menu-list", role: "menu", hidden: true }, children.map((child, j) =>
        h("button", { type: "button", role: "menuitem", "data-testid": `menu-${i}-${j}`, onclick: () => {
          shut();
          choose([i, j], child);
        } }, child.name)));
      head.setAttribute("aria-haspopup", "menu");
      head.setAttribute("aria-expanded", "false");
      head.addEventListener("click", () => {
        const again = open && open.head === head;
        shut();
        if (again) return;
        open = { head, list };
        list.hidden = false;
        head.setAttribute("aria-expanded", "true");
      });
      cell.append(list);
    }
    bar.append(cell);
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      const { head } = open;
      shut();
      head.focus();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!bar.contains(event.target)) shut();
  });
  return bar;
}
