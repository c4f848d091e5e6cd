// Bodies made readable: XML and JSON with indentation and a little colour, query strings a line each.

import { h } from "./dom.js";

const mark = (kind, text) => h("span", { class: `code-${kind}` }, text);

function xmlLines(node, depth, out) {
  const indent = "  ".repeat(depth);
  const children = [...node.childNodes].filter((child) => child.nodeType !== Node.TEXT_NODE || child.data.trim());
  if (children.every((child) => child.nodeType !== Node.ELEMENT_NODE)) {
    out.push(indent, mark("tag", `<${node.nodeName}>`));
    children.forEach((child) => out.push(child.data));
    out.push(mark("tag", `</${node.nodeName}>`), "\n");
    return;
  }
  out.push(indent, mark("tag", `<${node.nodeName}>`), "\n");
  children.forEach((child) => {
    if (child.nodeType === Node.ELEMENT_NODE) xmlLines(child, depth + 1, out);
    else out.push(`${indent}  ${child.data}\n`);
  });
  out.push(indent, mark("tag", `</${node.nodeName}>`), "\n");
}

function xml(text) {
  const parsed = new DOMParser().parseFromString(text, "text/xml");
  if (parsed.querySelector("parsererror")) return null;
  const out = [];
  xmlLines(parsed.documentElement, 0, out);
  return out;
}

function json(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const shown = JSON.stringify(value, null, 2);
  const out = [];
  let from = 0;
  for (const match of shown.matchAll(/^( *)("(?:[^"\\]|\\.)*")(?=: )/gm)) {
    const at = match.index + match[1].length;
    out.push(shown.slice(from, at), mark("tag", match[2]));
    from = at + match[2].length;
  }
  out.push(shown.slice(from));
  return out;
}

// A <pre> of a body; the raw text when it is neither XML nor JSON.
export function body(text) {
  const start = text.trimStart()[0];
  const nodes = (start === "<" && xml(text)) || (["{", "["].includes(start) && json(text)) || [text];
  return h("pre", { class: "code", tabindex: "0" }, nodes);
}

export function query(text) {
  const lines = [...new URLSearchParams(text)].flatMap(([name, value]) => [mark("tag", name), ` = ${value}\n`]);
  return h("pre", { class: "code", tabindex: "0" }, lines);
}
