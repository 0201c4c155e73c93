"""The tool for the customer's cart: put in, change, take out, take back, show, check out, empty.

In: an action, which product, a color, a size, a number of pieces. Out: an `Outcome` of kind "cart": what was done
(`ITEMS`), what is left `OPEN` since the customer has to choose or the shop has too few, and the cart as it is now. A
next call with no more than a size or a number completes what was left open. Errors: `RefusedWrite` where it is not
clear what is meant, or there is nothing to do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.cart.bill import Priced, bill, priced
from agent.cart.cart import Cart, Line, Lines, NotEnough, exchanged, held_of, put, without
from agent.context import Services
from agent.replies.gate.keys import Keys
from agent.shop import CART
from agent.shown import SHOWS, SPEAKS_OF, Reference, Unclear, is_it, shown_in
from agent.tools import cart_told
from agent.tools.cart_lines import KIND, line_meant, lines_meant, pieces_of
from agent.tools.get_product import asked_products, reference_argument, unclear_product
from agent.tools.outcome import Artifact, Outcome, RefusedWrite, Runtime, outcome
from agent.tools.product_facts import Facts, Question
from agent.tools.schemas import Json, arguments, choice, text
from agent.tools.tool import Tool
from agent.tools.variants import ITEMS, OPEN, Choice, choice_of, chosen, left_open, offered, said_of
from errors import DataError, NotFound, choices
from retrieval.catalog import ONE_SIZE, Product, Variant
from retrieval.facets import VARIANT_FACETS

NAME = "cart"


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call."""

    runtime: Runtime
    product: Reference | list[Reference] | None
    color: str | None
    size: str | None
    quantity: object

    @property
    def services(self) -> Services:
        return self.runtime.context.services

    @property
    def given(self) -> dict[str, str | None]:
        """The color and the size that the call names."""
        return {"color": self.color, "size": self.size}

    def cart(self) -> Cart:
        """The cart before the call."""
        return self.services.carts.get(self.runtime.context.customer)

    def change(self, step: Callable[[Lines], Lines]) -> Cart:
        """The cart after it."""
        return self.services.carts.change(self.runtime.context.customer, step).cart

    def told(self, line: Line) -> Json:
        """A line as it is told."""
        return priced([line], self.services.retriever.catalog)[0].to_json()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a call: `act` is how it is told."""

    act: str
    cart: Cart
    items: Sequence[Json] = ()
    open: Sequence[Json] = ()
    more: Json = field(default_factory=dict)


def cart(
    runtime: Runtime,
    action: str = "show",
    product: Reference | list[Reference] | None = None,
    color: str | None = None,
    size: str | None = None,
    quantity: object = None,
) -> Outcome:
    """Do it, and say what is in the cart now."""
    named = action.strip().casefold()
    if named not in _ACTIONS:
        raise DataError(f"cart: no action {action!r}; there are {choices(_ACTIONS)}")
    call = Call(runtime, product, color, size, quantity)
    done = _ACTIONS[_going_on(named, call)](call)
    services = call.services
    artifact: dict[str, Any] = {"kind": KIND, "act": done.act, ITEMS: [*done.items], OPEN: [*done.open]}
    artifact |= bill(done.cart.lines, services.retriever.catalog, services.shop) | done.more
    spoken_of = [str(each["product"]) for each in done.open or done.items if "product" in each]
    artifact.setdefault(SPEAKS_OF, list(dict.fromkeys(spoken_of)))
    return outcome(runtime.context, artifact, *_contents(artifact))


def _contents(artifact: Artifact) -> tuple[str, str]:
    """For the model: what was done and what it must wait for, briefly and in full."""
    brief = [artifact["act"], *(f"{each['title']} waits: {each['why']}" for each in artifact[OPEN])]
    held = [f"{line['quantity']} x {line['title']}" for line in artifact["lines"]] or ["nothing"]
    offers = [f"{each['title']}: {each['offer']}" for each in artifact[OPEN] if "offer" in each]
    full = [*brief, f"in the cart: {', '.join(held)}", f"goods {artifact['goods']}", *offers]
    full += [artifact["checkout_url"]] if "checkout_url" in artifact else []
    return "; ".join([*brief, f"{artifact['pieces']} in the cart"]), "; ".join(full)


def _add(call: Call) -> Done:
    """Of each product the variant that is meant; the others of several are put in even if one has to wait."""
    waiting = _waiting("add", call)
    found = [_choice(product, call) for product in _products(call, waiting)]
    wanted = {one.product.sku: _pieces(call, waiting.get(one.product.sku)) for one in found}
    few = list[Choice]()

    def step(lines: Lines) -> Lines:
        few.clear()  # the transaction may be begun again
        for one in found:
            if one.variant:
                try:
                    lines = put(lines, one.product, one.variant, wanted[one.product.sku])
                except NotEnough:
                    few.append(one)
        return lines

    cart = call.change(step)
    added = [one for one in found if one.variant and one not in few]
    items = [
        call.told(line) | ({"own_size": True} if one.is_own_size else {})
        for one in added
        for line in cart.lines
        if one.variant and line.sku == one.variant.sku
    ]
    return Done(
        "added" if added else "open",
        cart,
        items,
        [_open("add", one, wanted[one.product.sku], cart, call) for one in found if one not in added],
    )


def _change(call: Call) -> Done:
    """Another number of pieces, or another color or size."""
    before = call.cart()
    pieces = pieces_of(call.quantity, least=0)
    own = _said_of_lines(call, before) if pieces is not None else None
    one = line_meant(call.product, before, call.runtime, own)
    if one.product is None or one.variant is None:
        raise RefusedWrite(f"{one.line.sku} is sold no more", "cart_gone_change", title=one.line.title)
    waiting = _waiting("change", call).get(one.product.sku, {})
    pieces = waiting.get("quantity") if pieces is None else pieces
    said = said_of(one.product, call.given, call.runtime.context)
    if pieces is None and not said:
        raise RefusedWrite("nothing to change is named", "cart_change_what", title=one.product.title)
    if pieces == 0:
        return _taken(call, before, [one], None)
    is_own = {"color": [one.variant.color], "size": [one.variant.size]}
    open_ = {name: [str(waiting[name])] for name in VARIANT_FACETS if waiting.get(name)}
    new = chosen(one.product, {**is_own, **open_, **said}, {}) if open_ or said else Choice(one.product, one.variant)
    wanted = one.line.quantity if pieces is None else pieces
    if new.variant is None:
        return Done("open", before, open=[_open("change", new, wanted, before, call)])
    variant = new.variant
    try:
        cart = call.change(lambda lines: exchanged(lines, one.line.sku, new.product, variant, wanted))
    except NotEnough:
        return Done("open", before, open=[_open("change", new, wanted, before, call)])
    return Done("changed", cart, [call.told(line) for line in cart.lines if line.sku == variant.sku])


def _remove(call: Call) -> Done:
    """A line, or so many pieces of it."""
    before = call.cart()
    found = lines_meant(call.product, before, call.runtime, _said_of_lines(call, before))
    return _taken(call, before, found, pieces_of(call.quantity))


def _taken(call: Call, before: Cart, found: Sequence[Priced], pieces: int | None) -> Done:
    skus = [one.line.sku for one in found]
    cart = call.change(lambda lines: without(lines, skus, pieces))
    left = [call.told(line) for line in cart.lines if line.sku in skus]
    if left:
        return Done("changed", cart, left)
    return Done("removed", cart, [one.to_json() for one in found])


def _undo(call: Call) -> Done:
    """The cart as it was before the last change."""
    try:
        change = call.services.carts.undo(call.runtime.context.customer)
    except NotFound as error:
        raise RefusedWrite(str(error), "cart_undo_none") from error
    both = {line.sku: line for line in (*change.before, *change.cart.lines)}
    told = [call.told(both[sku]) for sku in change.touched]
    return Done("undone", change.cart, more={SPEAKS_OF: [each["product"] for each in told if "product" in each]})


def _show(call: Call) -> Done:
    """The whole list, which positions refer to from now on."""
    return _listed("shown", call.cart(), call)


def _checkout(call: Call) -> Done:
    """Where the cart is paid, if the shop says so."""
    cart = call.cart()
    address = cart.checkout or (call.services.shop.checkout_url or "").replace(CART, cart.id)
    return _listed("checkout", cart, call, {"checkout_url": address} if address and cart.lines else {})


def _listed(act: str, cart: Cart, call: Call, more: Json | None = None) -> Done:
    lines = priced(cart.lines, call.services.retriever.catalog)
    products = [one.product.sku if one.product else one.line.sku for one in lines]
    return Done(act, cart, more={SHOWS: products, SPEAKS_OF: products} | (more or {}))


def _clear(call: Call) -> Done:
    """Nothing is left in it; an undo brings all back."""
    before = call.cart()
    return Done("cleared" if before.lines else "shown", call.change(lambda lines: ()))


_ACTIONS: Mapping[str, Callable[[Call], Done]] = {
    "add": _add,
    "change": _change,
    "remove": _remove,
    "undo": _undo,
    "show": _show,
    "checkout": _checkout,
    "clear": _clear,
}


def _going_on(action: str, call: Call) -> str:
    """An answer to what was left open goes on with that: "make it M" puts in what waits for a size to be put in."""
    opened = left_open(call.runtime.state["messages"])
    is_answer = _names_none(call) and opened.keys() == {*shown_in(call.runtime.state["messages"]).focus}
    if action not in ("add", "change") or not is_answer:
        return action
    waiting = opened.values()
    if all(each["action"] == "change" for each in waiting):
        return "change"
    return action if any(each.get("held") for each in waiting) else "add"


def _waiting(action: str, call: Call) -> dict[str, Artifact]:
    """By product: what this action has left open just before."""
    opened = left_open(call.runtime.state["messages"])
    return {sku: each for sku, each in opened.items() if each["action"] == action}


def _names_none(call: Call) -> bool:
    """Whether the call speaks of "it" alone."""
    one = call.product[0] if isinstance(call.product, list) and len(call.product) == 1 else call.product
    return not isinstance(one, list) and (one is None or is_it(one))


def _products(call: Call, waiting: Iterable[str]) -> list[Product]:
    """ "It" is one product, or all those of which the customer was just asked to choose."""
    found = asked_products(call.product, call.runtime)
    if _names_none(call) and len(found) > 1 and {each.sku for each in found} != set(waiting):
        raise unclear_product(Unclear("it", found), call.runtime.context)
    return found


def _choice(product: Product, call: Call) -> Choice:
    """The variant that the call means; an SKU may be that of one."""
    several = call.product if isinstance(call.product, list) else [call.product]
    exact = (one for one in product.variants if any(one.sku == str(each or "").upper() for each in several))
    variant = next(exact, None) if len(product.variants) > 1 else None
    if variant is None:
        return choice_of(product, call.color, call.size, call.runtime)
    return chosen(product, {"color": [variant.color], "size": [variant.size]}, {})


def _pieces(call: Call, waiting: Mapping[str, Any] | None) -> int:
    """As many as the call says, else as were asked for before the customer had to choose."""
    pieces = pieces_of(call.quantity)
    return int((waiting or {}).get("quantity", 1)) if pieces is None else pieces


def _said_of_lines(call: Call, cart: Cart) -> dict[str, list[str]]:
    """The color and size that a call names, as the products in the cart have them: they tell lines apart."""
    products = [one.product for one in priced(cart.lines, call.services.retriever.catalog) if one.product]
    said = [said_of(product, call.given, call.runtime.context) for product in products]
    return {
        name: [value for each in said for value in each.get(name, ())] for name in VARIANT_FACETS if call.given[name]
    }


def _open(action: str, one: Choice, pieces: int, cart: Cart, call: Call) -> Json:
    """What the customer has to choose, or why it is not in the cart; with what is known, for the next call."""
    product = one.product
    known = dict(one.known)
    told: Json = {"product": product.sku, "title": product.title, "titles": dict(product.titles), "quantity": pieces}
    told |= {"action": action}
    if one.offer:
        return told | known | {"why": "which", "offer": offered(one.offer), "own_size": one.is_own_size}
    if one.variant:
        left = {"stock": one.variant.stock, "held": held_of(cart.lines, one.variant.sku)}
        return told | _named(one.variant) | {"why": "few"} | left
    asked = Question(call.runtime.context.read(""), known.get("color"), known.get("size"))
    fact = next(Facts.of_shop(call.services).stock(product, asked), None)
    return told | known | {"why": "none", "fact": fact.to_json() if fact else {"kind": "stock", "stock": 0}}


def _named(variant: Variant) -> Json:
    return {"color": variant.color, "size": "" if variant.size == ONE_SIZE else variant.size}


def parameters(services: Services) -> Json:
    """The arguments."""
    return arguments(
        {
            "action": choice(
                list(_ACTIONS),
                "add puts a product in; change sets another quantity, color or size of what is in it; remove takes it "
                "out; undo takes the last change back; show lists it; checkout says where to pay; clear empties it.",
            ),
            "product": reference_argument(services)
            | {
                "description": (
                    "Which product, for add, change and remove: its position in the list shown last, words of its "
                    'title, its SKU, or "it" for the one last spoken of; a list for several. To change or remove, '
                    "words of what is in the cart."
                )
            },
            "color": text("The color that the customer wants, if they say one."),
            "size": text("The size that the customer wants, if they say one. Never one of your own."),
            "quantity": {
                "type": "integer",
                "description": "How many pieces: to add, to have from now on (change), or to take out (remove).",
            },
        },
        required=("action",),
    )


TOOL = Tool(
    name=NAME,
    brief="the customer's cart: add, change, remove, undo, show, checkout, clear",
    when=(
        "Look after the customer's cart. Use it when they want to buy, take or order a product, want another number, "
        "color or size of what is in the cart, want something out of it, ask what is in it or how to pay. Leave out a "
        "color or size that they did not say: the reply asks for it if it matters, and their answer is another call "
        "with just that. It does not buy anything; for orders that were placed use the order tools."
    ),
    parameters=parameters,
    function=cart,
    kind=KIND,
    say=cart_told.say,
    cards=cart_told.cards,
    keys=Keys(units={"goods": "money", "price_then": "money", "pieces": "spec", "held": "spec"}),
    pursues=True,
)
