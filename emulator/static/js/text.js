// What a chat text may hold: plain words, <a href> links, taps (weixin://bizmsgmenu) and bare web addresses.
// Nothing else of HTML is understood; all other characters stay as they are.

const ANCHOR = /<a\s+([^<>]*)>([^<]*)<\/a\s*>/gi;
const HREF = /(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;
const ADDRESS = /https?:\/\/[^\s<>"'“”‘’「」《》（）()，。；！？、]+/gi;
const TAP = /^weixin:\/\/bizmsgmenu\?/i;

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

// The id and words of a weixin://bizmsgmenu address, or null when it carries no words.
export function parseTap(href) {
  if (!TAP.test(href)) return null;
  const found = {};
  for (const pair of href.slice(href.indexOf("?") + 1).split("&")) {
    const at = pair.indexOf("=");
    if (at > 0) found[pair.slice(0, at).toLowerCase()] = decoded(pair.slice(at + 1));
  }
  return found.msgmenucontent ? { id: found.msgmenuid || "", text: found.msgmenucontent } : null;
}

export function isWebAddress(href) {
  try {
    return ["http:", "https:"].includes(new URL(href).protocol);
  } catch {
    return false;
  }
}

function plain(text) {
  const tokens = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (match.index > from) tokens.push({ type: "text", text: text.slice(from, match.index) });
    tokens.push(isWebAddress(match[0]) ? { type: "link", label: match[0], url: match[0] } : { type: "text", text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) tokens.push({ type: "text", text: text.slice(from) });
  return tokens;
}

// Cuts a text into {type: "text", text} | {type: "tap", label, id, text} | {type: "link", label, url}.
export function tokens(text) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(ANCHOR)) {
    found.push(...plain(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const href = HREF.exec(match[1]);
    const address = href ? (href[1] ?? href[2] ?? href[3]).replaceAll("&amp;", "&").trim() : "";
    const tap = parseTap(address);
    if (tap) found.push({ type: "tap", label: match[2], ...tap });
    else if (isWebAddress(address)) found.push({ type: "link", label: match[2], url: address });
    else found.push({ type: "text", text: match[2] });
  }
  found.push(...plain(text.slice(from)));
  return found;
}
