"""The state that a consultation leaves behind, and whether it is the one that a plan demands.

In: an agent's stores before and after, a `Plan`. Out: `State`s, and the differences in words. All orders of all
customers are compared, so that a change nobody wished for is found; of the profile what the customer has stated.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from agent.context import Services
from agent.orders.book import orders
from eval.customers.goals import demanded
from eval.customers.plan import Plan, Task, Trait, Wish
from profiles.observation import Authority
from profiles.storage.database import reading

Plain = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class State:
    """Orders by id, as JSON; stated traits; whether a person was called."""

    orders: Mapping[str, Mapping[str, Any]]
    traits: frozenset[Plain]
    person: bool


def read_state(services: Services, customer: str, consultation: str) -> State:
    """The state now."""
    with reading(services.orders.engine) as connection:
        rows = connection.execute(select(orders.c.id, orders.c.body)).all()
    stated = [t for t in services.profiles.read(customer).traits if t.authority is Authority.STATED]
    return State(
        {row.id: json.loads(row.body) for row in rows},
        frozenset(plain((trait.attribute, trait.value, trait.polarity)) for trait in stated),
        services.handoffs.is_open(consultation),
    )


def plain(trait: tuple[str, Any, str]) -> Plain:
    """A trait for comparison: numbers without trailing zeros, words in lower case."""
    attribute, value, polarity = trait
    return attribute, f"{value:g}" if isinstance(value, int | float) else str(value).casefold(), polarity


def differences(plan: Plan, before: State, after: State) -> list[str]:
    """Where the end is not the one that the plan demands; empty if all is as it should be."""
    return [*_orders(plan, before, after), *_traits(plan, before, after), *_person(plan, after)]


def _orders(plan: Plan, before: State, after: State) -> list[str]:
    wanted = dict(before.orders)
    for task in plan.tasks:
        if task.kind == "order" and task.agrees and task.wish:
            wanted[task.wish.order] = _changed(wanted[task.wish.order], task.wish)
    return [
        f"order {name}: {_brief(after.orders.get(name, {}))} instead of {_brief(order)}"
        for name, order in wanted.items()
        if after.orders.get(name) != order
    ]


def _changed(order: Mapping[str, Any], wish: Wish) -> Mapping[str, Any]:
    if wish.kind == "cancel_order":
        return {**order, "status": "cancelled"}
    if wish.kind == "change_address":
        return {**order, "address": wish.address}
    items = [item | {"returned": item["quantity"]} if item["sku"] in wish.skus else item for item in order["items"]]
    return {**order, "status": "return_requested", "items": items}


def _brief(order: Mapping[str, Any]) -> str:
    returned = [f"{item['returned']} x {item['sku']} back" for item in order.get("items", ()) if item.get("returned")]
    return ", ".join([str(order.get("status")), str(order.get("address")), *returned])


def _traits(plan: Plan, before: State, after: State) -> list[str]:
    must, gone, may = demanded(plan)
    demanded_traits, allowed = {plain(trait) for trait in must}, {plain(trait) for trait in must | may}
    dropped = {plain((attribute, value, ""))[:2] for attribute, value in gone}
    missing = demanded_traits - after.traits
    kept = [trait for trait in after.traits if trait[:2] in dropped]
    invented = after.traits - before.traits - allowed
    replaced = {trait[0] for trait in allowed}
    lost = [t for t in before.traits - after.traits if t[:2] not in dropped and t[0] not in replaced]
    return [
        *(f"not noted: {_words(trait)}" for trait in sorted(missing)),
        *(f"still there: {_words(trait)}" for trait in sorted(kept)),
        *(f"noted though not said: {_words(trait)}" for trait in sorted(invented)),
        *(f"lost: {_words(trait)}" for trait in sorted(lost)),
    ]


def _words(trait: Plain) -> str:
    return " ".join(part for part in (trait[0], trait[1], trait[2]) if part)


def _person(plan: Plan, after: State) -> list[str]:
    wanted = any(task.kind == "person" for task in plan.tasks)
    if wanted == after.person:
        return []
    return ["no person was called"] if wanted else ["a person was called for no reason"]


def shown_wrong(task: Task, hits: list[dict[str, Any]]) -> list[str]:
    """Products shown that do not meet the filters of a search."""
    return [hit["sku"] for hit in hits if not all(_fits(hit, name, value) for name, value in task.filters.items())]


def _fits(hit: Mapping[str, Any], name: str, value: Any) -> bool:
    if name == "max_price":
        return bool(hit["price"] <= value)
    held = hit[name] if name in ("category", "brand", "color", "size") else hit["facets"].get(name, [])
    values = held if isinstance(held, list | tuple) else [held]
    return any(value == one or str(one).endswith(f" {value}") for one in values)


__all__ = ["State", "Trait", "differences", "plain", "read_state", "shown_wrong"]
