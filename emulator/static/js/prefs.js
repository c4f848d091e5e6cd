// What this browser remembers about the page (which phones are shown and such); never anything of a chat.

const PREFIX = "emulator.";

export function recall(name, otherwise) {
  try {
    const value = localStorage.getItem(PREFIX + name);
    return value === null ? otherwise : JSON.parse(value);
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A private window or a full store: the page works, it only forgets.
  }
}
