// The live line (SSE): calls handlers[name](data) for each event and tells when the line breaks or is back.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

// onState gets "on" (the first time too) and "off". After "on" the caller reads again what it may have missed.
export function live(handlers, onState) {
  let wait = FIRST_WAIT;
  let source;

  function open() {
    source = new EventSource("/emulator/api/events");
    source.onopen = () => {
      wait = FIRST_WAIT;
      onState("on");
    };
    source.onerror = () => {
      onState("off");
      // A browser gives up for good on some errors (a 502 of a proxy), so the retries are ours.
      source.close();
      setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
    for (const [name, handler] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => handler(JSON.parse(event.data)));
    }
  }

  window.addEventListener("pagehide", () => source && source.close());
  open();
}
