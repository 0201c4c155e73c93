// Elements without markup: every text from outside becomes a text node, every address is checked.
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

export function icon(...paths) {
  const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = make("svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) svg.append(make("path")), svg.lastChild.setAttribute("d", d);
  return svg;
}

export const iconButton = (label, paths, onclick, more = {}) =>
  h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...more }, icon(...paths));

// An address that may be followed, or nothing.
export function address(text, base) {
  try {
    const url = new URL(text, base);
    return /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// The page's words: `say("unsure", {percent: 50})`.
export const words = (labels) => {
  const say = (key, slots = {}) => (labels[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => slots[name] ?? whole);
  say.has = (key) => key in labels;
  return say;
};
