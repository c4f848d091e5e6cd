"use strict";
// Small helps for those with a script; every page works without it.
(() => {
  const all = (what) => [...document.querySelectorAll(what)];

  // back to the chat: WeChat closes the page; in the emulator its phone does
  const isFramed = window.parent !== window;
  const close = () => {
    if (window.WeixinJSBridge) window.WeixinJSBridge.call("closeWindow");
    else if (isFramed) window.parent.postMessage({ weixin: "closeWindow" }, "*");
  };
  const showClose = () => {
    for (const one of all("[data-close]")) one.hidden = false;
  };
  if (isFramed || window.WeixinJSBridge) showClose();
  document.addEventListener("WeixinJSBridgeReady", showClose);
  for (const one of all("[data-close]")) one.addEventListener("click", close);

  // WeChat's JS-SDK, where its script was put beside this one (docs/pages.md); without it nothing is missing but this
  const startSdk = async () => {
    const page = location.href.split("#")[0];
    const answer = await fetch(`/m/jssdk?url=${encodeURIComponent(page)}`, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return;
    window.wx.ready(() => {
      for (const one of all("[data-scan]")) {
        one.hidden = false;
        one.addEventListener("click", () => window.wx.scanQRCode({ needResult: 0 }));
      }
    });
    window.wx.config({ ...await answer.json(), debug: false, jsApiList: ["scanQRCode"], openTagList: ["wx-open-subscribe"] });
  };
  if (window.wx?.config && document.querySelector("[data-scan], wx-open-subscribe")) startSdk().catch(() => {});

  if (history.length > 1) {
    for (const one of all("[data-back]")) {
      one.hidden = false;
      one.addEventListener("click", () => history.back());
    }
  }

  // one tap, one act
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const sure = event.submitter?.dataset.sure;
    if (sure && !window.confirm(sure)) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
  });
})();
