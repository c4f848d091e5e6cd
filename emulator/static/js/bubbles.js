// One message of a chat as an element.
// `act` holds what a touch can do: tap(id, words), open(url), enlarge(src), watch(src), hear(src).

import { accountAvatar, avatar, h, icon } from "./dom.js";
import { isWebAddress, tokens } from "./text.js";
import { dayOf } from "./times.js";

const linkButton = (label, onclick, attrs) => h("button", { type: "button", class: "text-link", onclick, ...attrs }, label);

// The words of a text message, with its taps and links as buttons.
export function richText(text, act) {
  return tokens(text || "").map((token) => {
    if (token.type === "tap") {
      return linkButton(token.label, () => act.tap(token.id, token.text), { "data-testid": "tap", "data-words": token.text });
    }
    if (token.type === "link") return linkButton(token.label, () => act.open(token.url), { "data-testid": "link", "data-url": token.url });
    return token.text;
  });
}

function picture(src, alt, className) {
  const image = h("img", { src, alt, class: className, loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(h("span", { class: `${className} picture-gone` }, "图片打不开")));
  return image;
}

// Pictures of other hosts are not fetched (the page loads nothing from elsewhere): a quiet pattern stands in.
function cover(url, alt, className) {
  if (!url) return null;
  let local = false;
  try {
    local = new URL(url, location.href).origin === location.origin;
  } catch {
    local = false;
  }
  return local ? picture(url, alt, className) : h("span", { class: `${className} cover-blank`, "aria-hidden": "true" }, icon("album", 28));
}

const cardAct = (url, act) => (isWebAddress(url || "") ? { onclick: () => act.open(url) } : { disabled: true });

function news(message, act) {
  const articles = message.articles || [];
  if (articles.length === 1) {
    const [article] = articles;
    return h("button", { type: "button", class: "card news", "data-testid": "article", ...cardAct(article.url, act) },
      h("span", { class: "news-title" }, article.title),
      h("span", { class: "news-day" }, dayOf(message.at)),
      cover(article.picurl, "", "news-cover"),
      article.description ? h("span", { class: "news-about" }, article.description) : null,
      h("span", { class: "card-more" }, "阅读全文", icon("go", 14)));
  }
  return h("div", { class: "card news-many" }, articles.map((article, index) => h("button",
    { type: "button", class: index ? "news-row" : "news-first", "data-testid": "article", ...cardAct(article.url, act) },
    cover(article.picurl, "", index ? "news-thumb" : "news-cover") || h("span", { class: `${index ? "news-thumb" : "news-cover"} cover-blank` }),
    h("span", { class: "news-title" }, article.title))));
}

function notice(message, act) {
  const opens = isWebAddress(message.url || "");
  return h(opens ? "button" : "div", { class: "card notice", ...(opens ? { type: "button", onclick: () => act.open(message.url) } : {}) },
    h("span", { class: "notice-head" }, message.head || message.text || (message.kind === "subscribe" ? "订阅通知" : "服务通知")),
    h("span", { class: "notice-fields" }, (message.fields || []).map((field) => h("span", { class: "notice-field" },
      h("span", { class: "notice-name" }, field.name),
      h("span", { class: "notice-value" }, field.value)))),
    message.tail ? h("span", { class: "notice-tail" }, message.tail) : null,
    opens ? h("span", { class: "card-more" }, "查看详情", icon("go", 14)) : null);
}

function msgmenu(message, act) {
  return [
    message.head ? h("span", { class: "menu-head" }, richText(message.head, act)) : null,
    h("span", { class: "menu-items" }, (message.items || []).map((item) =>
      linkButton(item.content, () => act.tap(item.id, item.content), { "data-testid": "tap", "data-words": item.content }))),
    message.tail ? h("span", { class: "menu-tail" }, richText(message.tail, act)) : null,
  ];
}

function place(message) {
  return h("span", { class: "place" },
    h("span", { class: "place-name" }, message.text || "位置"),
    h("span", { class: "place-map", "aria-hidden": "true" }, icon("place", 30)));
}

// A card with a title: music, a video, a mini program. `touch` is missing when there is nothing to open.
function media(message, kind, name, touch) {
  return h("button", { type: "button", class: "media", disabled: !touch, onclick: touch },
    h("span", { class: "media-words" },
      h("span", { class: "media-title" }, message.text || kind),
      h("span", { class: "media-about" }, message.note || kind)),
    h("span", { class: "media-mark" }, icon(name, 26)));
}

// What stands inside the bubble, by kind.
function inside(message, act) {
  switch (message.kind) {
    case "image":
      return [h("button", { type: "button", class: "picture-button", "aria-label": "看大图", onclick: () => act.enlarge(message.image_url) },
        picture(message.image_url, "图片", "picture"))];
    case "voice":
      return [h("button", { type: "button", class: "voice", "aria-label": "听语音", onclick: () => act.hear(message.image_url) }, icon("wave", 20), "语音")];
    case "location":
      return [place(message)];
    case "msgmenu":
      return msgmenu(message, act);
    case "music":
      return [media(message, "音乐", "wave", isWebAddress(message.url) && (() => act.open(message.url)))];
    case "video":
      return [media(message, "视频", "go", () => act.watch(message.url || message.image_url))];
    case "miniprogram":
      return [media(message, "小程序", "wall")];
    default:
      return richText(message.text, act);
  }
}

// Why there is a failure line, for who is building the account; a real phone does not say.
const REASONS = [
  [/^timeout/, "后台没有在时限内回答"],
  [/^no connection/, "连不上后台"],
  [/^answer lost/, "回答在路上丢了"],
  [/^not verified/, "后台地址没有通过验证"],
  [/^bad reply:? ?/, "回复不合规矩："],
  [/^http (\d+)/, "后台回了 HTTP $1"],
];

function reason(note) {
  const known = REASONS.find(([pattern]) => pattern.test(note));
  return known ? note.replace(...known) : note;
}

const BARE = ["image", "location", "music", "video", "miniprogram"];
// These show their note themselves, or carry one that only the wire needs.
const NOTE_INSIDE = ["location", "music", "video", "miniprogram"];

function systemLine(message, act) {
  return h("div", { class: `system-line ${message.kind === "failure" ? "is-failure" : ""}`, "data-testid": "bubble",
    "data-side": message.side, "data-kind": message.kind }, h("span", {}, richText(message.text, act)),
  message.kind === "failure" && message.note ? h("p", { class: "note" }, reason(message.note)) : null);
}

// The whole row: portrait, bubble with its little arrow, and a note underneath when there is one.
export function bubble(message, person, act) {
  if (message.side === "system" || message.kind === "failure" || message.kind === "event") return systemLine(message, act);
  const marks = { "data-testid": "bubble", "data-side": message.side, "data-kind": message.kind };
  const note = message.note && !NOTE_INSIDE.includes(message.kind) ? h("p", { class: "note" }, message.note) : null;
  if (message.kind === "news") return h("div", { class: "row row-card" }, h("div", { class: "bubble-card", ...marks }, news(message, act)), note);
  if (["template", "subscribe"].includes(message.kind)) {
    return h("div", { class: "row row-card" }, h("div", { class: "bubble-card", ...marks }, notice(message, act)), note);
  }
  const mine = message.side === "worker";
  return h("div", { class: `row ${mine ? "row-mine" : "row-theirs"}` },
    mine ? avatar(person) : accountAvatar(),
    h("div", { class: "row-body" },
      h("div", { class: `bubble ${BARE.includes(message.kind) ? "bubble-bare" : ""}`, ...marks }, inside(message, act)),
      note));
}
