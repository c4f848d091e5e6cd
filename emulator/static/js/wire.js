// The page of the wire: every callback and API call as it happens, and what was inside.

import { get } from "./api.js";
import { avatar, h, iconButton } from "./dom.js";
import { drawFaults } from "./faults.js";
import { live } from "./live.js";
import { body, query } from "./pretty.js";
import { preciseTime } from "./times.js";
import { offline, trying } from "./toast.js";

const KEPT = 1000;
const FIRST = 300;

const VERDICTS = {
  success: "收到", empty: "空回答", reply: "有回复", transferred: "转人工", verified: "验证通过", refused: "已拒绝", ok: "成功",
  timeout: "超时", "no connection": "连不上", "answer lost": "回答丢了", "bad reply": "回复有错", "token check failed": "验证没过",
  fault: "故意出错",
};
const FINE = { callback: ["success", "empty", "reply", "transferred", "verified", "refused"], api: ["ok"] };

let rows = [];
let people = new Map();
let held = [];
let paused = false;
let chosen = null;

const table = document.getElementById("rows");
const detail = document.getElementById("detail");
const empty = document.getElementById("empty");
const filter = document.getElementById("filter");
const person = filter.elements.person;
const pauseButton = document.getElementById("pause");

const verdictOf = (row) => row.verdict.split(":")[0].trim();
const isProblem = (row) => (row.errcode !== null && row.errcode !== undefined && row.errcode !== 0)
  || row.status >= 400 || row.status === 0 || !FINE[row.dir].includes(verdictOf(row));
const toneOf = (row) => (isProblem(row) ? "bad" : row.attempt > 1 ? "warn" : "good");

function wordsOf(row) {
  if (row.errcode) return `错误 ${row.errcode}`;
  const verdict = verdictOf(row);
  return VERDICTS[verdict] || verdict || (row.status >= 400 ? `HTTP ${row.status}` : "成功");
}

// The short path: callbacks all go to one address, so their message type says more.
function pathOf(row) {
  if (row.dir !== "callback") return row.path;
  const text = row.decrypted || row.request;
  const part = (name) => new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^<\\]]*)`).exec(text)?.[1];
  const kind = part("MsgType");
  if (!kind) return row.method === "GET" ? "验证地址" : row.path;
  return kind === "event" ? `event · ${part("Event")}` : kind;
}

const about = (row) => row.person && people.get(row.person)
  || [...people.values()].find((one) => (row.request + row.decrypted + row.query).includes(one.openid));

function passes(row) {
  if (filter.elements.problems.checked && !isProblem(row) && row.attempt <= 1) return false;
  const wanted = filter.elements.path.value.trim().toLowerCase();
  if (wanted && !`${row.path} ${pathOf(row)} ${row.verdict}`.toLowerCase().includes(wanted)) return false;
  return !person.value || String(about(row)?.id) === person.value;
}

function rowElement(row) {
  const who = about(row);
  const el = h("tr", { "data-testid": "wire-row", "data-id": row.id, tabindex: "0", class: row.id === chosen ? "is-open" : "",
    onclick: () => open(row),
    onkeydown: (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(row);
      }
      const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
      if (next && el[next]) {
        event.preventDefault();
        el[next].focus();
      }
    } },
  h("td", { class: "mono" }, preciseTime(row.at)),
  h("td", {}, h("span", { class: `dir dir-${row.dir}` }, row.dir === "callback" ? "回调" : "接口")),
  h("td", { class: "mono path" }, pathOf(row)),
  h("td", { class: "who" }, who ? h("span", {}, avatar(who, "avatar-tiny"), who.nickname) : ""),
  h("td", {}, h("span", { class: `verdict verdict-${toneOf(row)}`, title: row.verdict }, wordsOf(row))),
  h("td", { class: "number" }, `${Math.round(row.ms)} ms`),
  h("td", { class: "number" }, row.attempt > 1 ? `第 ${row.attempt} 次` : ""));
  return el;
}

function draw() {
  const fitting = rows.filter(passes);
  table.replaceChildren(...fitting.map(rowElement));
  empty.hidden = fitting.length > 0;
  empty.textContent = rows.length ? "没有符合的记录" : "还没有往来。到“手机”页里关注、说句话试试";
}

function add(row) {
  const at = rows.findIndex((one) => one.id === row.id);
  if (at >= 0) {
    rows[at] = row;
    draw();
    return;
  }
  rows.unshift(row);
  if (rows.length > KEPT) rows.length = KEPT;
  if (!passes(row)) return;
  table.prepend(rowElement(row));
  while (table.children.length > KEPT) table.lastChild.remove();
  empty.hidden = true;
}

function part(title, content, draws = body) {
  return content ? [h("h3", {}, title), draws(content)] : [];
}

function open(row) {
  chosen = row.id;
  table.querySelectorAll("tr").forEach((el) => el.classList.toggle("is-open", el.dataset.id === String(row.id)));
  detail.hidden = false;
  document.body.classList.add("has-detail");
  const raw = (title, text) => (text ? [h("details", {}, h("summary", {}, title), h("pre", { class: "code", tabindex: "0" }, text))] : []);
  detail.replaceChildren(
    h("header", {}, h("h2", { class: "mono" }, `${row.method} ${row.path}`), iconButton("close", "关掉", shut, { size: 20 })),
    h("p", { class: "detail-facts" }, h("span", { class: `verdict verdict-${toneOf(row)}` }, wordsOf(row)),
      `HTTP ${row.status || "—"} · ${row.ms} ms · 第 ${row.attempt} 次 · ${preciseTime(row.at)}`),
    row.verdict && row.verdict !== verdictOf(row) ? h("p", { class: "detail-reason" }, row.verdict) : "",
    ...part("请求", row.decrypted || row.request),
    ...raw(row.decrypted ? "请求原样（加密的）" : "请求原样", row.request),
    ...part("回答", row.response_decrypted || row.response),
    ...raw(row.response_decrypted ? "回答原样（加密的）" : "回答原样", row.response),
    ...part("查询参数", row.query, query));
  detail.scrollTop = 0;
}

function shut() {
  chosen = null;
  detail.hidden = true;
  document.body.classList.remove("has-detail");
  table.querySelector(".is-open")?.focus();
  draw();
}

function pause(on) {
  paused = on;
  pauseButton.setAttribute("aria-pressed", String(on));
  pauseButton.textContent = on ? "继续" : "暂停";
  if (on) return;
  held.forEach(add);
  held = [];
}

async function readPeople() {
  people = new Map((await get("people")).people.map((one) => [one.id, one]));
  const before = person.value;
  person.replaceChildren(h("option", { value: "" }, "所有人"), ...[...people.values()].map((one) => h("option", { value: String(one.id) }, one.nickname)));
  person.value = before;
}

async function readAll() {
  await readPeople();
  rows = (await get(`wire?limit=${FIRST}`)).reverse();
  draw();
  await drawFaults();
}

filter.addEventListener("input", draw);
filter.addEventListener("submit", (event) => event.preventDefault());
pauseButton.addEventListener("click", () => pause(!paused));
document.getElementById("clear").addEventListener("click", () => {
  [rows, held] = [[], []];
  if (chosen) shut();
  draw();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen) shut();
});

live({
  wire(row) {
    if (!paused) add(row);
    else {
      held.push(row);
      pauseButton.textContent = `继续（${held.length}）`;
    }
  },
  person: () => trying(readPeople),
  reset: () => trying(readAll),
}, (state) => {
  offline(state === "off");
  if (state === "on") trying(readAll);
});
