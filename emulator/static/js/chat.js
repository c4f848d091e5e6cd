// The scrolling part of one phone: messages, time lines, older ones on demand, words on their way.

import { get, post } from "./api.js";
import { bubble, richText } from "./bubbles.js";
import { accountAvatar, avatar, h, icon } from "./dom.js";
import { chatTime, platformNow } from "./times.js";
import { trying } from "./toast.js";

const PAGE = 30;
const TIME_GAP = 300;
const NEAR_BOTTOM = 80;
const TYPING_LASTS = 15000;

export class Chat {
  // `phone` gives person, act (tap, open, enlarge) and seen().
  constructor(phone) {
    this.phone = phone;
    this.messages = [];
    this.known = new Set();
    this.waiting = [];
    this.older = h("button", { type: "button", class: "older", "data-testid": "older", hidden: true, onclick: () => trying(() => this.readOlder()) }, "看更早的");
    this.list = h("div", { class: "messages", role: "log", "aria-live": "polite", "aria-label": "聊天记录" });
    this.typing = h("div", { class: "row row-theirs typing", hidden: true, role: "status", "aria-label": "对方正在输入" }, accountAvatar(),
      h("div", { class: "row-body" }, h("div", { class: "bubble" }, h("i"), h("i"), h("i"))));
    this.empty = h("p", { class: "system-line", hidden: true }, h("span", {}, "还没有消息，说句话试试"));
    this.el = h("div", { class: "chat", tabindex: "0", "aria-label": "聊天区" }, this.older, this.empty, this.list, this.typing);
    this.pill = h("button", { type: "button", class: "new-pill", hidden: true, onclick: () => this.toEnd() }, icon("down", 14), "新消息");
    // At the end it stays at the end, also when the chat grows, a picture loads or the keyboard opens.
    this.stuck = true;
    this.el.addEventListener("scroll", () => {
      this.stuck = this.nearEnd();
      if (this.stuck) this.pill.hidden = true;
    }, { passive: true });
    const settle = new ResizeObserver(() => {
      if (this.stuck) this.toEnd();
    });
    settle.observe(this.el);
    settle.observe(this.list);
  }

  async read() {
    // What arrives live while the answer is on its way may be missing in it.
    this.meanwhile = [];
    const { messages } = await get(`people/${this.phone.person.id}/chat?limit=${PAGE}`);
    const known = new Set(messages.map((message) => message.id));
    this.messages = [...messages, ...this.meanwhile.filter((message) => !known.has(message.id))];
    this.known = new Set(this.messages.map((message) => message.id));
    this.meanwhile = null;
    this.older.hidden = messages.length < PAGE;
    this.waiting = this.waiting.filter((entry) => entry.failed);
    this.draw();
    this.toEnd();
  }

  async readOlder() {
    const first = this.messages[0];
    const { messages } = await get(`people/${this.phone.person.id}/chat?limit=${PAGE}&before=${first.id}`);
    this.older.hidden = messages.length < PAGE;
    const fresh = messages.filter((message) => !this.known.has(message.id));
    fresh.forEach((message) => this.known.add(message.id));
    this.messages = [...fresh, ...this.messages];
    this.stuck = false;
    const fromEnd = this.el.scrollHeight - this.el.scrollTop;
    this.draw();
    this.el.scrollTop = this.el.scrollHeight - fromEnd;
  }

  draw() {
    this.list.replaceChildren();
    this.lastAt = 0;
    this.messages.forEach((message) => this.append(message));
    this.waiting.forEach((entry) => this.list.append(entry.el));
    this.empty.hidden = this.messages.length + this.waiting.length > 0;
  }

  append(message) {
    if (message.at - this.lastAt > TIME_GAP) {
      this.list.append(h("div", { class: "time-line" }, chatTime(message.at, Math.max(platformNow(), message.at))));
    }
    this.lastAt = message.at;
    const el = bubble(message, this.phone.person, this.phone.act);
    const firstWaiting = this.waiting.find((entry) => entry.el.isConnected);
    this.list.insertBefore(el, firstWaiting ? firstWaiting.el : null);
  }

  // A message that came over the live line.
  receive(message) {
    if (this.known.has(message.id)) return;
    if (this.meanwhile) this.meanwhile.push(message);
    this.known.add(message.id);
    this.messages.push(message);
    if (message.side === "worker") this.arrived(message);
    else this.showTyping(false);
    const follow = this.stuck || message.side === "worker";
    this.empty.hidden = true;
    this.append(message);
    if (follow) this.toEnd();
    else this.pill.hidden = false;
  }

  // Shows the words at once, paler, until the message itself comes back; on failure they can be sent again.
  send(words, transmit) {
    const entry = { words, failed: false };
    const again = h("button", { type: "button", class: "resend", hidden: true, "aria-label": "没发出去，再发一次", title: "再发一次" }, "!");
    entry.el = h("div", { class: "row row-mine is-waiting" }, avatar(this.phone.person),
      h("div", { class: "row-body" }, h("div", { class: "bubble" }, richText(words, this.phone.act)), again));
    const attempt = async () => {
      entry.failed = false;
      again.hidden = true;
      const done = await trying(async () => {
        await transmit();
        return true;
      });
      entry.failed = !done;
      again.hidden = Boolean(done);
    };
    again.addEventListener("click", attempt);
    this.waiting.push(entry);
    this.list.append(entry.el);
    this.empty.hidden = true;
    this.toEnd();
    attempt();
  }

  arrived(message) {
    const at = this.waiting.findIndex((entry) => entry.words === message.text);
    if (at < 0) return;
    this.waiting[at].el.remove();
    this.waiting.splice(at, 1);
  }

  showTyping(on) {
    const follow = this.stuck;
    clearTimeout(this.typingEnds);
    if (on) this.typingEnds = setTimeout(() => this.showTyping(false), TYPING_LASTS);
    this.typing.hidden = !on;
    if (on && follow) this.toEnd();
  }

  nearEnd() {
    return this.el.scrollHeight - this.el.scrollTop - this.el.clientHeight < NEAR_BOTTOM;
  }

  toEnd() {
    this.pill.hidden = true;
    this.stuck = true;
    this.el.scrollTop = this.el.scrollHeight;
  }

  seen() {
    return post(`people/${this.phone.person.id}/read`);
  }
}
