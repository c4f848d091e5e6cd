// Switches that make the platform misbehave, in plain words; they talk to the control API.

import { controls } from "./api.js";
import { h } from "./dom.js";
import { clockTime, dayOf } from "./times.js";
import { toast, trying } from "./toast.js";

const panel = document.getElementById("faults");

const NEXT = [
  ["下一次回答弄丢，再送一遍", { path: "callback", times: 1, reset_after: true }],
  ["下一次没送到，再送一遍", { path: "callback", times: 1, reset_before: true }],
  ["下一次同时多送两遍", { path: "callback", times: 1, duplicate: 2 }],
  ["下一次迟 3 秒才送到", { path: "callback", times: 1, delay: 3 }],
];
const CALLS = [
  ["下一次接口说令牌失效（40001）", { path: "*", times: 1, errcode: 40001 }],
  ["下一次接口说系统繁忙（-1）", { path: "*", times: 1, errcode: -1 }],
  ["下一次做完了却断开", { path: "*", times: 1, reset_after: true }],
  ["下一次接口拖 10 秒不回", { path: "*", times: 1, timeout: 10 }],
  ["推送一直说过了时限（45015）", { path: "/cgi-bin/message/custom/send", errcode: 45015 }],
  ["推送一直说次数用完（45047）", { path: "/cgi-bin/message/custom/send", errcode: 45047 }],
  ["接口每 50 次错 1 次", { path: "*", percent: 2, errcode: -1 }],
];
const AHEAD = [["1 分钟", 60], ["1 小时", 3600], ["1 天", 86400], ["2 天", 172800]];

const button = (words, act, attrs = {}) => h("button", { type: "button", class: "quiet", onclick: () => trying(act), ...attrs }, words);

function wordsOf(fault) {
  const known = [...NEXT, ...CALLS].find(([, spec]) => Object.entries(spec).every(([key, value]) => key === "times" || fault[key] === value));
  const words = known ? known[0] : `${fault.path} ${fault.errcode ?? fault.http ?? ""}`;
  return fault.times > 1 ? `${words}（还有 ${fault.times} 次）` : words;
}

async function set(spec) {
  await controls.send("POST", "faults", spec);
  await drawFaults();
}

async function move(body) {
  await controls.send("POST", "clock", body);
  toast("时间拨好了");
  await drawFaults();
}

// Reads what is set and draws the panel.
export async function drawFaults() {
  const [faults, clock] = await Promise.all([controls.get("faults"), controls.get("clock")]);
  const rows = faults.faults || faults;
  panel.replaceChildren(...[
    h("h2", {}, "出点差错"),
    h("p", { class: "hint" }, "看看后台在不顺的时候怎么办。"),
    rows.length ? [h("h3", {}, "正在起作用"), h("ul", { class: "fault-list" }, rows.map((fault) => h("li", {}, wordsOf(fault)))),
      h("p", {}), button("全部撤掉", async () => {
        await controls.send("DELETE", "faults");
        await drawFaults();
      }, { "data-testid": "faults-clear" })] : "",
    h("h3", {}, "送消息给后台时"),
    h("div", { class: "fault-buttons" }, NEXT.map(([words, spec]) => button(words, () => set(spec), { "data-testid": "fault" }))),
    h("h3", {}, "后台来调接口时"),
    h("div", { class: "fault-buttons" }, CALLS.map(([words, spec]) => button(words, () => set(spec), { "data-testid": "fault" })),
      button("现在让所有令牌过期", async () => {
        await controls.send("POST", "tokens/expire", {});
        toast("令牌都过期了");
      })),
    h("h3", {}, "平台的时间"),
    h("p", { class: "clock-now" }, `${dayOf(clock.now)} ${clockTime(clock.now)}`, clock.offset ? h("small", {}, `（拨过 ${Math.round(clock.offset / 60)} 分钟）`) : ""),
    h("div", { class: "fault-buttons fault-pair" }, AHEAD.map(([words, seconds]) => button(`往后 ${words}`, () => move({ advance: seconds }))),
      clock.offset ? button("回到现在", () => move({ real: true })) : ""),
  ].flat());
}
