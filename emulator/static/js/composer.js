// The bottom of a phone: menu or keyboard, the text box, emoji, and the panel behind the plus.

import { h, icon, iconButton } from "./dom.js";
import { menuBar } from "./menubar.js";

const EMOJI = Array.from("😀😄😂😊😍🤔😅😢😡👍👌🙏👏💪🌹🎉❤️😴🤝🍵🏠📷".replaceAll("\uFE0F", ""));
const TALLEST = 110;

export class Composer {
  // act: say(words), picture(file), takePicture(), place(), voice(), menu(path, button)
  constructor(act) {
    this.act = act;
    this.input = h("textarea", { class: "say", rows: "1", "data-testid": "input", "aria-label": "说点什么", enterkeyhint: "send", maxlength: "4000" });
    this.sendButton = h("button", { type: "button", class: "send", "data-testid": "send", hidden: true, onclick: () => this.send() }, "发送");
    this.smileButton = iconButton("smile", "表情", () => this.show("emoji"), { size: 28 });
    this.plusButton = iconButton("plus", "更多：相册、拍照、位置、语音", () => this.show("plus"), { size: 28, "data-testid": "plus" });
    this.toMenu = iconButton("list", "换成菜单", () => this.useMenu(true), { size: 28, class: "icon-button toggle" });
    this.toKeys = iconButton("keyboard", "换成键盘", () => {
      this.useMenu(false);
      this.input.focus();
    }, { size: 28, class: "icon-button toggle", "data-testid": "keyboard" });
    this.keys = h("div", { class: "keys" }, this.input, this.smileButton, this.plusButton, this.sendButton);
    this.menuSlot = h("div", { class: "menu-slot", hidden: true });
    this.panel = h("div", { class: "panel", hidden: true });
    this.el = h("div", { class: "composer" },
      h("div", { class: "bar" }, this.toMenu, this.toKeys, this.keys, this.menuSlot), this.panel);
    this.input.addEventListener("input", () => this.fit());
    this.input.addEventListener("focus", () => this.show(null));
    this.input.addEventListener("keydown", (event) => {
      // While an input method is composing, Enter chooses a word and sends nothing.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    });
    this.el.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.panel.hidden) {
        event.stopPropagation();
        this.show(null);
      }
    });
    this.setMenu([]);
  }

  setMenu(buttons) {
    const had = this.hasMenu;
    this.hasMenu = buttons.length > 0;
    this.menuSlot.replaceChildren(...(this.hasMenu ? [menuBar(buttons, (path, button) => this.act.menu(path, button))] : []));
    // A menu read again changes nothing for somebody who has chosen the keyboard, or is writing.
    if (had !== this.hasMenu) this.useMenu(this.hasMenu && !this.input.value && this.input !== document.activeElement);
  }

  useMenu(on) {
    this.menuSlot.hidden = !on;
    this.keys.hidden = on;
    this.toMenu.hidden = on || !this.hasMenu;
    this.toKeys.hidden = !on;
    if (on) this.show(null);
  }

  fit() {
    const empty = !this.input.value.trim();
    this.sendButton.hidden = empty;
    this.plusButton.hidden = !empty;
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST)}px`;
  }

  send() {
    const words = this.input.value;
    if (!words.trim()) return;
    this.input.value = "";
    this.fit();
    this.act.say(words);
  }

  show(name) {
    const wanted = this.shown === name ? null : name;
    this.shown = wanted;
    this.panel.hidden = !wanted;
    this.panel.replaceChildren();
    if (wanted === "emoji") {
      this.panel.append(h("div", { class: "emoji" }, EMOJI.map((sign) => h("button", { type: "button", "aria-label": `表情 ${sign}`, onclick: () => {
        this.input.setRangeText(sign, this.input.selectionStart, this.input.selectionEnd, "end");
        this.fit();
      } }, sign))));
    } else if (wanted === "plus") {
      const file = h("input", { type: "file", accept: "image/*", class: "file", "data-testid": "album-file", "aria-label": "从相册选一张图片", onchange: () => {
        if (file.files[0]) this.act.picture(file.files[0]);
        this.show(null);
      } });
      const item = (name2, words, attrs) => h(attrs.onclick ? "button" : "label", { class: "plus-item", ...attrs },
        h("span", { class: "plus-icon" }, icon(name2, 28)), words);
      const leave = (act) => () => {
        this.show(null);
        act();
      };
      const album = item("album", "相册", {});
      album.append(file);
      this.panel.append(h("div", { class: "plus" }, album,
        item("camera", "拍照", { type: "button", onclick: leave(() => this.act.takePicture()) }),
        item("place", "位置", { type: "button", onclick: leave(() => this.act.place()), "data-testid": "plus-place" }),
        item("mic", "语音", { type: "button", onclick: leave(() => this.act.voice()), "data-testid": "plus-voice" })));
    }
  }
}
