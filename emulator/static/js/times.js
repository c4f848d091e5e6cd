// Times as WeChat writes them, in China's time wherever the browser is. `at` is seconds since 1970.

const DAYS = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];
const DAY = 86400;
const two = (number) => String(number).padStart(2, "0");

// The platform's clock is this one plus an offset, learnt from the server.
let offset = 0;
export const setNow = (now) => { offset = now - Date.now() / 1000; };
export const platformNow = () => Date.now() / 1000 + offset;

// A date whose UTC fields read as China's clock.
const china = (at) => new Date((at + 8 * 3600) * 1000);

export const clockTime = (at) => `${two(china(at).getUTCHours())}:${two(china(at).getUTCMinutes())}`;

export const preciseTime = (at) => {
  const date = china(at);
  return `${clockTime(at)}:${two(date.getUTCSeconds())}.${String(date.getUTCMilliseconds()).padStart(3, "0")}`;
};

export const dayOf = (at) => `${china(at).getUTCMonth() + 1}月${china(at).getUTCDate()}日`;

// The grey line above a message; `now` is the platform's clock, which tests may move.
export function chatTime(at, now) {
  const days = Math.floor((now + 8 * 3600) / DAY) - Math.floor((at + 8 * 3600) / DAY);
  const time = clockTime(at);
  if (days === 0) return time;
  if (days === 1) return `昨天 ${time}`;
  if (days > 1 && days < 7) return `${DAYS[china(at).getUTCDay()]} ${time}`;
  const year = china(at).getUTCFullYear();
  return year === china(now).getUTCFullYear() ? `${dayOf(at)} ${time}` : `${year}年${dayOf(at)} ${time}`;
}
