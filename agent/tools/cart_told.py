"""How a cart is told: what was done in a line or two, what is left open, the whole list, and its card on the page.

In: a composer and the artifact of `agent.tools.cart`. Out: text, `Card`s.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.replies.card import Card, Row
from agent.replies.composer import Artifact, Composer
from agent.tools.cart_lines import line_title, say_line, variant_word
from agent.tools.get_product import label_of, say_stock
from agent.tools.get_total import say_total
from agent.tools.variants import ITEMS, OPEN

_BETWEEN = "; "  # lines that stand in one sentence


def say(composer: Composer, artifact: Artifact) -> str:
    """What was done and what the cart comes to, then what is left open."""
    parts = [_done(composer, artifact), *(_open(composer, each) for each in artifact[OPEN])]
    return "\n".join(part for part in parts if part)


def _done(composer: Composer, artifact: Artifact) -> str:
    items, lines = artifact[ITEMS], artifact["lines"]
    match artifact["act"]:
        case "added" | "changed":
            said = [composer.say("cart_holds", lines=_BETWEEN.join(say_line(composer, item) for item in items))]
            sizes = dict.fromkeys(item["size"] for item in items if item.get("own_size"))
            said += [composer.say("cart_own_size", size=size) for size in sizes]
            return " ".join([*said, *_sum(composer, artifact)])
        case "removed":
            titles = _BETWEEN.join(line_title(composer, item) for item in items)
            return " ".join([composer.say("cart_removed", titles=titles), *_sum(composer, artifact)])
        case "undone":
            held = composer.say("cart_holds", lines=_BETWEEN.join(say_line(composer, line) for line in lines))
            return " ".join([composer.say("cart_undone"), *([held] if lines else []), *_sum(composer, artifact)])
        case "cleared":
            return composer.say("cart_cleared")
        case "checkout" if lines:
            return _checkout(composer, artifact)
        case "shown" | "checkout":
            return _list(composer, artifact) if lines else composer.say("cart_empty")
        case _:
            return ""


def _sum(composer: Composer, artifact: Artifact) -> Iterator[str]:
    """What all is now, unless the one line that was told is all."""
    if not artifact["lines"]:
        yield composer.say("cart_now_empty")
    elif len(artifact["lines"]) > 1 or artifact["act"] == "removed":
        key = "total_goods" if artifact["pieces"] == 1 else "cart_sum"
        yield composer.say(key, n=artifact["pieces"], amount=composer.money(artifact["goods"]))


def _list(composer: Composer, artifact: Artifact) -> str:
    lines = [f"- {say_line(composer, line)}" for line in artifact["lines"]]
    return "\n".join([composer.say("cart_shown"), *lines, say_total(composer, artifact)])


def _checkout(composer: Composer, artifact: Artifact) -> str:
    """The address, what has changed since, and the total; the whole list where there is no address."""
    if "checkout_url" not in artifact:
        return f"{composer.say('cart_no_checkout')}\n{_list(composer, artifact)}"
    changed = [line for line in artifact["lines"] if line.keys() & {"gone", "stock", "price_then"}]
    lines = [f"- {say_line(composer, line)}" for line in changed]
    where = composer.say("cart_checkout", link=artifact["checkout_url"])
    return "\n".join([where, *lines, say_total(composer, artifact)])


def _open(composer: Composer, left: Mapping[str, Any]) -> str:
    """Which variants there are to choose from, or why it could not be put in."""
    title = str(left["titles"].get(composer.language, left["title"]))
    if left["why"] == "none":
        return say_stock(composer, title, left["fact"])
    if left["why"] == "few":
        key = "cart_few_more" if left["held"] else "cart_few"
        return composer.say(key, title=line_title(composer, left), n=left["stock"], held=left["held"])
    colors, sizes = [each["color"] for each in left["offer"]], [each["sizes"] for each in left["offer"]]
    comma = composer.say("comma")
    if len(colors) == 1:
        asked, values = ["size"], comma.join(variant_word(composer, "size", size) for size in sizes[0])
    else:
        several = any(len(each) > 1 for each in sizes)
        asked = ["color", "size"] if several else ["color"]
        between = _BETWEEN if several else comma
        values = between.join(_color(composer, each, with_sizes=several) for each in left["offer"])
    labels = [label_of(composer, name) for name in asked]
    key = "cart_which" if len(labels) == 1 else "cart_which_both"
    said = composer.say(key, title=line_title(composer, left), label=labels[0], other=labels[-1], values=values)
    return f"{said} {composer.say('cart_own_size', size=left['size'])}" if left["own_size"] else said


def _color(composer: Composer, offer: Mapping[str, Any], *, with_sizes: bool) -> str:
    color = variant_word(composer, "color", offer["color"])
    sizes = composer.say("comma").join(variant_word(composer, "size", size) for size in offer["sizes"])
    return f"{color} ({sizes})" if with_sizes and sizes else color


def cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    """The cart: a row for each line, what it comes to, and where it is paid."""
    if not artifact["lines"]:
        return ()
    rows = [Row(_name(composer, line), (_cost(composer, line),)) for line in artifact["lines"]]
    if "total" in artifact:
        method = composer.say(f"delivery_{artifact['method']}")
        fee = composer.money(artifact["shipping_fee"])
        rows += [Row(composer.say("card_delivery", method=method), (fee,))]
    if "checkout_url" in artifact:
        rows += [Row(composer.say("card_checkout"), (artifact["checkout_url"],))]
    total = composer.money(artifact.get("total", artifact["goods"]))
    return (Card(key="cart", title=composer.say("card_cart"), price=total, rows=tuple(rows)),)


def _name(composer: Composer, line: Mapping[str, Any]) -> str:
    return f"{line['quantity']} × {line_title(composer, line)}"


def _cost(composer: Composer, line: Mapping[str, Any]) -> str:
    return composer.say("card_gone") if line.get("gone") else composer.money(line["amount"])
