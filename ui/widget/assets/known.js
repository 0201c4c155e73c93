// What the shop knows about whoever is talking: why, and the ways to correct, forget, pause, download and erase it.
import { newKey } from "./api.js";
import { h } from "./dom.js";

const SURE = ["stated", "shop", "observed", "inferred"]; // what customers said matters most to them
const DOUBT = 0.6; // less sure than this, and the customer is told

export function known(shop, { ready, erased }) {
  const { say, api, kept, texts } = shop;
  const body = h("div", { class: "known" });
  const told = h("p", { class: "banner", role: "status", hidden: true });
  const node = h("div", { class: "view", hidden: true, tabindex: "-1", role: "region", "aria-label": say("known") }, told, body);
  const button = (key, onclick, more = "") => h("button", { type: "button", class: `pill ${more}`, onclick }, say(key));
  const day = (at) => new Intl.DateTimeFormat(texts.language, { dateStyle: "medium" }).format(new Date(at));
  const named = ({ attribute, value, about }) => ({ attribute, value, about });
  const path = (rest = "") => `v1/customers/${encodeURIComponent(kept.talk.customer)}${rest}`;
  return { node, open };

  async function open() {
    tell("");
    node.focus();
    body.replaceChildren(h("p", { class: "quiet dots" }, say("opening")));
    await attempt(async () => {
      await ready();
      show(await api.get(path("/profile")));
    });
  }

  function show(profile) {
    const traits = [...profile.traits, ...profile.others].sort((a, b) => SURE.indexOf(a.authority) - SURE.indexOf(b.authority));
    const about = Map.groupBy(traits, (trait) => trait.about);
    const groups = [...about].map(([who, traits]) => [
      who && h("h4", {}, say("about", { who })),
      h("ul", { class: "traits" }, traits.map(row)),
    ]);
    body.replaceChildren(
      h("h3", {}, say("known")),
      h("p", { class: "fine" }, say("known_note")),
      ...groups.flat().filter(Boolean),
      ...(about.size ? [] : [h("p", { class: "quiet" }, say("known_nothing"))]),
      h("h3", {}, say("consents")),
      ...Object.entries(profile.consents).map(consent),
      h("h3", {}, say("data")),
      h("div", { class: "row" }, button("download", download), button("erase", sure, "danger")),
    );
  }

  function row(trait) {
    const attribute = texts.attributes[trait.attribute] ?? { label: trait.attribute.replaceAll("_", " ") };
    const sign = say.has(trait.polarity) ? `${say(trait.polarity)} ` : "";
    const doubt = trait.confidence < DOUBT && say("unsure", { percent: Math.round(100 * trait.confidence) });
    const why = h("div", { class: "why", hidden: true });
    const opens = button("why", () => explain(trait, why, opens));
    opens.setAttribute("aria-expanded", "false");
    const mayCorrect = trait.authority !== "shop";
    const line = h(
      "li",
      {},
      h("div", { class: "trait" }, h("span", { class: "fine" }, attribute.label), h("strong", { dir: "auto" }, sign + value(trait, attribute))),
      h("p", { class: "fine" }, [say(`from_${trait.authority}`), doubt].filter(Boolean).join(" · ")),
      h(
        "div",
        { class: "row" },
        opens,
        mayCorrect && button("correct", () => form(line, trait, attribute)),
        mayCorrect && button("forget", () => change([{ ...named(trait), polarity: "forget" }])),
      ),
      why,
    );
    return line;
  }

  function value(trait, attribute) {
    if (typeof trait.value === "boolean") return say(trait.value ? "yes_value" : "no_value");
    return attribute.type === "money" && typeof trait.value === "number" ? shop.money({ amount: trait.value, currency: texts.currency }) : String(trait.value);
  }

  async function explain(trait, place, opens) {
    place.hidden = !place.hidden;
    opens.setAttribute("aria-expanded", String(!place.hidden));
    if (place.hidden || place.childElementCount) return;
    await attempt(async () => {
      const why = await api.get(path(`/profile/why?attribute=${encodeURIComponent(trait.attribute)}`));
      const same = why.holds.find((one) => one.value === trait.value && one.about === trait.about);
      const pieces = same?.confidence_from ?? trait.evidence;
      const quoted = ({ quote, kind, at }) =>
        h("blockquote", { dir: "auto" }, quote || say(`kind_${kind}`), at && h("cite", {}, `${say(`kind_${kind}`)} ${day(at)}`));
      const before = (old) => h("p", { class: "fine" }, say("replaced", { value: String(old.value) }));
      place.replaceChildren(...pieces.map(quoted), ...(same?.replaced ?? []).map(before));
    });
  }

  function form(line, trait, attribute) {
    if (line.querySelector("form")) return;
    const field = h("input", { value: String(trait.value), "aria-label": attribute.label, required: true, maxlength: "200" });
    const save = (event) => {
      event.preventDefault();
      change([{ ...named(trait), value: field.value, polarity: trait.polarity }]);
    };
    const cancel = button("cancel", () => made.remove());
    const made = h("form", { class: "row", onsubmit: save }, field, h("button", { class: "pill main" }, say("save")), cancel);
    line.append(made);
    field.select();
  }

  async function change(changes) {
    await attempt(async () => {
      const made = await api.json("POST", path("/profile/changes"), { changes });
      await open();
      tell(say(made.refused.length ? "refused" : "saved"));
    });
  }

  function consent([purpose, isGranted]) {
    const box = h("input", { type: "checkbox", role: "switch", checked: isGranted, onchange: set });
    const name = say.has(`purpose_${purpose}`) ? say(`purpose_${purpose}`) : purpose;
    return h("label", { class: "consent" }, box, h("span", {}, name));

    async function set() {
      await attempt(async () => {
        await api.json("PUT", path("/consents"), { [purpose]: box.checked });
        tell(say("saved"));
      }, () => (box.checked = !box.checked));
    }
  }

  async function download() {
    await attempt(async () => {
      const text = JSON.stringify(await api.get(path("/export")), null, 2);
      const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      h("a", { href: url, download: `${kept.talk.customer}.json` }).click();
      URL.revokeObjectURL(url);
      tell(say("downloaded"));
    });
  }

  function sure() {
    const key = newKey(); // who presses twice erases once
    const keep = button("cancel", open);
    body.replaceChildren(
      h("h3", {}, say("erase")),
      h("p", {}, say("erase_sure")),
      h("div", { class: "row" }, button("erase_yes", () => erase(key), "danger"), keep),
    );
    keep.focus();
  }

  async function erase(key) {
    await attempt(async () => {
      const receipt = await api.json("DELETE", path(), undefined, key);
      kept.write({ token: null, talks: [] });
      body.replaceChildren(
        h("h3", {}, say(receipt.complete ? "erased" : "erased_partly")),
        h("p", {}, say("receipt", { number: receipt.receipt })),
        button("new", erased, "main"),
      );
      body.querySelector("button").focus();
    });
  }

  async function attempt(act, undo) {
    try {
      await act();
    } catch (error) {
      undo?.();
      if (!body.querySelector("h3")) body.replaceChildren(button("again", open));
      tell(shop.problem(error));
    }
  }

  function tell(text) {
    told.hidden = !text;
    told.textContent = text;
  }
}
