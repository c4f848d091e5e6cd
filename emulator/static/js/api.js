// Calls to the emulator's own API. Every failure is an ApiError whose message can be shown to a person.

const BASE = "/emulator/api/";

export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

async function answer(response) {
  const body = await response.text();
  let data = null;
  try {
    data = body ? JSON.parse(body) : null;
  } catch {
    throw new ApiError("模拟器的回答看不懂", response.status);
  }
  if (response.ok) return data;
  throw new ApiError((data && (data.error || data.message)) || `没弄成（${response.status}）`, response.status);
}

async function call(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new ApiError("连不上模拟器，看看它还开着没");
  }
  return answer(response);
}

const asJson = (method, body) => ({
  method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}),
});

export const get = (path) => call(BASE + path);
export const post = (path, body) => call(BASE + path, asJson("POST", body));
export const del = (path) => call(BASE + path, { method: "DELETE" });

// Sends a file as the multipart field `media`; `menu` is the path of the menu button that asked for it.
export function upload(path, blob, name, menu) {
  const form = new FormData();
  form.append("media", blob, name);
  if (menu) form.append("menu", JSON.stringify(menu));
  return call(BASE + path, { method: "POST", body: form });
}

// The test controls live beside the API, not under it.
export const controls = {
  get: (path) => call("/emulator/control/" + path),
  send: (method, path, body) => call("/emulator/control/" + path, body === undefined && method === "DELETE"
    ? { method } : asJson(method, body)),
};
