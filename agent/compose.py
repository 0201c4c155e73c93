"""Strict replies: code writes what the tools found, in the customer's language, from approved phrases.

In: the artifacts of a turn's tools, the shop, the phrases, the language. Out: the reply. Every value in it is copied
from an artifact, so the gate finds its evidence; the model has no part in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isinf
from typing import Any

from agent.context import Services
from profiles.attribute import Attribute, key_of, parts_of
from profiles.observation import Value
from profiles.words import has_cjk
from retrieval.facets import Facet
from retrieval.spans import Span, span_of

Artifact = Mapping[str, Any]
_LOW_STOCK = 3
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥"}


def money(amount: float | Decimal, currency: str) -> str:
    """``money(1299.0, "USD") == "$1,299.00"``; a currency without a symbol is written out."""
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{amount:,.2f}" if symbol else f"{amount:,.2f} {currency}"


def shown(attribute: Attribute, value: Value, currency: str) -> str:
    """A trait's value: money with its sign, a range as "$100-200", and a key before what is kept under it."""
    if attribute.per and key_of(value):
        key, kept = parts_of(value)
        return f"{key}: {shown(replace(attribute, per=None), kept, currency)}"
    if attribute.range and (span := span_of(str(value))):
        return _spanned(span, currency if attribute.type == "money" else "")
    if attribute.type == "money" and str(value).replace(".", "", 1).isdecimal():  # of a key it is text
        return money(float(value), currency)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _spanned(span: Span, currency: str) -> str:
    """ "$100-200", and with an open end "$100+" or "≤$200"; the same in every language."""
    low, high = (f"{end:,.2f}".removesuffix(".00") for end in (span.low, span.high))
    symbol = _SYMBOLS.get(currency, "")
    both = f"{symbol}{low}-{high}"
    numbers = f"≤{symbol}{high}" if isinf(span.low) else f"{symbol}{low}+" if isinf(span.high) else both
    return numbers if symbol or not currency else f"{numbers} {currency}"


def own_word(facet: Facet, value: str, language: str) -> str:
    """A value in the customer's language, where the shop has such a word."""
    chinese = language == "zh" and not has_cjk(value)
    own = (alias for alias, meant in facet.aliases.items() if meant == value and has_cjk(alias))
    return next(own, value) if chinese else value


@dataclass(frozen=True, slots=True)
class Composer:
    """Writes replies for one shop. `seed` (the turn's id) chooses among variants of a phrase."""

    services: Services
    language: str
    seed: str

    def reply(self, artifacts: Sequence[Artifact]) -> str:
        """One paragraph for each result that has something to say to the customer."""
        quiet = any(artifact["kind"] != "profile" for artifact in artifacts)
        parts = [self._part(artifact, quiet) for artifact in artifacts]
        parts += [self._question(one["question"]) for one in artifacts if one.get("question")][-1:]
        return "\n\n".join(part for part in parts if part) or self.say("anything_else")

    def say(self, key: str, **slots: str | int | float) -> str:
        """A phrase in the turn's language."""
        return self.services.phrases.say(key, self.language, seed=self.seed, **slots)

    def _part(self, artifact: Artifact, quiet: bool) -> str:
        writers: Mapping[str, Callable[[Artifact], str]] = {
            "products": self._products,
            "answer": self._answer,
            "profile": self._profile_quiet if quiet else self._profile,
            "profile_read": self._profile_read,
            "orders": self._orders,
            "order": lambda a: self._order(a["order"]),
            "proposal": self._proposal,
            "refused": lambda a: self.refused(a["phrase"], a["slots"]),
            "handoff": lambda a: self.say("handed_off"),
            "failed": lambda a: self.say("failed"),
        }
        return writers[artifact["kind"]](artifact)

    def _products(self, artifact: Artifact) -> str:
        hits = artifact["hits"]
        if not hits:
            return self.say("found_none")
        head = self.say("found_one") if len(hits) == 1 else self.say("found_many", count=len(hits))
        if artifact["dropped"]:
            names = ", ".join(self._value(*named.split(" ", 1)) for named in artifact["dropped"])
            head = f"{self.say('found_relaxed', dropped=names)} {head}"
        if back := artifact.get("resumed"):
            head = f"{self.say('resumed', wanted=back['wanted'])} {head}"
        return "\n".join([head, *(f"- {self._product(hit)}" for hit in hits), *self._suggestion(artifact)])

    def _suggestion(self, artifact: Artifact) -> Sequence[str]:
        """What others took who looked at one of the hits."""
        if (item := artifact.get("suggestion")) is None:
            return ()
        anchor = item["anchor"].get(self.language, item["anchor"]["en"])
        return (self.say("suggested", anchor=anchor, product=self._product(item)),)

    def _question(self, question: Mapping[str, Any]) -> str:
        """One short question behind all else; values in the customer's language, where the shop has such a word."""
        facet = self.services.retriever.facets.facet(question["facet"])
        values = [own_word(facet, value, self.language) for value in question["values"]]
        label = facet.label.get(self.language) or facet.label.get("en") or facet.name.replace("_", " ")
        offered = self.say("or").join([self.say("comma").join(values[:-1]), values[-1]]) if values[1:] else values[0]
        return self.say("narrow_down", label=label, values=offered)

    def _product(self, hit: Mapping[str, Any]) -> str:
        stock = hit["stock"]
        key = "out_of_stock" if not stock else "low_stock" if stock <= _LOW_STOCK else "in_stock"
        if hit.get("because"):
            reasons = [self.say("reason_act", act=hit["because"])]
        else:
            reasons = [self.say("reason_trait", trait=self._liked(reason)) for reason in hit["reasons"][:1]]
        details = [part for part in (hit["color"], hit["size"]) if part]
        return self.say(
            "product_line",
            title=hit["titles"].get(self.language, hit["title"]),
            price=money(hit["price"], hit["currency"]),
            details=", ".join(details),
            stock_text=self.say(key, n=stock),
            rating="" if hit["rating"] is None else self.say("rated", rating=f"{hit['rating']:.1f}"),
            reason="".join(reasons),
        )

    def _liked(self, reason: str) -> str:
        """The value alone of "color dark green"; a reason in words as it is."""
        name, _, value = reason.partition(" ")
        return value if name in self.services.retriever.facets.names else reason

    def _answer(self, artifact: Artifact) -> str:
        return str(artifact["text"] or self.say("no_answer"))

    def _profile(self, artifact: Artifact) -> str:
        parts = []
        if artifact["added"]:
            parts.append(self.say("noted", traits=self._traits(artifact["added"])))
        if artifact["retracted"] and not artifact["added"]:
            parts.append(self.say("forgotten", traits=self._traits(artifact["retracted"])))
        if artifact["refused"] and not parts:
            forget = all(refused["polarity"] == "forget" for refused in artifact["refused"])
            parts.append(self.say("nothing_to_forget" if forget else "cannot_do"))
        return " ".join(parts) or self.say("noted_already")

    def _profile_quiet(self, artifact: Artifact) -> str:
        """Beside other results the profile speaks in one short sentence."""
        return self.say("noted", traits=self._traits(artifact["added"])) if artifact["added"] else ""

    def _profile_read(self, artifact: Artifact) -> str:
        if not artifact["traits"]:
            return self.say("profile_empty")
        lines = [f"- {self._trait(trait)}" for trait in artifact["traits"]]
        return "\n".join([self.say("profile_intro"), *lines])

    def _orders(self, artifact: Artifact) -> str:
        if not artifact["orders"]:
            return self.say("orders_none")
        return "\n".join([self.say("orders_intro"), *(f"- {self._order_line(order)}" for order in artifact["orders"])])

    def _order_line(self, order: Mapping[str, Any]) -> str:
        return self.say(
            "order_line",
            id=order["id"],
            status=self.say(f"status_{order['status']}"),
            total=money(order["total"], self.services.shop.currency),
            placed=order["placed"][:10],
            items=self._items(order["items"]),
        )

    def _order(self, order: Mapping[str, Any]) -> str:
        """Where it is, as far as the shop says: an order without a carrier or a date is given with its status alone."""
        facts = {name: order[name] for name in ("id", "carrier", "tracking", "eta", "delivered") if order.get(name)}
        key, line = f"order_{order['status']}", f"- {self._order_line(order)}"
        if self.services.phrases.slots(key, self.language) <= set(facts):
            return f"{self.say(key, **facts)}\n{line}"
        return line

    def _proposal(self, artifact: Artifact) -> str:
        return f"{self._act('propose', artifact['proposal'])} {self.say('confirm_ask')}"

    def done(self, proposal: Mapping[str, Any]) -> str:
        """What was carried out, after the customer's yes."""
        return self._act("done", proposal)

    def _act(self, stage: str, proposal: Mapping[str, Any]) -> str:
        facts = proposal["summary"]
        return self.say(
            f"{stage}_{proposal['kind']}",
            id=facts["order_id"],
            items=self._items(facts.get("items", [])),
            amount=money(facts.get("amount", 0.0), self.services.shop.currency),
            address=facts.get("address", ""),
        )

    def refused(self, phrase: str, slots: Mapping[str, Any]) -> str:
        """Why something cannot be done; statuses and money are put into words."""
        said = dict(slots)
        if "status" in said:
            said["status"] = self.say(f"status_{said['status']}")
        for name in ("cap", "amount"):
            if name in said:
                said[name] = money(float(said[name]), self.services.shop.currency)
        return self.say(phrase, **said)

    def _items(self, items: Sequence[Mapping[str, Any]]) -> str:
        return ", ".join(f"{item['quantity']} x {item['title']}" for item in items)

    def _traits(self, traits: Sequence[Mapping[str, Any]]) -> str:
        return ", ".join(self._trait(trait) for trait in traits)

    def _trait(self, trait: Mapping[str, Any]) -> str:
        attribute = self.services.schema.attributes[trait["attribute"]]
        label = attribute.label.get(self.language, attribute.label["en"])
        value = shown(attribute, trait["value"], self.services.shop.currency)
        if trait["polarity"] == "fact":
            return f"{label}: {value}"
        return self.say(f"trait_{trait['polarity']}", label=label, value=value)

    def _value(self, name: str, value: str) -> str:
        label = self.services.shop.facets.get(name, {}).get("label", {})
        return f"{label.get(self.language, name)}: {value}"  # the catalogue's own word: it has one language
