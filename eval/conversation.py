"""The conversation that must work: twelve cases played through the JSON contract's turns and checked one by one.

In: an agent, a customer with a cancellable newest order, and which wording of each case to use. Out: `CaseResult`s with
what failed. The expectations are data (conversation.yaml); a check that an expectation names is a function here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.shopkeeper import Shopkeeper
from agent.turn import Turn

Json = Mapping[str, Any]
_CASES = Path(__file__).with_name("conversation.yaml")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a check may look at: the agent's stores, who speaks, another customer's order, and the turn."""

    shopkeeper: Shopkeeper
    customer: str
    consultation: str
    own: str
    other: str
    turn: Turn


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: the message, the turn, and the names of the expectations that failed."""

    case: str
    said: str
    turn: Turn
    failed: tuple[str, ...]


def play(shopkeeper: Shopkeeper, customer: str, consultation: str, wording: int = 0) -> list[CaseResult]:
    """Play all cases in one consultation. The customer's newest order gets cancelled on the way."""
    orders = shopkeeper.services.orders
    own = orders.get(customer, "last").id
    others = (name for name in shopkeeper.services.profiles.customers() if name != customer)
    other = next(order.id for name in others for order in orders.list(name))
    results = []
    for case in yaml.safe_load(_CASES.read_text(encoding="utf-8")):
        said = case["say"][wording % len(case["say"])].format(own=own, other=other)
        turn = shopkeeper.reply(customer, consultation, said)
        failed = _failures(case["expect"], Scene(shopkeeper, customer, consultation, own, other, turn))
        if "again" in case:
            again = shopkeeper.reply(customer, consultation, said)
            scene = Scene(shopkeeper, customer, consultation, own, other, again)
            failed += [f"again: {name}" for name in _failures(case["again"], scene)]
        results.append(CaseResult(case["case"], said, turn, tuple(failed)))
    return results


def _failures(expected: Json, scene: Scene) -> list[str]:
    return [f"{name} {wanted!r}" for name, wanted in expected.items() if not CHECKS[name](scene, wanted)]


def _called(scene: Scene, name: str) -> bool:
    return any(step.name == name and step.ok for step in scene.turn.tools)


def _search(scene: Scene) -> Json:
    return next((step.result for step in scene.turn.tools if step.result.get("kind") == "products"), {})


def _traits(scene: Scene) -> list[Json]:
    return [trait.to_json() for trait in scene.shopkeeper.services.profiles.read(scene.customer).traits]


def _fits(trait: Json, wanted: Json) -> bool:
    return all(trait[key] == value for key, value in wanted.items())


def _holds(scene: Scene, wanted: Json) -> bool:
    return any(_fits(trait, wanted) for trait in _traits(scene))


def _without(scene: Scene, wanted: Json) -> bool:
    hits = _search(scene).get("hits", [])
    return bool(hits) and not any(
        value in str(made) for hit in hits for name, value in wanted.items() for made in hit["facets"].get(name, [])
    )


def _quoted(scene: Scene) -> bool:
    added: Sequence[Json] = scene.turn.profile["added"]
    said = str(scene.shopkeeper.messages(scene.consultation)).casefold()
    return bool(added) and all(e["quote"].casefold() in said for trait in added for e in trait["evidence"])


def _status(scene: Scene) -> str:
    return scene.shopkeeper.services.orders.get(scene.customer, scene.own).status


def _no_leak(scene: Scene) -> bool:
    shown = str([step.result for step in scene.turn.tools]) + scene.turn.reply
    return not any(word in shown for word in ("carrier", "tracking", "'items'"))


def _quiet_after(scene: Scene) -> bool:
    return scene.shopkeeper.reply(scene.customer, scene.consultation, "hello? are you there?").reply == ""


CHECKS: Mapping[str, Callable[[Scene, Any], bool]] = {
    "tool": _called,
    "tools": lambda scene, count: len(scene.turn.tools) == count,
    "max_price": lambda scene, price: _search(scene).get("filters", {}).get("max_price") == price,
    "filters": lambda scene, wanted: wanted.items() <= dict(_search(scene).get("filters", {})).items(),
    "has_traits": lambda scene, wanted: all(_holds(scene, trait) for trait in wanted),
    "holds": _holds,
    "holds_not": lambda scene, wanted: not _holds(scene, wanted),
    "retracted": lambda scene, wanted: any(_fits(trait, wanted) for trait in scene.turn.profile["retracted"]),
    "products_without": _without,
    "products_up_to": lambda scene, price: all(hit["price"] <= price for hit in scene.turn.products),
    "quotes": lambda scene, _: _quoted(scene),
    "says": lambda scene, words: words in scene.turn.reply,
    "order": lambda scene, _: scene.own in scene.turn.reply,
    "proposal": lambda scene, kind: (scene.turn.proposal or {}).get("kind") == kind,
    "untouched": lambda scene, _: _status(scene) != "cancelled",
    "cancelled": lambda scene, _: _status(scene) == "cancelled",
    "no_leak": lambda scene, _: _no_leak(scene),
    "refused": lambda scene, _: not any(step.ok for step in scene.turn.tools if "order" in step.name),
    "language": lambda scene, language: scene.turn.language == language,
    "chinese": lambda scene, _: any("\u4e00" <= letter <= "\u9fff" for letter in scene.turn.reply),
    "no_write": lambda scene, _: not any(scene.turn.profile.values()) and scene.turn.proposal is None,
    "polite": lambda scene, _: bool(scene.turn.reply.strip()),
    "handoff": lambda scene, wanted: scene.turn.handoff is wanted,
    "quiet_after": lambda scene, _: _quiet_after(scene),
}
