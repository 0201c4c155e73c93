"""What a customer wants instead of what was ordered, in words, and the variant that it comes to.

In: a product, the ordered item and a random generator. Out: a `Wish`. A wish is only made where the words leave one
available variant, so that the right call is certain.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.corpora.tau2.world import words

Json = dict[str, Any]
Options = Mapping[str, str]

_GROWING = (
    ("XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL"),
    ("small", "medium", "large"),
    ("low", "medium", "high"),
    ("light", "medium", "heavy"),
)
_KINDS = {
    "changes": 7, "full": 4, "form": 2, "loose": 4, "loose_cheapest": 3, "loose_dearest": 2, "cheapest": 3,
    "dearest": 2, "prefer": 3, "fallback": 4, "next": 3, "greater": 3, "item": 1, "missing": 3, "price": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """Words for what it should be, and the id of that variant; None if there is no such variant to be had."""

    text: str
    item_id: str | None


class Wisher:
    """Makes wishes about one item of one product."""

    def __init__(self, rng: random.Random, product: Json, item: Json) -> None:
        self.rng = rng
        self.item = item
        self.options: Options = item["options"]
        variants = sorted(product["variants"].values(), key=lambda variant: variant["price"])
        self.there: Sequence[Json] = [variant for variant in variants if variant["available"]]
        self.gone: Sequence[Json] = [variant for variant in variants if not variant["available"]]
        self.others: Sequence[Json] = [v for v in self.there if v["item_id"] != item["item_id"]]

    def wish(self) -> Wish | None:
        """A wish of a random kind, or None if that kind cannot be had for this item."""
        kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        if not self.others:
            return None
        if kind == "fallback":
            return self._fallback()
        if kind == "missing":
            return self._missing()
        if kind == "prefer":
            return self._prefer()
        if kind == "greater":
            return self._greater()
        if kind == "price":
            return self._price()
        target = self.rng.choice(self.others)
        if kind in ("cheapest", "dearest"):
            best = self.there[0 if kind == "cheapest" else -1]
            return self._said(kind, best) if best["item_id"] != self.item["item_id"] else None
        if kind.startswith("loose"):
            return self._loose(kind, target)
        if kind == "next":
            return self._next()
        if kind == "changes" and not self._near(target):
            return None
        return self._said(kind, target) if self._only([target["options"]], target) else None

    def _said(self, kind: str, target: Json, **slots: str) -> Wish:
        slots |= {"full": listed(target["options"].values()), "id": target["item_id"]}
        changed = {name: value for name, value in target["options"].items() if value != self.options[name]}
        slots |= {"changes": self._described(changed), "form": self._form(target["options"])}
        return Wish(self.rng.choice(words()["wishes"][kind]).format(**slots), target["item_id"])

    def _form(self, options: Options) -> str:
        changed = {name: value for name, value in options.items() if value != self.options[name]}
        return str(dict(changed if self.rng.random() < 0.4 and changed else options))

    def _near(self, target: Json) -> bool:
        options: Options = target["options"]
        return sum(value != self.options[name] for name, value in options.items()) <= 2

    def _only(self, wanted: Sequence[Options], target: Json) -> bool:
        """Whether the target is the only available variant with exactly these options."""
        same: list[Json] = [variant for variant in self.there if variant["options"] in wanted]
        return same == [target]

    def _described(self, options: Options) -> str:
        """Some options in words: "red", or "size L" where the value alone says little."""
        parts = [_described(self.rng, name, value) for name, value in options.items()]
        return listed(parts)

    def _matching(self, options: Options) -> list[Json]:
        return [v for v in self.there if all(v["options"].get(name) == value for name, value in options.items())]

    def _loose(self, kind: str, target: Json) -> Wish | None:
        names = self.rng.sample(list(target["options"]), self.rng.randint(1, max(1, len(target["options"]) - 1)))
        wanted = {name: value for name, value in target["options"].items() if name in names}
        found = self._matching(wanted)
        if kind == "loose" and len(found) != 1:
            return None
        best = found[-1 if kind == "loose_dearest" else 0]
        if best["item_id"] == self.item["item_id"]:
            return None
        return self._said(kind, best, loose=self._described(wanted))

    def _prefer(self) -> Wish | None:
        """Fixed options, and an order of preference among the values of one more."""
        name = self.rng.choice(list(self.options))
        target = self.rng.choice(self.others)
        fixed = {other: value for other, value in target["options"].items() if other != name}
        found = {v["options"][name]: v for v in self._matching(fixed) if v["item_id"] != self.item["item_id"]}
        values = sorted({v["options"][name] for v in [*self.there, *self.gone]})
        self.rng.shuffle(values)
        best = next((found[value] for value in values if value in found), None)
        if best is None or self.options[name] == values[0] or len(values) < 2:
            return None
        if self.item["item_id"] in {v["item_id"] for v in self._matching(fixed)}:
            return None
        return self._said("prefer", best, loose=self._described(fixed), option=name, order=" > ".join(values))

    def _fallback(self) -> Wish | None:
        """Two wishes, of which the first can often not be had."""
        target, second = (
            self.rng.choice([*self.gone, *self.gone, *self.gone, *self.others]),
            self.rng.choice(self.others),
        )
        if target is second or target["item_id"] == self.item["item_id"]:
            return None
        texts = [self._described(v["options"]) if self.rng.random() < 0.6 else listed(v["options"].values())
                 for v in (target, second)]  # fmt: skip
        text = self.rng.choice(words()["wishes"]["fallback"]).format(first=texts[0], second=texts[1])
        return Wish(text, (target if target["available"] else second)["item_id"])

    def _missing(self) -> Wish | None:
        """A variant that cannot be had; what then, the errand says."""
        target = self.rng.choice(self.gone) if self.gone else None
        if target is None or self._matching(target["options"]):
            return None
        if target["item_id"] == self.item["item_id"]:
            return Wish(self.rng.choice(words()["wishes"]["same"]), None)
        kind = "changes" if self._near(target) else "full"
        return Wish(self._said(kind, target).text, None)

    def _price(self) -> Wish | None:
        """The cheapest, if it costs less than some round price."""
        best = self.there[0]
        limit = round(best["price"] * self.rng.choice((0.8, 0.9, 1.1, 1.2)))
        if best["item_id"] == self.item["item_id"]:
            return None
        text = self.rng.choice(words()["wishes"]["price"]).format(limit=limit)
        return Wish(text, best["item_id"] if best["price"] < limit else None)

    def _next(self) -> Wish | None:
        """The next value up or down in one option, all else the same."""
        return self._step("next", lambda name, up: f"one {name} {'up' if up else 'down'}")

    def _greater(self) -> Wish | None:
        def said(name: str, up: bool) -> str:
            return str(words()["greater"].get(name, (f"a higher {name}", f"a lower {name}"))[0 if up else 1])

        return self._step("next", said)

    def _step(self, kind: str, said: Any) -> Wish | None:
        for name in self.rng.sample(list(self.options), len(self.options)):
            values = growing({v["options"][name] for v in [*self.there, *self.gone]} | {self.options[name]})
            up = self.rng.random() < 0.5
            at = values.index(self.options[name]) + (1 if up else -1) if values else -1
            if not values or not 0 <= at < len(values):
                continue
            found = self._matching({**self.options, name: values[at]})
            further = values[at + 1 :] if up else values[:at]
            if len(found) == 1 and not any(self._matching({**self.options, name: value}) for value in further):
                return self._said(kind, found[0], next=said(name, up))
        return None


def growing(values: set[str]) -> list[str]:
    """The values from small to large, or an empty list if they have no such order."""
    if len(values) < 2:
        return []
    for scale in _GROWING:
        if values <= set(scale):
            return sorted(values, key=scale.index)
    numbers = {value: re.match(r"\d+(\.\d+)?", value) for value in values}
    units = {re.sub(r"^\d+(\.\d+)?", "", value) for value in values}
    if all(numbers.values()) and len(units) == 1:
        return sorted(values, key=lambda value: float(numbers[value].group()))  # type: ignore[union-attr]
    return []


def listed(parts: Any) -> str:
    """Parts as a list in words: "a, b and c" or "a, b, c"."""
    parts = list(parts)
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "as it is"


def _described(rng: random.Random, name: str, value: str) -> str:
    """An option's value in words; a value that says little alone takes its option's name along."""
    bare = value in ("yes", "no", "none", "medium", "high", "low", "fixed") or len(value) <= 2 or value.isdigit()
    if value in ("yes", "no", "none"):
        return f"{name}: {value}" if rng.random() < 0.5 else f"{'no' if value != 'yes' else 'with'} {name}"
    if bare:
        return rng.choice((f"{name} {value}", f"{value} {name}", f"{name} {value}"))
    return rng.choice((value, value, f"{name} {value}", f"{value} {name}"))
