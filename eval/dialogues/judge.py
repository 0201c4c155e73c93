"""Judges one turn: what it lacks of what was expected, and what it noted that was not to be made a note of.

In: what is expected, the turn, and the fields of the products that it showed. Out: a `Verdict`. Nothing is read or
kept; each of the functions below looks at one side of the turn and gives what is wrong there, in words. No errors.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.turn import Turn
from eval.dialogues.form import Condition, Expected, Range, WantedProducts, WantedTrait
from eval.dialogues.products import LOW, Fields, meets

NONE = "none"  # in `proposal` and `template`: there is to be none
_FLAGS = re.IGNORECASE | re.DOTALL
Trait = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a turn, in words; `wrong_notes` are traits that were not to be noted."""

    lacking: tuple[str, ...]
    wrong_notes: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """All that is wrong; none if the turn is right."""
        return self.lacking + self.wrong_notes


def judge(expected: Expected, turn: Turn, shown: Sequence[Fields]) -> Verdict:
    """Hold a turn against what was expected of it."""
    lacking = [fault for look in _LOOKS for fault in look(expected, turn)]
    return Verdict((*lacking, *products(expected, shown)), tuple(wrong_notes(expected, turn)))


def tools(expected: Expected, turn: Turn) -> Iterator[str]:
    """One of `tool` was called with success, none of `no_tool` was called at all."""
    done, called = {step.name for step in turn.tools if step.ok}, {step.name for step in turn.tools}
    if expected.tool and done.isdisjoint(expected.tool.split("|")):
        yield f"no call of {expected.tool} with success; there were: {_names(done)}"
    if unwanted := called.intersection(expected.no_tool.split("|")):
        yield f"called {_names(unwanted)}"


def words(expected: Expected, turn: Turn) -> Iterator[str]:
    """The patterns of `reply` are found, those of `not_reply` are not; it is `empty` or it is not."""
    for pattern in expected.reply:
        if not re.search(pattern, turn.reply, _FLAGS):
            yield f"the reply does not have /{pattern}/"
    for pattern in expected.not_reply:
        if found := re.search(pattern, turn.reply, _FLAGS):
            yield f"the reply has /{pattern}/: {found[0]!r:.80}"
    is_empty = not turn.reply.strip()
    if expected.empty is not None and is_empty is not expected.empty:
        yield "the reply is empty" if is_empty else "the reply is not empty"


def products(expected: Expected, shown: Sequence[Fields]) -> Iterator[str]:
    """How many are shown, and what each, the first and any of them are."""
    if expected.max_products is not None and len(shown) > expected.max_products:
        yield f"{len(shown)} products are shown, at most {expected.max_products} were to be"
    wanted = expected.products
    if wanted is None:
        return
    if len(shown) < wanted.min:
        yield f"{len(shown)} products are shown, at least {wanted.min} were to be"
    for product in shown:
        yield from _each(wanted, product)
    if wanted.first and shown and not meets(shown[0], wanted.first):
        yield f"the first one, {_title(shown[0])}, is not {_said(wanted.first)}"
    if wanted.any and not any(meets(product, wanted.any) for product in shown):
        yield f"none that is shown is {_said(wanted.any)}"
    if wanted.sku and {product["sku"][0] for product in shown}.isdisjoint(wanted.sku):
        yield f"none of {', '.join(wanted.sku)} is shown"


def notes(expected: Expected, turn: Turn) -> Iterator[str]:
    """A trait like each of `profile` was added; one like each of `retracted` was taken back or replaced."""
    own = turn.own_profile
    added, gone = own["added"], (*own["retracted"], *own["superseded"])
    for name, wanted, traits in (("noted", expected.profile, added), ("taken back", expected.retracted, gone)):
        for one in wanted:
            if not any(is_like(trait, one) for trait in traits):
                yield f"not {name}: {_trait_said(one)}"


def wrong_notes(expected: Expected, turn: Turn) -> Iterator[str]:
    """What was noted of the customer although `profile_not` or `quiet` says that it is not to be."""
    for trait in turn.own_profile["added"]:
        if expected.quiet or any(is_like(trait, one) for one in expected.profile_not):
            yield f"noted {trait['polarity']} {trait['attribute']} = {trait['value']}"


def outcome(expected: Expected, turn: Turn) -> Iterator[str]:
    """The pending proposal, the approved answer, the handoff, the language."""
    proposal = (turn.proposal or {}).get("kind", NONE)
    if expected.proposal and proposal not in expected.proposal:
        yield f"the proposal is {proposal}, not {' or '.join(expected.proposal)}"
    template = turn.template or NONE
    if expected.template and template not in expected.template:
        yield f"the approved answer is {template}, not {' or '.join(expected.template)}"
    if expected.handoff is not None and turn.handoff is not expected.handoff:
        yield "a person is in charge" if turn.handoff else "no person is in charge"
    if expected.language is not None and turn.language != expected.language:
        yield f"the language is {turn.language}, not {expected.language}"


def is_like(trait: Trait, wanted: WantedTrait) -> bool:
    """Whether a trait is one of those that are described."""
    return (
        re.fullmatch(wanted.attribute, trait["attribute"]) is not None
        and re.search(wanted.value, str(trait["value"]), re.IGNORECASE) is not None
        and (not wanted.polarity or trait["polarity"] in wanted.polarity)
    )


_LOOKS: Sequence[Callable[[Expected, Turn], Iterator[str]]] = (tools, words, notes, outcome)


def _each(wanted: WantedProducts, product: Fields) -> Iterator[str]:
    price, title = product[LOW][0], _title(product)
    if wanted.max_price is not None and price > wanted.max_price:
        yield f"{title} costs {price}, more than {wanted.max_price}"
    if wanted.min_price is not None and price < wanted.min_price:
        yield f"{title} costs {price}, less than {wanted.min_price}"
    if wanted.category and product["category"][0] not in wanted.category:
        yield f"{title} is of {product['category'][0]}, not of {' or '.join(wanted.category)}"
    if wanted.all and not meets(product, wanted.all):
        yield f"{title} is not {_said(wanted.all)}"
    if wanted.none and meets(product, wanted.none):
        yield f"{title} is {_said(wanted.none)}"


def _title(product: Fields) -> str:
    return str(product["title"][0])


def _said(condition: Condition) -> str:
    return ", ".join(f"{name} {_wanted(wanted)}" for name, wanted in condition.items())


def _wanted(wanted: Range | Sequence[Any]) -> str:
    if isinstance(wanted, Range):
        bounds = (("from", wanted.min), ("to", wanted.max))
        return " ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
    return " or ".join(map(str, wanted))


def _trait_said(wanted: WantedTrait) -> str:
    return " ".join((" or ".join(wanted.polarity), f"{wanted.attribute} = {wanted.value}")).strip()


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or NONE
