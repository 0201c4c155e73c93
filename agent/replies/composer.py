"""Strict replies: code writes what the tools found, in the customer's language, from approved phrases.

In: the artifacts of a turn's tools, the shop, the phrases, the language. Out: the reply. Each tool's record says how
its result is put (`agent.tools`), with the lines that stand here. Every value is copied from an artifact, so the gate
finds its evidence; the model has no part in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isinf
from typing import TYPE_CHECKING, Any

from agent.context import Services
from agent.orders.proposals import CASE_CHARS
from language.detection import is_written_in
from language.matching import shared_synonyms
from language.money import format_money, format_money_range
from language.names import label_in
from language.recipients import recipient_word
from language.text import has_han
from profiles.attribute import Attribute, key_of, parts_of
from profiles.observation import Value
from retrieval.facets import Facet
from retrieval.spans import span_of

if TYPE_CHECKING:
    from agent.tools.tool import Tool

Artifact = Mapping[str, Any]
_LOW_STOCK = 3
_CODE = 3  # letters of a value that every language writes alike: a size


def shown(attribute: Attribute, value: Value, currency: str, language: str) -> str:
    """A trait's value: money with its sign, a range as "$100-200", and a key before what is kept under it."""
    if attribute.per and key_of(value):
        key, kept = parts_of(value)
        return f"{key}: {shown(replace(attribute, per=None), kept, currency, language)}"
    if attribute.range and (span := span_of(str(value))):
        low, high = (None if isinf(end) else end for end in (span.low, span.high))
        return format_money_range(low, high, currency if attribute.type == "money" else "", language)
    if attribute.type == "money" and str(value).replace(".", "", 1).isdecimal():  # of a key it is text
        return format_money(float(value), currency, language)
    return f"{value:g}" if isinstance(value, float) else str(value)


def by_person(traits: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Traits as artifacts have them, by whom they are about; the customer ("") comes first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for trait in sorted(traits, key=lambda trait: bool(trait.get("about"))):
        found.setdefault(str(trait.get("about", "")), []).append(trait)
    return found


def own_word(facet: Facet, value: str, language: str) -> str:
    """A value in the customer's language, where the shop has such a word."""
    if listed := facet.own_words.get(language, {}).get(value):
        return listed[0]
    own = (alias for alias, meant in facet.aliases.items() if meant == value and is_written_in(alias, language))
    return value if is_written_in(value, language) else next(own, value)


def variant_of(item: Mapping[str, Any]) -> str:
    """Color and size, as far as an item has them."""
    return ", ".join(str(item[name]) for name in ("color", "size") if item.get(name))


def _worded(value: str, own: Mapping[str, str]) -> str:
    first, _, rest = value.rpartition(" ")
    return own.get(value) or (f"{own[first]} {rest}" if first in own else value)


def _in_it(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items without the pieces that were cancelled."""
    if order["status"] == "cancelled":
        return list(order["items"])
    items = [item | {"quantity": item["quantity"] - item.get("cancelled", 0)} for item in order["items"]]
    return [item for item in items if item["quantity"]]


@dataclass(frozen=True, slots=True)
class Composer:
    """Writes replies for one shop. `seed` (the turn's id) chooses among variants of a phrase."""

    services: Services
    language: str
    seed: str

    def paragraphs(self, artifacts: Sequence[Artifact]) -> list[str]:
        """One for each result that has something to say to the customer, then at most one question."""
        tools = {tool.kind: tool for tool in self.services.tools}
        told = [(tools.get(artifact["kind"]), artifact) for artifact in artifacts]
        is_beside = any(tool is None or tool.say_beside is None for tool, _ in told)
        parts = [self._part(tool, artifact, is_beside) for tool, artifact in told]
        questions = [tool.ask(self, artifact) for tool, artifact in told if tool and tool.ask]
        parts += [question for question in questions if question][-1:]
        return [part for part in parts if part] or [self.say("anything_else")]

    def say(self, key: str, **slots: str | int | float) -> str:
        """A phrase in the turn's language."""
        return self.services.phrases.say(key, self.language, seed=self.seed, **slots)

    def money(self, amount: float) -> str:
        """An amount in the shop's currency."""
        return format_money(amount, self.services.shop.currency, self.language)

    def product(self, hit: Mapping[str, Any]) -> str:
        """One line about a product: its title, price, variant, what the list is sorted by, stock, rating, and why."""
        stock = hit["stock"]
        key = "out_of_stock" if not stock else "low_stock" if stock <= _LOW_STOCK else "in_stock"
        if hit.get("because"):
            reasons = [self.say("reason_act", act=hit["because"])]
        else:
            reasons = [self.say("reason_trait", trait=self._liked(reason)) for reason in hit["reasons"][:1]]
        details = [self.worded(name, hit[name]) for name in ("color", "size") if hit[name]]
        details += [hit["measured"]] if "measured" in hit else []
        return self.say(
            "product_line",
            title=hit["titles"].get(self.language, hit["title"]),
            price=format_money(hit["price"], hit["currency"], self.language),
            details=self.say("comma").join(details),
            stock_text=self.say(key, n=stock),
            rating="" if hit["rating"] is None else self.say("rated", rating=f"{hit['rating']:.1f}"),
            reason="".join(reasons),
        )

    def order_line(self, order: Mapping[str, Any]) -> str:
        """One line about an order: its status, date, items and total."""
        return self.say("order_line", **self._order_slots(order), items=self.items(_in_it(order)))

    def order_head(self, order: Mapping[str, Any]) -> str:
        """The same without its items, which stand below."""
        return self.say("order_head", **self._order_slots(order))

    def _order_slots(self, order: Mapping[str, Any]) -> dict[str, str]:
        return {
            "id": order["id"],
            "status": self.say(f"status_{order['status']}"),
            "total": self.money(order["total"]),
            "placed": order["placed"][:10],
        }

    def items(self, items: Sequence[Mapping[str, Any]]) -> str:
        """Items of an order with their quantities."""
        return ", ".join(f"{item['quantity']} x {self._title(item)}" for item in items)

    def order_lines(self, order: Mapping[str, Any]) -> list[str]:
        """Each item of an order on a line of its own, with its color, size and price."""
        return [self._order_item(item) for item in _in_it(order)]

    def _order_item(self, item: Mapping[str, Any]) -> str:
        worded = [self.worded(name, item[name]) for name in ("color", "size") if item.get(name)]
        return self.say(
            "order_item" if item["quantity"] == 1 else "order_item_each",
            item=f"{item['quantity']} x {self._title(item)}",
            details=self.say("comma").join(worded),
            price=self.money(item["price"]),
        )

    def _title(self, item: Mapping[str, Any]) -> str:
        """What an item is called in the turn's language, if the shop still sells it; else as it was ordered."""
        product = self.services.retriever.catalog.by_sku.get(str(item.get("sku", "")))
        return product.titles.get(self.language, item["title"]) if product else str(item["title"])

    def traits(self, traits: Sequence[Mapping[str, Any]]) -> str:
        """What is known of the customer and of those they buy for, in one line."""
        comma = self.say("comma")
        told = {who: comma.join(map(self.trait, some)) for who, some in by_person(traits).items()}
        return "; ".join(self.of_person(who, text) for who, text in told.items())

    def of_person(self, who: str, told: str) -> str:
        """What is told of somebody, with their name before it; of the customer as it is."""
        return self.say("traits_of", who=self.person(who), traits=told) if who else told

    def person(self, who: str) -> str:
        """Somebody whom the customer buys for, in the turn's language."""
        return recipient_word(who, self.language)

    def trait(self, trait: Mapping[str, Any]) -> str:
        """One thing that is known of the customer, with its label."""
        attribute = self.services.schema.attributes[trait["attribute"]]
        label = label_in(attribute.label, self.language, attribute.name)
        value = shown(attribute, trait["value"], self.services.shop.currency, self.language)
        value = self.worded(attribute.facet or attribute.name, value)
        if trait["polarity"] == "fact":
            return f"{label}: {value}"
        return self.say(f"trait_{trait['polarity']}", label=label, value=value)

    def value(self, name: str, value: str) -> str:
        """A facet's value with the facet's label."""
        label = self.services.shop.facets.get(name, {}).get("label", {})
        return f"{label_in(label, self.language, name)}: {self.worded(name, value)}"

    def worded(self, name: str, value: str) -> str:
        """A facet's value in a language of another script, as the shop's other words for it say: "grey" is 灰色.

        Where there is none it stays the catalogue's own word. Of several values, or of one with a size behind it, each
        is said so: "grey, navy", "grey 36".
        """
        if not has_han(self.say("confirm_ask")):
            return value
        aliases: Mapping[str, str] = self.services.shop.facets.get(name, {}).get("aliases", {})
        shared = {each: words for each, words in shared_synonyms(name).items() if len(each) > _CODE}
        own = {each: next(filter(has_han, words), each) for each, words in shared.items()}
        own |= {meant: word for word, meant in reversed([*aliases.items()]) if has_han(word)}
        return self.say("comma").join(_worded(part, own) for part in value.split(", "))

    def done(self, proposal: Mapping[str, Any]) -> str:
        """What was carried out, after the customer's yes."""
        return self.change("done", proposal)

    def change(self, stage: str, proposal: Mapping[str, Any]) -> str:
        """A change; `stage` is "propose", "amend" or "done"."""
        facts = proposal["summary"]
        kind = proposal["kind"]
        if kind == "cancel_order" and facts.get("kept") and stage != "amend":
            kind = "partly_cancel"
        key = f"{stage}_{kind}"
        said = self.say(
            key,
            id=facts.get("order_id", ""),
            items=self.items(facts.get("items", [])),
            amount=self.money(facts.get("amount", 0.0)),
            address=facts.get("address", ""),
            swaps="; ".join(map(self._swap, facts.get("items", []), facts.get("to", []))),
            problem=self.say(f"problem_{facts['problem']}") if "problem" in facts else "",
            case=str(proposal["id"])[:CASE_CHARS],
        )
        if facts.get("orders_kept") and self.services.phrases.has(f"{key}_kept"):
            said = f"{said} {self.say(f'{key}_kept', n=facts['orders_kept'])}"
        return said

    def _swap(self, item: Mapping[str, Any], to: Mapping[str, Any]) -> str:
        """One item of an exchange: what it is, and what comes for it."""
        return self.say("swap", item=self.items([item]), was=variant_of(item), to=variant_of(to))

    def refused(self, phrase: str, slots: Mapping[str, Any]) -> str:
        """Why something cannot be done; statuses and money are put into words."""
        said = dict(slots)
        if "status" in said:
            said["status"] = self.say(f"status_{said['status']}")
        for name in ("cap", "amount"):
            if name in said:
                said[name] = self.money(float(said[name]))
        return self.say(phrase, **said)

    def _part(self, tool: "Tool | None", artifact: Artifact, is_beside: bool) -> str:
        if artifact["kind"] == "refused":
            return self.refused(artifact["phrase"], artifact["slots"])
        if tool is None:
            return self.say("failed")
        return (tool.say_beside if is_beside and tool.say_beside else tool.say)(self, artifact)

    def _liked(self, reason: str) -> str:
        """The value alone of "color dark green"; a reason in words as it is."""
        name, _, value = reason.partition(" ")
        return self.worded(name, value) if name in self.services.retriever.facets.names else reason
