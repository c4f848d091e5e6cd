// One phone: its frame, the chat or the account's page, and the screens on top of it.

import { post, upload } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { avatar, h, icon, iconButton } from "./dom.js";
import { scannerPage } from "./scanner.js";
import { browserPage, cameraPage, followPage, picturePage, placePage, profilePage, videoPage, wordsPage } from "./screens.js";
import { isWebAddress } from "./text.js";
import { clockTime, platformNow, setNow } from "./times.js";
import { toast, trying } from "./toast.js";
import { quietVoice } from "./voice.js";

export class Phone {
  // desk: account name, choose(phone), hide(phone), askSheets(phone)
  constructor(person, desk) {
    this.person = person;
    this.desk = desk;
    this.screens = [];
    this.act = {
      tap: (id, words) => this.say(words, () => this.send("tap", { id, text: words })),
      open: (url) => trying(() => this.open(url)),
      enlarge: (src) => this.push((close) => picturePage(src, close)),
      watch: (src) => this.push((close) => videoPage(src, close)),
      hear: (src) => new Audio(src).play().catch(() => toast("这段语音放不出来", "error")),
    };
    this.chat = new Chat(this);
    this.composer = new Composer({
      say: (words) => this.say(words, () => this.send("say", { text: words })),
      picture: (file) => this.picture(file),
      takePicture: () => this.push((close) => cameraPage(close, (picture) => this.picture(picture))),
      place: () => this.push((close) => placePage(close, (place) => trying(() => this.send("location", place)))),
      voice: () => trying(() => upload(this.path("voice"), quietVoice(), "voice.wav")),
      menu: (path) => trying(() => this.chooseMenu(path)),
    });
    this.build();
    this.update(person);
  }

  path(act) {
    return `people/${this.person.id}/${act}`;
  }

  send(act, body) {
    return post(this.path(act), body);
  }

  build() {
    this.captionName = h("strong", {});
    this.captionAvatar = h("span", { class: "caption-avatar" });
    this.captionState = h("small", {});
    this.scanButton = h("button", { type: "button", class: "scan-button", "data-testid": "scan", title: "扫一扫", onclick: () => this.scan() },
      icon("scan", 20), h("span", {}, "扫一扫"));
    this.clock = h("span", { class: "status-clock" }, clockTime(platformNow()));
    this.title = h("h2", {}, this.desk.account);
    this.moreButton = iconButton("more", "服务号的资料和取消关注", () => this.profile(), { "data-testid": "more" });
    this.back = h("span", { class: "title-back", "aria-hidden": "true" }, icon("back"));
    this.main = h("div", { class: "main" });
    this.layer = h("div", { class: "layer" });
    this.el = h("article", { class: "phone", "data-testid": `phone-${this.person.id}`, tabindex: "-1" },
      h("div", { class: "caption" }, this.captionAvatar, h("span", { class: "caption-words" }, this.captionName, this.captionState), this.scanButton,
        iconButton("close", "收起这台手机", () => this.desk.hide(this), { size: 18, class: "icon-button hide-phone" })),
      h("div", { class: "case" }, h("div", { class: "glass" },
        h("div", { class: "status-bar", "aria-hidden": "true" }, this.clock, h("span", { class: "island" }), h("span", { class: "status-signs" }, h("i", { class: "signal" }), h("i", { class: "battery" }))),
        h("header", { class: "title-bar" }, this.back, this.title, this.moreButton),
        this.main, this.layer)));
    this.el.addEventListener("pointerdown", () => this.desk.choose(this), true);
    this.el.addEventListener("focusin", () => this.desk.choose(this));
    this.el.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.screens.length) this.pop();
    });
  }

  // Takes over what the server says of the person, and shows chat or account page.
  update(person) {
    const was = this.following;
    this.person = person;
    this.following = person.following;
    this.captionName.textContent = person.nickname;
    this.captionState.textContent = person.following ? "已关注" : "还没关注";
    this.captionAvatar.replaceChildren(avatar(person, "avatar-small"));
    this.el.setAttribute("aria-label", `${person.nickname} 的手机`);
    this.title.textContent = this.desk.account;
    this.moreButton.hidden = !person.following;
    if (was === person.following) return;
    this.drawMain();
  }

  drawMain() {
    if (this.following) {
      this.main.replaceChildren(this.chat.el, this.chat.pill, this.composer.el);
      this.chat.toEnd();
    } else {
      this.main.replaceChildren(followPage(this.desk.account, () => trying(() => this.send("follow"))));
    }
  }

  tick() {
    this.clock.textContent = clockTime(platformNow());
  }

  // Reads the chat again: at the start and after the line was broken.
  refresh() {
    return trying(() => this.chat.read());
  }

  receive(message) {
    // A message from later than now: the platform's clock was moved.
    if (message.at > platformNow() + 2) setNow(message.at);
    this.tick();
    this.chat.receive(message);
    if (message.side === "worker") return;
    this.el.classList.remove("has-news");
    requestAnimationFrame(() => this.el.classList.add("has-news"));
  }

  say(words, transmit) {
    this.popAll();
    this.chat.send(words, transmit);
  }

  // A menu button answers with a page to open, or asks for a scan, a picture or a place first.
  async chooseMenu(path) {
    const answer = await this.send("menu", { path });
    if (answer.open) return this.open(answer.open);
    if (answer.ask === "scan") return this.scan(path);
    if (answer.ask === "image") return this.push((close) => cameraPage(close, (picture) => this.picture(picture, path)));
    if (answer.ask === "location") return this.push((close) => placePage(close, (place) => trying(() => this.send("location", { ...place, menu: path }))));
    return undefined;
  }

  picture(blob, menu) {
    return trying(() => upload(this.path("image"), blob, blob.name || "photo.jpg", menu));
  }

  async open(address) {
    if (!isWebAddress(address)) throw new Error("这个地址打不开");
    const { url } = await this.send("open", { url: address });
    this.push((close) => browserPage(url, address, close, (ids, answer) =>
      trying(() => this.send("subscribe", { template_ids: ids, answer }))));
  }

  profile() {
    this.push((close) => profilePage(this.desk.account, this.person, close, {
      unfollow: () => trying(async () => {
        await this.send("unfollow");
        this.popAll();
        toast(`${this.person.nickname} 取消了关注`);
      }),
    }));
  }

  // The scanner; `menu` is the menu button that asked for it. Only one is open at a time.
  scan(menu) {
    this.popAll();
    this.scanner = this.push((close) => scannerPage(this.person, close, {
      menu,
      found: (result) => trying(() => this.scanned(result)),
      askSheets: () => {
        this.scanMenu = menu;
        this.desk.askSheets(this);
      },
    }));
    return this.scanner;
  }

  // A picture cut from a sheet, shown in the viewfinder while the server decodes it.
  scanPicture(blob) {
    const menu = this.scanMenu;
    this.scanMenu = undefined;
    return this.scan(menu).still(blob, "sheet.png");
  }

  async scanned({ content, what }) {
    if (what === "url") await this.open(content);
    else if (what === "text") this.push((close) => wordsPage(content, close));
    else if (what === "unknown") this.push((close) => wordsPage("这个二维码不是这个服务号的，或者已经作废", close));
  }

  // make(close) gives a screen; it covers the chat until close() or Escape.
  push(make) {
    const entry = make(() => this.drop(entry));
    this.cameFrom = document.activeElement;
    this.screens.push(entry);
    this.layer.append(entry.el);
    const first = entry.el.querySelector("button");
    if (first && this.desk.isChosen(this)) first.focus({ preventScroll: true });
    return entry;
  }

  drop(entry) {
    const at = this.screens.indexOf(entry);
    if (at < 0) return;
    this.screens.splice(at, 1);
    if (entry.leave) entry.leave();
    entry.el.remove();
    if (this.cameFrom && this.cameFrom.isConnected) this.cameFrom.focus({ preventScroll: true });
  }

  pop() {
    this.drop(this.screens[this.screens.length - 1]);
  }

  popAll() {
    while (this.screens.length) this.pop();
  }
}
