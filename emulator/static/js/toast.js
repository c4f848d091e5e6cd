// Short notices at the top of the window, and the bar that says the emulator is gone.

import { h } from "./dom.js";

const SHOWN_FOR = 3500;

export function toast(words, kind = "info") {
  const shelf = document.getElementById("toasts");
  const el = h("div", { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : "status" }, words);
  shelf.append(el);
  setTimeout(() => el.remove(), SHOWN_FOR);
}

// Runs an act of a person; a failure becomes a notice and undefined.
export async function trying(act) {
  try {
    return await act();
  } catch (error) {
    toast(error.message || String(error), "error");
    return undefined;
  }
}

export function offline(gone) {
  document.getElementById("offline").hidden = !gone;
  document.body.classList.toggle("is-offline", gone);
}
