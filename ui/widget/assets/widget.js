// The launcher of a shop's assistant: one button. Nothing is loaded before somebody presses it.
(() => {
  const LABELS = {}; // by language: the server fills in the packs' words
  const script = document.currentScript;
  const base = new URL(".", script.src).href;
  const OPEN = "shopkeeper-open"; // in this tab: the talk goes on with the next page of the shop
  const language = [script.dataset.shopLanguage, document.documentElement.lang, navigator.language, "en"]
    .map((tag) => (tag ?? "").slice(0, 2).toLowerCase())
    .find((code) => code in LABELS);
  const options = { ...script.dataset, base, language: script.dataset.shopLanguage ?? language };

  const host = document.createElement("shopkeeper-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; color-scheme: light dark; position: fixed; z-index: var(--shopkeeper-layer, 2147483000);
      inset-block-end: var(--shopkeeper-offset, 20px); inset-inline-end: var(--shopkeeper-offset, 20px); }
    :host([hidden]), [hidden] { display: none !important; }
    .launcher { all: unset; box-sizing: border-box; display: grid; place-items: center; cursor: pointer;
      inline-size: 60px; block-size: 60px; border-radius: 50%; color: var(--shopkeeper-on-accent, light-dark(#fff, #04211a));
      background: var(--shopkeeper-accent, light-dark(#0d6650, #5fd0ad)); box-shadow: 0 6px 24px rgb(0 0 0 / .26); }
    .launcher:focus-visible { outline: 3px solid light-dark(#111, #fff); outline-offset: 3px; }
    .launcher[aria-busy=true] svg { opacity: .4; }
    .launcher svg { inline-size: 28px; block-size: 28px; fill: none; stroke: currentColor; stroke-width: 1.8;
      stroke-linecap: round; stroke-linejoin: round; }
    @media (prefers-reduced-motion: no-preference) {
      .launcher { transition: transform .15s; } .launcher:hover { transform: scale(1.06); } }
    @media print { :host { display: none; } }`);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.type = "button";
  button.className = "launcher";
  button.setAttribute("aria-label", LABELS[language] ?? "Chat");
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  button.append(drawn("M21 11.5a8.4 8.4 0 0 1-12.4 7.4L3.5 20.5l1.6-4.6A8.4 8.4 0 1 1 21 11.5z", "M8.5 10.5h7M8.5 13.5h4"));
  button.addEventListener("click", () => (host.hasAttribute("open") ? ShopkeeperWidget.close() : open(true)));
  root.append(button);

  let panel; // a promise of it
  let identity; // a token that the shop gave before the panel was there

  function drawn(...paths) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    for (const d of paths) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", d);
      svg.append(path);
    }
    return svg;
  }

  async function open(takesFocus = false) {
    button.setAttribute("aria-busy", "true");
    try {
      panel ??= import(`${base}widget/panel.js`).then((part) => part.panel(root, { ...options, onClose: closed }));
      const made = await panel;
      if (identity !== undefined) made.identify(identity);
      identity = undefined;
      made.show(takesFocus);
      button.setAttribute("aria-expanded", "true");
      host.setAttribute("open", "");
      remember("1");
    } catch (error) {
      panel = undefined; // not reached: the next click tries again
      console.warn("shopkeeper:", error);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  function closed() {
    button.setAttribute("aria-expanded", "false");
    host.removeAttribute("open");
    remember("");
    button.focus();
  }

  function remember(value) {
    try {
      sessionStorage.setItem(OPEN, value);
    } catch {} // a browser that keeps nothing: the panel stays shut on the next page
  }

  function wasOpen() {
    try {
      return sessionStorage.getItem(OPEN) && matchMedia("(min-width: 700px)").matches;
    } catch {
      return false;
    }
  }

  function place() {
    document.body.append(host);
    if (wasOpen()) open();
  }

  window.ShopkeeperWidget = {
    open: () => open(true),
    close: () => panel?.then((made) => made.close()),
    identify(token) {
      if (panel) panel.then((made) => made.identify(token));
      else identity = token;
    },
  };
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
