// The conversation: what was said, the turn that runs, quick replies, and messages that wait for the line.
import { Problem, Unreached, newKey } from "./api.js";
import { productCards } from "./cards.js";
import { address, h, icon, iconButton } from "./dom.js";

const SEND = ["M4 12l16-8-5 16-3.5-6.5z", "M11.5 13.5L20 4"];
const STOP = ["M7 7h10v10H7z"];
const EDIT = ["M4 20l1-4L16 5l3 3L8 19z"];
const PATIENCE = [2, 4, 8, 15, 30]; // seconds until it is tried again
const MOST_CHOICES = 6;

export function chat(shop) {
  const { say, api, kept } = shop;
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": say("conversation"), tabindex: "0" });
  const quick = h("div", { class: "quick" });
  const banner = h("p", { class: "banner", role: "status", hidden: true });
  const box = h("textarea", { rows: "1", "aria-label": say("message"), placeholder: say("placeholder"), maxlength: "4000" });
  const send = iconButton(say("send"), SEND, submit, { class: "icon send" });
  const halt = iconButton(say("stop"), STOP, stop, { class: "icon send", hidden: true });
  const composer = h("div", { class: "composer" }, box, send, halt);
  const node = h("div", { class: "view talk" }, banner, log, quick, composer, h("p", { class: "fine" }, say("ai_note")));
  let opening; // the talk as it is read for the first time
  let running = false; // a turn, or one that waits for the line
  let isBusy = false; // a turn
  let turns = 0; // that were begun
  let corrected = ""; // the message that the box holds for its correction
  let wake; // ends the wait for another try
  let generation = 0; // a talk that was left behind writes nothing more

  box.addEventListener("input", () => fit());
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  addEventListener("online", () => wake?.());
  addEventListener("offline", () => note(say("problem_offline")));

  return {
    node,
    get isOpen() {
      return Boolean(opening);
    },
    open: () => (opening ??= load()),
    reopen: (isNew) => (opening = load(isNew)),
    focus: () => (matchMedia("(pointer: coarse)").matches ? log : box).focus({ preventScroll: true }), // no keyboard unasked
  };

  async function load(isNew) {
    const mine = ++generation;
    wake?.();
    running = false;
    busy(false);
    log.replaceChildren(h("p", { class: "quiet dots" }, say("opening")));
    quick.replaceChildren();
    try {
      const told = await (isNew ? shop.begin() : shop.consultation());
      if (mine !== generation) return; // somebody else signed in meanwhile
      kept.first(told.talk);
      const { greeting, shown, outbox } = told.talk;
      log.replaceChildren();
      note(told.handoff ? say("handed_off") : "");
      bubble("assistant", greeting);
      for (const message of told.messages) bubble(message.role, message.text);
      if (shown?.at === told.messages.length) cards(shown.skus).then(down);
      offer(told.proposal);
      for (const item of outbox) bubble("customer", item.text, "waits");
      deliver(mine);
    } catch (error) {
      if (mine !== generation) return;
      opening = undefined;
      const again = h("button", { type: "button", class: "pill", onclick: () => (opening = load()) }, say("again"));
      log.replaceChildren(h("p", { class: "quiet" }, shop.problem(error)), again);
      if (error.maySendAgain) later(() => (opening ??= load()), 0);
    }
  }

  function submit(event, text = box.value.trim()) {
    if (!text || isBusy) return;
    const said = corrected && corrected !== text ? say("correction", { text }) : text;
    kept.note({ outbox: [...kept.talk.outbox, { key: newKey(), text: said }], shown: null });
    quick.replaceChildren();
    bubble("customer", said, "waits");
    box.value = corrected = "";
    fit();
    deliver(generation);
  }

  // What waits, one after the other, each with the key that it was first sent with.
  async function deliver(mine) {
    if (running) return wake?.();
    running = true;
    let wasReplayed = false;
    for (let tries = 0; mine === generation && kept.talk.outbox.length; ) {
      const [first] = kept.talk.outbox;
      try {
        wasReplayed = (await answered(first, mine)) || wasReplayed;
        if (mine === generation) done(first);
        tries = 0;
      } catch (error) {
        if (mine !== generation) return;
        busy(false);
        log.querySelector(".runs")?.remove();
        if (error.maySendAgain) {
          if (error.kind !== "in-flight") note(shop.problem(error));
          const seconds = error.seconds || PATIENCE[Math.min(tries++, PATIENCE.length - 1)];
          await new Promise((resolve) => later(resolve, seconds));
          continue;
        }
        done(first);
        if (error.kind === "stopped") {
          quiet(say("stopped"));
          continue;
        }
        quiet(shop.problem(error));
        box.value ||= first.text;
        fit();
      }
    }
    if (mine !== generation) return;
    running = false;
    if (wasReplayed) load(); // it was answered before: the server's account of it holds
  }

  function done(item) {
    kept.note({ outbox: kept.talk.outbox.filter((one) => one.key !== item.key) });
    log.querySelector(".waits")?.classList.remove("waits");
    busy(false);
  }

  function later(act, seconds) {
    const timer = setTimeout(() => wake(), (seconds || 5) * 1000);
    wake = () => (clearTimeout(timer), (wake = undefined), act());
  }

  // One turn; whether it had been answered before.
  async function answered(item, mine) {
    busy(true);
    let reply, found, turn;
    let wasReplayed = false;
    const steps = h("p", { class: "quiet dots" }, say("thinking"));
    log.append(steps);
    down();
    const write = (text, isWhole) => {
      reply ??= bubble("assistant", "", "runs");
      const body = reply.querySelector(".text");
      body.textContent = isWhole ? text : body.textContent + text;
      down();
    };
    try {
      const path = `v1/consultations/${encodeURIComponent(kept.talk.id)}/messages`;
      for await (const [name, data] of api.events(path, { text: item.text }, item.key)) {
        if (mine !== generation) return false;
        note("");
        if (name === "replayed") wasReplayed = true;
        else if (name === "step") step(steps, data);
        else if (name === "products") found = data;
        else if (name === "delta") write(data.text);
        else if (name === "replace") write(data.text, true);
        else if (name === "problem") throw new Problem(data);
        else if (name === "turn") turn = data;
      }
      if (!turn) throw new Unreached("the answer broke off");
    } finally {
      steps.classList.remove("dots");
      if (!steps.dataset.done) steps.remove();
    }
    reply?.classList.remove("runs");
    finished(turn, found, write);
    return wasReplayed;
  }

  function finished(turn, found, write) {
    if (turn.reply) write(tidy(turn.reply), true), log.querySelector(".runs")?.classList.remove("runs");
    else quiet(say("person_answers"));
    note(turn.handoff ? say("handed_off") : "");
    const skus = turn.products.slice(0, MOST_CHOICES);
    const count = log.querySelectorAll(".bubble:not(.greeting)").length;
    kept.note({ shown: skus.length ? { at: count, skus } : null });
    if (found?.length) log.append(productCards(shop, found.slice(0, MOST_CHOICES)));
    else cards(skus).then(readable);
    const results = turn.tools.map((tool) => tool.result ?? {});
    const pay = address(results.findLast((result) => result.checkout_url)?.checkout_url);
    if (pay) log.append(h("a", { class: "pill", href: pay }, say("checkout")));
    if (results.some((result) => result.kind === "cart")) document.dispatchEvent(new CustomEvent("shopkeeper:cart"));
    offer(turn.proposal, choices(results));
    readable();
  }

  // The products of an earlier turn, as they are now.
  async function cards(skus) {
    const mine = generation;
    if (!skus?.length) return;
    const place = h("div");
    log.append(place);
    const path = (sku) => `v1/products/${encodeURIComponent(sku)}?language=${shop.texts.spoken}`;
    const hits = await Promise.allSettled(skus.map((sku) => api.get(path(sku))));
    const there = hits.filter((hit) => hit.value).map((hit) => hit.value);
    if (mine === generation && there.length) place.replaceWith(productCards(shop, there));
  }

  // What the agent asked the customer to choose of: colours and sizes of a product, or values that narrow a list.
  function choices(results) {
    const last = results.at(-1) ?? {};
    const open = last.cart_open?.at(-1)?.offer ?? [];
    const named = open.length > 1 ? open.map((one) => one.color) : (open[0]?.sizes ?? []);
    return [...named, ...(last.question?.values ?? [])].filter(Boolean).slice(0, MOST_CHOICES);
  }

  function offer(proposal, values = []) {
    const pill = (text, more = "") => h("button", { type: "button", class: `pill ${more}`, onclick: () => submit(null, text) }, text);
    const answers = proposal ? [pill(say("yes"), "main"), pill(say("no"))] : values.map((value) => pill(String(value)));
    quick.replaceChildren(...answers, ...(proposal ? [h("p", { class: "fine" }, say("nothing_yet_done"))] : []));
    down();
  }

  function step(line, { name, ok }) {
    const text = ok === false ? say("step_failed") : say(say.has(`step_${name}`) ? `step_${name}` : "step");
    const before = line.dataset.done ? line.textContent.split(" · ") : [];
    line.dataset.done = "1";
    line.textContent = [...new Set([...before, text])].join(" · ");
    down();
  }

  function bubble(role, text, state = "") {
    const isFirst = role === "assistant" && !log.querySelector(".bubble");
    const made = h(
      "div",
      { class: `bubble ${role} ${state} ${isFirst ? "greeting" : ""}` },
      h("span", { class: "sr" }, say(role === "customer" ? "you" : "assistant")),
      h("div", { class: "text", dir: "auto" }, tidy(text)),
    );
    if (role === "customer") {
      log.querySelectorAll(".edit").forEach((one) => one.remove());
      made.append(iconButton(say("edit"), EDIT, () => edit(text), { class: "icon edit" }));
      made.append(h("span", { class: "waiting" }, say("waiting")));
    }
    log.append(made);
    down();
    return made;
  }

  function edit(text) {
    box.value = text;
    corrected = text;
    fit();
    box.focus();
    box.setSelectionRange(text.length, text.length);
  }

  // It may overtake the message itself: so again, for as long as that is being answered.
  async function stop() {
    halt.disabled = true;
    const id = encodeURIComponent(kept.talk.id);
    const mine = turns;
    try {
      while (isBusy && mine === turns) {
        await api.json("POST", `v1/consultations/${id}/stop`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    } catch (error) {
      quiet(shop.problem(error));
    }
  }

  function busy(now) {
    isBusy = now;
    if (now) turns += 1;
    send.hidden = now;
    halt.hidden = !now;
    halt.disabled = false;
    log.setAttribute("aria-busy", String(now));
  }

  function note(text) {
    banner.hidden = !text;
    banner.textContent = text;
  }

  function quiet(text) {
    log.append(h("p", { class: "quiet" }, text));
    down();
  }

  function fit() {
    box.style.blockSize = ""; // by the program, which no policy of the page forbids
    if (box.value) box.style.blockSize = `${Math.min(box.scrollHeight, 140)}px`;
  }

  function down() {
    log.scrollTop = log.scrollHeight;
  }

  // What was said last at the top: a long answer is read from its beginning.
  function readable() {
    const last = [...log.querySelectorAll(".customer")].at(-1);
    if (last) log.scrollTop = last.offsetTop - 12;
  }
}

const tidy = (text) => text.trim().replace(/^[ \t]*[-*] +/gm, "• ");
