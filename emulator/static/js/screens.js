// Screens that cover a phone's chat: the account's page, a web page, a picture, a place, the camera.
// Each has `el` and, when it holds something open, `leave()`.

import { openCamera } from "./camera.js";
import { accountAvatar, h, icon, iconButton } from "./dom.js";

export function screen(className, title, onBack, ...children) {
  return h("section", { class: `screen ${className}`, "aria-label": title },
    h("header", { class: "title-bar" }, iconButton("back", "返回", onBack, { "data-testid": "screen-back" }), h("h3", {}, title), h("span", { class: "title-space" })),
    h("div", { class: "screen-body" }, children));
}

function accountHead(name, words) {
  return h("div", { class: "account-head" }, accountAvatar("avatar-large"),
    h("div", {}, h("h3", {}, name), h("p", {}, words)));
}

// What somebody who does not follow sees.
export function followPage(name, onFollow) {
  return h("section", { class: "follow-page", "aria-label": `${name} 的主页` },
    accountHead(name, "服务号 · 已认证"),
    h("p", { class: "account-about" }, "关注后，有事在这里说一声就好。"),
    h("button", { type: "button", class: "primary", "data-testid": "follow", onclick: onFollow }, icon("add", 18), "关注服务号"),
    h("p", { class: "follow-hint" }, "也可以直接扫墙上、海报上的二维码，扫了就关注"));
}

// The page behind ⋯.
export function profilePage(name, person, close, act) {
  return { el: screen("profile", "", close,
    h("div", { class: "cells" }, accountHead(name, "服务号 · 已认证")),
    h("dl", { class: "cells facts" }, h("dt", {}, "你是"), h("dd", {}, person.nickname), h("dt", {}, "OpenID"), h("dd", { class: "mono" }, person.openid)),
    h("div", { class: "cells" }, h("button", { type: "button", class: "cell-button", onclick: close }, "进入服务号")),
    h("div", { class: "cells" }, h("button", { type: "button", class: "cell-button danger", "data-testid": "unfollow", onclick: act.unfollow }, "取消关注"))) };
}

// Asks whether the account may send notices, as WeChat does when a page offers them.
function consentSheet(count, answer) {
  const button = (words, word, look) => h("button", { type: "button", class: look, "data-testid": `subscribe-${word}`, onclick: () => {
    sheet.remove();
    answer(word);
  } }, words);
  const sheet = h("div", { class: "consent", role: "alertdialog", "aria-label": "订阅通知" },
    h("div", { class: "consent-box" }, h("h3", {}, "允许服务号给你发通知？"),
      h("p", {}, `这个页面请你订阅 ${count} 种通知，不想收的时候可以在这里拒绝。`),
      h("div", { class: "consent-acts" }, button("拒绝", "reject", "quiet"), button("允许", "accept", "primary small"))));
  return sheet;
}

// A web page inside the phone, under the browser bar. The frame loads `url`, the bar names the host of `address`.
// The page may speak to its phone by postMessage to its parent: {weixin: "closeWindow"}, or
// {weixin: "subscribe", template_ids: […]}, which is answered by {weixin: "subscribe", answer: "accept" | "reject"}.
export function browserPage(url, address, close, subscribe) {
  const host = h("span", { class: "browser-host" }, new URL(address).host);
  const frame = h("iframe", { class: "page-frame", "data-testid": "page-frame", title: "打开的网页", src: url,
    sandbox: "allow-scripts allow-same-origin allow-forms allow-modals allow-downloads", allow: "geolocation; camera" });
  const wait = h("div", { class: "page-wait", role: "status" }, "正在打开…");
  frame.addEventListener("load", () => { wait.hidden = true; });
  const heard = (event) => {
    if (event.source !== frame.contentWindow || !event.data) return;
    const { weixin, template_ids: ids } = event.data;
    if (weixin === "closeWindow") close();
    if (weixin !== "subscribe" || !Array.isArray(ids) || el.querySelector(".consent")) return;
    el.append(consentSheet(ids.length, async (answer) => {
      await subscribe(ids.map(String), answer);
      event.source.postMessage({ weixin: "subscribe", answer }, event.origin);
    }));
    el.querySelector(".consent button").focus();
  };
  window.addEventListener("message", heard);
  const el = h("section", { class: "screen browser", "aria-label": "网页" },
    h("header", { class: "title-bar" }, iconButton("close", "关掉网页", close, { "data-testid": "page-close" }), host,
      iconButton("refresh", "刷新", () => { frame.src = url; }, { size: 20 })),
    h("div", { class: "screen-body" }, frame, wait));
  return { el, leave: () => window.removeEventListener("message", heard) };
}

export function picturePage(src, close) {
  return { el: h("section", { class: "screen lightbox", "aria-label": "大图" },
    h("button", { type: "button", class: "lightbox-button", "aria-label": "关掉大图", onclick: close }, h("img", { src, alt: "图片" }))) };
}

export function videoPage(src, close) {
  return { el: h("section", { class: "screen lightbox", "aria-label": "视频" },
    iconButton("close", "关掉视频", close), h("video", { src, controls: true, autoplay: true, playsinline: true })) };
}

// A code that is neither the account's nor an address: WeChat shows its words.
export function wordsPage(words, close) {
  return { el: screen("words", "扫描结果", close, h("p", { class: "scan-words" }, words)) };
}

const PLACES = [
  ["市工人文化宫", 30.2741, 120.1551],
  ["体育馆 · 相亲墙", 30.2592, 120.2193],
  ["洪和镇工会", 30.7365, 120.8641],
];

export function placePage(close, send) {
  const label = h("input", { id: `place-${Math.random().toString(36).slice(2)}`, class: "field", placeholder: "比如 体育馆东门", maxlength: "100" });
  const choose = (name, x, y) => () => {
    close();
    send({ x, y, label: name });
  };
  return { el: screen("place-page", "发送位置", close,
    h("div", { class: "cells" }, PLACES.map(([name, x, y]) => h("button", { type: "button", class: "cell-button place-choice", onclick: choose(name, x, y) },
      icon("place", 20), h("span", {}, name)))),
    h("form", { class: "cells place-form", onsubmit: (event) => {
      event.preventDefault();
      if (label.value.trim()) choose(label.value.trim(), 30.2741, 120.1551)();
    } }, h("label", { for: label.id }, "别的地方"), label, h("button", { class: "primary small" }, "发送"))) };
}

// Takes one picture with the camera.
export function cameraPage(close, onPicture) {
  const finder = h("div", { class: "viewfinder" });
  const say = h("p", { class: "scan-say", role: "status" }, "正在打开相机…");
  const shutter = h("button", { type: "button", class: "shutter", "aria-label": "拍照", disabled: true });
  let camera = null;
  let left = false;
  openCamera().then((opened) => {
    camera = opened;
    if (left) return camera.stop();
    finder.append(camera.video);
    say.textContent = "";
    shutter.disabled = false;
    return shutter.focus();
  }).catch((error) => { say.textContent = error.message; });
  shutter.addEventListener("click", async () => {
    const picture = await camera.frame();
    if (!picture) return;
    close();
    onPicture(picture);
  });
  return {
    el: h("section", { class: "screen dark", "aria-label": "拍照" },
      h("header", { class: "title-bar" }, iconButton("close", "关掉相机", close), h("h3", {}, "拍照"), h("span", { class: "title-space" })),
      h("div", { class: "screen-body" }, finder, say, shutter)),
    leave() {
      left = true;
      if (camera) camera.stop();
    },
  };
}
