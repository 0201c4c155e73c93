// Products as cards: picture, price, the choice of colour and size, and the way into the cart.
import { address, h } from "./dom.js";

const LOW = 3; // pieces: fewer are worth a word

export const productCards = (shop, hits) => h("ul", { class: "cards" }, hits.map((hit) => h("li", {}, card(shop, hit))));

function card(shop, hit) {
  const { say, money } = shop;
  const { title, reason, variants } = hit;
  const state = { color: hit.color, size: hit.size };
  const link = address(hit.url ?? shop.productUrl?.replace("{sku}", encodeURIComponent(hit.sku)), location);
  const price = h("span", { class: "price" });
  const picture = h("img", { alt: "", width: "96", height: "96" });
  const stock = h("span", { class: "stock" });
  const add = h("button", { type: "button", class: "pill main", onclick: put }, say("add"));
  const told = h("span", { class: "told", role: "status" });
  const choices = h("div", { class: "choices" });
  refresh();
  return h(
    "article",
    { class: "card", "aria-label": title },
    picture,
    h(
      "div",
      { class: "about" },
      link ? h("a", { class: "title", href: link }, title) : h("span", { class: "title" }, title),
      h("p", { class: "meta" }, price, hit.rating != null && h("span", {}, `★ ${hit.rating.toFixed(1)}`), stock),
      reason && h("p", { class: "reason" }, say("reason", { reason })),
    ),
    choices,
    h("div", { class: "act" }, add, told),
  );

  function current() {
    const fits = variants.filter((one) => one.color === state.color);
    return fits.find((one) => one.size === state.size) ?? fits.find((one) => one.stock) ?? fits[0] ?? hit;
  }

  function refresh(focused) {
    const now = current();
    state.size = now.size;
    price.textContent = money(now.price);
    stock.textContent = now.stock > LOW ? "" : say(now.stock ? "low_stock" : "out_of_stock", { count: now.stock });
    add.disabled = !now.stock;
    picture.src = shop.pictureUrl.replace("{sku}", encodeURIComponent(now.sku));
    const colors = [...new Set(variants.map((one) => one.color))];
    const sizes = variants.filter((one) => one.color === now.color);
    choices.replaceChildren(
      ...[pick("color", colors.map((color) => ({ color, stock: 1 })), now), pick("size", sizes, now)].filter(Boolean),
    );
    if (focused) choices.querySelector(`[name=${focused}]`)?.focus();
  }

  function pick(name, values, now) {
    if (values.length < 2 && !values[0]?.[name]) return null;
    const options = values.map((one) =>
      h("option", { value: one[name], selected: one[name] === now[name], disabled: !one.stock }, one[name] || "–"),
    );
    const onchange = (event) => ((state[name] = event.target.value), (told.textContent = ""), refresh(name));
    return h("label", {}, h("span", {}, say(name)), h("select", { name, onchange }, options));
  }

  async function put() {
    add.disabled = true;
    told.textContent = "";
    try {
      const path = `v1/customers/${encodeURIComponent(shop.kept.talk.customer)}/cart/lines`;
      const cart = await shop.api.json("POST", path, { sku: current().sku });
      const pay = address(cart.checkout_url);
      told.replaceChildren(say("added"), ...(pay ? [" ", h("a", { href: pay }, say("checkout"))] : []));
      document.dispatchEvent(new CustomEvent("shopkeeper:cart"));
    } catch (error) {
      told.textContent = error.kind === "refused" ? stock.textContent || say("problem_409") : shop.problem(error);
    }
    add.disabled = false;
  }
}
