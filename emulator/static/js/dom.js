// Building elements without innerHTML: foreign text only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

// h("button", {class: "x", onclick: f, "data-testid": "send", disabled: true}, "text", node, null)
export function h(tag, attrs, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "value") el.value = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return el;
}

const PATHS = {
  back: "M15 4 7 12l8 8",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  scan: "M4 8.5V6a2 2 0 0 1 2-2h2.5M15.5 4H18a2 2 0 0 1 2 2v2.5M20 15.5V18a2 2 0 0 1-2 2h-2.5M8.5 20H6a2 2 0 0 1-2-2v-2.5M3.5 12h17",
  keyboard: "M12 3.2a8.8 8.8 0 1 0 0 17.6 8.8 8.8 0 0 0 0-17.6M8 9.5h.01M12 9.5h.01M16 9.5h.01M8 12.5h.01M12 12.5h.01M16 12.5h.01M9.3 15.7h5.4",
  list: "M12 3.2a8.8 8.8 0 1 0 0 17.6 8.8 8.8 0 0 0 0-17.6M8 9.4h8M8 12.2h8M8 15h8",
  burger: "M5 8h14M5 12.5h14M5 17h14",
  smile: "M12 3.2a8.8 8.8 0 1 0 0 17.6 8.8 8.8 0 0 0 0-17.6M9 9.8h.01M15 9.8h.01M8.2 13.8c1.9 3.4 5.7 3.4 7.6 0",
  plus: "M12 3.2a8.8 8.8 0 1 0 0 17.6 8.8 8.8 0 0 0 0-17.6M12 8v8M8 12h8",
  album: "M4.5 5h15v14h-15zM4.5 16.5l4.5-4.5 3.5 3.5 2.5-2.5 4.5 4.5M15.5 9h.01",
  camera: "M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 10.3a3.1 3.1 0 1 0 0 6.2 3.1 3.1 0 0 0 0-6.2",
  place: "M12 21s6.5-6 6.5-11a6.5 6.5 0 1 0-13 0c0 5 6.5 11 6.5 11M12 8a2.2 2.2 0 1 0 0 4.4A2.2 2.2 0 0 0 12 8",
  mic: "M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5a2.8 2.8 0 0 0 5.6 0v-5A2.8 2.8 0 0 0 12 3.5M6 11.5a6 6 0 0 0 12 0M12 17.5v3M9 20.5h6",
  wave: "M7 10.5a2 2 0 0 1 0 3M10 8a5.5 5.5 0 0 1 0 8M13 5.5a9 9 0 0 1 0 13",
  wall: "M4 5h16v14H4zM4 9.7h16M4 14.3h16M12 5v4.7M8 9.7v4.6M16 9.7v4.6M12 14.3V19",
  people: "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M3.5 19c0-3 2.5-4.8 5.5-4.8s5.5 1.8 5.5 4.8M16 11a2.6 2.6 0 1 0 0-5.2M16.8 14.3c2.2.3 3.7 1.9 3.7 4.2",
  add: "M12 5v14M5 12h14",
  go: "M9 5l7 7-7 7",
  house: "M4 11.5 12 4.5l8 7M6.5 10v9.5h11V10M10.2 19.5v-5h3.6v5",
  down: "M6 9l6 6 6-6",
  refresh: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5",
};

// A line icon of ours, drawn in the current text colour; hidden from screen readers.
export function icon(name, size = 24) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": name === "more" ? 2.6 : 1.5, "stroke-linecap": "round", "stroke-linejoin": "round",
    "aria-hidden": "true", class: "icon",
  })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// A button that is only an icon, with the words a screen reader says.
export function iconButton(name, label, onclick, attrs = {}) {
  const { size, ...rest } = attrs;
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...rest },
    icon(name, size || 24));
}

// A square portrait: the first character of the name on the person's colour.
export function avatar(person, extra = "") {
  const el = h("span", { class: `avatar ${extra}`, "aria-hidden": "true" },
    Array.from(person.nickname || "?")[0]);
  if (/^#[0-9a-f]{3,8}$/i.test(person.colour || "")) el.style.backgroundColor = person.colour;
  return el;
}

// The account's portrait: a white house on green.
export function accountAvatar(extra = "") {
  return h("span", { class: `avatar avatar-account ${extra}`, "aria-hidden": "true" }, icon("house", 26));
}
