// The panel that the launcher opens: its frame, its two views, and who is talking.
import { Api, Unreached } from "./api.js";
import { chat } from "./chat.js";
import { h, icon, iconButton, words } from "./dom.js";
import { known } from "./known.js";
import { memory } from "./memory.js";

const CLOSE = ["M6 6l12 12M18 6L6 18"];
const PERSON = ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5"];
const AGAIN = ["M4 12a8 8 0 1 0 2.6-5.9L4 8.5", "M4 4v4.5h4.5"];
const BACK = ["M14.5 5.5L8 12l6.5 6.5"];
const STYLE = ""; // the server puts style.css here
const FOCUSABLE = "a[href],button:not([disabled]),input,select,textarea,summary";

export async function panel(root, options) {
  const { base, language, onClose } = options;
  const answer = await fetch(`${base}widget/texts/${encodeURIComponent(language ?? "en")}.json`);
  if (!answer.ok) throw new Error(`the widget's words could not be loaded: ${answer.status}`);
  const texts = await answer.json();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const kept = memory(base);
  const shop = {
    texts,
    productUrl: options.productUrl,
    pictureUrl: options.pictureUrl ?? `${base}shop/pictures/{sku}.svg`,
    say: words(texts.labels),
    api: new Api(base, kept, options.tokenUrl),
    kept,
    money: ({ amount, currency }) =>
      new Intl.NumberFormat(texts.language, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(amount),
    problem,
    consultation,
    begin,
  };
  const { say } = shop;

  const talk = chat(shop);
  const knowing = known(shop, { ready: talk.open, erased: restart });
  const ask = iconButton(say("known"), PERSON, () => turn(!frame.classList.contains("knows")), { "aria-pressed": "false" });
  const back = iconButton(say("back"), BACK, () => turn(false), { class: "icon back" });
  const frame = h(
    "section",
    { class: "panel", role: "dialog", "aria-labelledby": "title", lang: texts.language, dir: texts.direction, hidden: true },
    h(
      "header",
      {},
      back,
      h("div", { class: "mark" }, icon("M12 3v3M5 9h14v10H5z", "M9 13.5v1M15 13.5v1M9.5 17h5")),
      h("div", { class: "who" }, h("h2", { id: "title" }, texts.shop), h("p", {}, say("tagline"))),
      ask,
      iconButton(say("new"), AGAIN, restart, { class: "icon new" }),
      iconButton(say("close"), CLOSE, close),
    ),
    talk.node,
    knowing.node,
  );
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.stopPropagation(), frame.classList.contains("knows") ? turn(false) : close();
    if (event.key === "Tab") trap(event);
  });
  root.append(frame);

  return { show, close, identify };

  function show(takesFocus) {
    frame.hidden = false;
    talk.open().then(() => takesFocus && talk.focus());
    if (takesFocus) talk.focus();
  }

  function close() {
    frame.hidden = true;
    onClose();
  }

  function identify(token) {
    shop.api.identify(token ?? undefined);
    if (talk.isOpen) turn(false), talk.reopen();
  }

  function restart() {
    turn(false);
    return talk.reopen(true).then(talk.focus);
  }

  function turn(knows) {
    frame.classList.toggle("knows", knows);
    ask.setAttribute("aria-pressed", String(knows));
    talk.node.hidden = knows;
    knowing.node.hidden = !knows;
    if (knows) knowing.open();
    else talk.focus();
  }

  function trap(event) {
    const inside = [...frame.querySelectorAll(FOCUSABLE)].filter((one) => one.checkVisibility());
    const [first, last] = [inside[0], inside.at(-1)];
    const leaves = root.activeElement === (event.shiftKey ? first : last);
    if (leaves) event.preventDefault(), (event.shiftKey ? last : first).focus();
  }

  // A problem as a sentence for a customer.
  function problem(error) {
    if (error.status === 429 && error.seconds) return say("problem_wait", { seconds: error.seconds });
    const key = `problem_${error instanceof Unreached ? "offline" : error.status}`;
    return say(say.has(key) ? key : "problem");
  }

  // The newest talk that is the customer's own, else a new one: who signs in or out finds theirs again.
  async function consultation() {
    for (const talk of kept.read().talks) {
      try {
        const told = await shop.api.get(`v1/consultations/${encodeURIComponent(talk.id)}`);
        return { talk: { ...talk, customer: told.customer }, ...told };
      } catch (error) {
        if (![403, 404].includes(error.status)) throw error;
      }
    }
    return begin();
  }

  async function begin() {
    const { id, customer, greeting } = await shop.api.json("POST", "v1/consultations", {});
    return { talk: { id, customer, greeting, outbox: [], shown: null }, messages: [] };
  }
}
