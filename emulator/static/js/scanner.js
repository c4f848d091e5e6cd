// 扫一扫: a picture file, the camera, or a code on the sheets beside. All end as a picture that the server decodes.

import { upload } from "./api.js";
import { openCamera } from "./camera.js";
import { h, icon, iconButton } from "./dom.js";

const LOOK_EVERY = 700;
// A still picture stays in view this long, so that a person sees what was scanned.
const SEEN_FOR = 600;

// `found(result)` is called once, after which the screen is closed. `askSheets` opens the sheets panel.
// `menu` is the path of the menu button that asked for the scan, when one did.
export function scannerPage(person, close, { found, askSheets, menu }) {
  const frame = h("span", { class: "finder-frame", "aria-hidden": "true" }, icon("scan", 96));
  const finder = h("div", { class: "viewfinder", ondragover: (event) => event.preventDefault(), ondrop: (event) => {
    event.preventDefault();
    const [dropped] = event.dataTransfer.files;
    if (dropped) still(dropped, dropped.name);
  } }, frame, h("span", { class: "sweep", "aria-hidden": "true" }));
  const say = h("p", { class: "scan-say", role: "status" }, matchMedia("(hover: hover)").matches ? "选一种方式来扫，也可以把图片拖进来" : "选一种方式来扫");
  let camera = null;
  let left = false;
  let timer = 0;

  async function look(picture, name, seenFor = 0) {
    const [result] = await Promise.all([upload(`people/${person.id}/scan`, picture, name, menu), new Promise((done) => { setTimeout(done, seenFor); })]);
    if (left || !result.found) return false;
    close();
    found(result);
    return true;
  }

  function show(node) {
    finder.querySelectorAll("img, video").forEach((old) => old.remove());
    frame.hidden = Boolean(node);
    if (node) finder.prepend(node);
  }

  // Looks at a still picture; its preview stays while the server decodes.
  async function still(blob, name) {
    stopCamera();
    const src = URL.createObjectURL(blob);
    show(h("img", { src, alt: "要扫的图片" }));
    finder.classList.add("is-looking");
    say.textContent = "正在认…";
    try {
      if (!(await look(blob, name, SEEN_FOR)) && !left) say.textContent = "没认出二维码。换一张清楚些、离得近些的试试";
    } catch (error) {
      say.textContent = error.message;
    } finally {
      finder.classList.remove("is-looking");
      URL.revokeObjectURL(src);
    }
  }

  function stopCamera() {
    clearTimeout(timer);
    if (camera) camera.stop();
    camera = null;
    finder.classList.remove("is-looking");
  }

  async function watch() {
    if (!camera || left) return;
    try {
      const picture = await camera.frame();
      if (picture && await look(picture, "frame.jpg")) return;
    } catch (error) {
      say.textContent = error.message;
    }
    timer = setTimeout(watch, LOOK_EVERY);
  }

  async function useCamera() {
    say.textContent = "正在打开相机…";
    try {
      const opened = await openCamera();
      if (left) return opened.stop();
      stopCamera();
      camera = opened;
      show(camera.video);
      finder.classList.add("is-looking");
      say.textContent = "把二维码放进框里";
      return watch();
    } catch (error) {
      say.textContent = error.message;
      return undefined;
    }
  }

  const file = h("input", { type: "file", accept: "image/*", class: "file", "data-testid": "scan-file", "aria-label": "选一张有二维码的图片",
    onchange: () => { if (file.files[0]) still(file.files[0], file.files[0].name); } });
  const pick = h("label", { class: "scan-way" }, icon("album", 26), "选图片", file);
  const el = h("section", { class: "screen dark scanner", "aria-label": "扫一扫" },
    h("header", { class: "title-bar" }, iconButton("close", "关掉扫一扫", close), h("h3", {}, "扫一扫"), h("span", { class: "title-space" })),
    h("div", { class: "screen-body" }, finder, say, h("div", { class: "scan-ways" }, pick,
      h("button", { type: "button", class: "scan-way", onclick: useCamera }, icon("camera", 26), "用相机"),
      h("button", { type: "button", class: "scan-way", "data-testid": "scan-sheets", onclick: () => {
        close();
        askSheets();
      } }, icon("wall", 26), "照着墙扫"))));
  return {
    el,
    still,
    leave() {
      left = true;
      stopCamera();
    },
  };
}
