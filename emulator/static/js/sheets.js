// The panel of printed wall sheets: every code on a page can be "held a phone against".

import { get } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { toast, trying } from "./toast.js";

// A printed code needs white around it to be found; the cut is made large enough to decode well.
const MARGIN = 0.14;
const SMALLEST = 360;

// Cuts the box of a code out of a page's picture, as a phone held against it would see it.
export function crop(image, page, [x, y, width, height]) {
  const scale = image.naturalWidth / page.width;
  const pad = Math.max(width, height) * MARGIN;
  const [cutX, cutY] = [(x - pad) * scale, (y - pad) * scale];
  const [cutWidth, cutHeight] = [(width + 2 * pad) * scale, (height + 2 * pad) * scale];
  const zoom = Math.max(1, Math.ceil(SMALLEST / cutWidth));
  const canvas = h("canvas", { width: Math.round(cutWidth * zoom), height: Math.round(cutHeight * zoom) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = zoom > 1;
  context.drawImage(image, cutX, cutY, cutWidth, cutHeight, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

// A file's name as people say it: wall-3.pdf is 3号墙, checkin.png is 签到码.
const titleOf = (sheet) => sheet.name.replace(/\.[a-z]+$/i, "").replace(/^wall-(\d+)$/, "$1号墙").replace(/^checkin$/, "签到码");

export class Sheets {
  // desk: chosen() gives the phone that scans, onToggle(open)
  constructor(desk) {
    this.desk = desk;
    this.sheets = [];
    this.who = h("p", { class: "sheets-who", role: "status" });
    this.choice = h("select", { class: "field", "aria-label": "哪一份墙纸", onchange: () => this.turn(this.choice.value, 0) });
    this.number = h("span", { class: "sheet-number" });
    this.previous = iconButton("back", "上一页", () => this.turn(this.name, this.index - 1), { size: 18 });
    this.next = iconButton("go", "下一页", () => this.turn(this.name, this.index + 1), { size: 18 });
    this.body = h("div", { class: "sheets-body", tabindex: "0", "aria-label": "墙上的卡片" });
    this.controls = h("div", { class: "sheets-controls" }, this.choice, this.previous, this.number, this.next);
    this.el = h("aside", { class: "sheets", id: "sheets", "aria-label": "旁边的墙", hidden: true },
      h("header", { class: "sheets-head" }, icon("wall", 20), h("h2", {}, "旁边的墙"), iconButton("close", "收起墙", () => this.toggle(false), { size: 20 })),
      this.who, this.controls, this.body);
    this.controls.hidden = true;
    this.body.append(h("p", { class: "empty" }, "正在铺开墙纸…"));
    this.name = this.wanted = recall("sheet", "");
    this.index = recall("sheetPage", 0);
  }

  async read() {
    const answer = await get("sheets");
    // What has most to scan is what people came for: a wall stands before the code at the door.
    const codesOf = (sheet) => sheet.pages.reduce((sum, page) => sum + page.codes.length, 0);
    this.sheets = (Array.isArray(answer) ? answer : answer.sheets || []).sort((one, other) => (codesOf(other) > 1) - (codesOf(one) > 1));
    this.choice.replaceChildren(...this.sheets.map((sheet) => h("option", { value: sheet.name }, titleOf(sheet))));
    // Sheets come one by one while they are drawn: until somebody turns to one, the first is shown.
    if (this.sheets.some((sheet) => sheet.name === this.wanted)) this.name = this.wanted;
    else [this.name, this.index] = [this.sheets.length ? this.sheets[0].name : "", 0];
    this.draw();
  }

  turn(name, index) {
    [this.name, this.index, this.wanted] = [name, index, name];
    keep("sheet", name);
    keep("sheetPage", index);
    this.draw();
    this.body.scrollTop = 0;
  }

  draw() {
    const sheet = this.sheets.find((one) => one.name === this.name);
    this.controls.hidden = !sheet;
    if (!sheet || !sheet.pages.length) {
      this.body.replaceChildren(h("p", { class: "empty" }, "还没有墙纸。把墙打印成 PDF 放到模拟器看的文件夹里，这里就会出现。"));
      return;
    }
    this.choice.value = this.name;
    this.index = Math.min(Math.max(0, this.index), sheet.pages.length - 1);
    this.number.textContent = `${this.index + 1} / ${sheet.pages.length}`;
    this.previous.disabled = this.index === 0;
    this.next.disabled = this.index === sheet.pages.length - 1;
    const page = sheet.pages[this.index];
    const image = h("img", { src: page.image, alt: `${titleOf(sheet)} 第 ${this.index + 1} 页`, width: page.width, height: page.height, draggable: "false" });
    const spots = page.codes.map((code, at) => {
      const spot = h("button", { type: "button", class: "sheet-code", "data-testid": "sheet-code", "data-content": code.content,
        "aria-label": `扫第 ${at + 1} 个码`, title: "用选中的手机扫这个码", onclick: () => trying(() => this.scan(image, page, code)) });
      const [x, y, width, height] = code.box;
      for (const [side, part, whole] of [["left", x, page.width], ["top", y, page.height], ["width", width, page.width], ["height", height, page.height]]) {
        spot.style[side] = `${(part / whole) * 100}%`;
      }
      return spot;
    });
    this.body.replaceChildren(h("div", { class: "sheet-page" }, image, spots));
  }

  async scan(image, page, code) {
    const phone = this.desk.chosen();
    if (!phone) {
      toast("先选一台手机");
      return;
    }
    await image.decode();
    const picture = await crop(image, page, code.box);
    this.desk.scans();
    await phone.scanPicture(picture);
  }

  showChosen(person) {
    this.who.replaceChildren(...(person ? ["点墙上的二维码，", h("strong", {}, person.nickname), " 的手机就会扫它"] : ["先选一台手机，再点墙上的二维码"]));
  }

  toggle(open = this.el.hidden) {
    this.el.hidden = !open;
    keep("sheetsOpen", open);
    this.desk.onToggle(open);
  }
}
