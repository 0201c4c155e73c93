"""The journal as a command: `history` shows it, `undo` and `merge` add to it. Options and a store in, text out."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from errors import Refused
from profiles.commands.words import of, print_json, shown, words
from profiles.customer import Customer
from profiles.history.explanation import undone_in
from profiles.intents.changes import IntentChange, changes
from profiles.intents.reads import read_intents
from profiles.observation import Change, Observation
from profiles.privacy.audit import Act
from profiles.privacy.commands import noted
from profiles.reserved import INTENTS
from profiles.shop.imports import open_intake
from profiles.store import ProfileStore

_ACTS = {"retract": "retracts", "undo": "undoes"}


def history(options: argparse.Namespace, store: ProfileStore) -> None:
    """Every observation, with those that were undone and the undoings."""
    customer = store.customer(options.customer).id
    noted(options, store, customer)
    journal = store.history(customer)
    undone = undone_in(journal)
    if options.json:
        print_json([item.to_json() | {"undone": item.id in undone} for item in journal])
        return
    for item in journal:
        mark = "  (undone)" if item.id in undone else ""
        print(
            f"{item.at:%Y-%m-%d %H:%M}  {item.authority:<8} {_ACTS.get(item.op, item.polarity):<8} "
            f"{of(item.about)}{_name(item)}: {shown(item.value)}  {item.evidence.kind} {item.evidence.id}: "
            f"{item.evidence.quote!r}  [{item.id}]{mark}"
        )


def _name(item: Observation) -> str:
    return "intent" if item.attribute == INTENTS.name else item.attribute


def undo(options: argparse.Namespace, store: ProfileStore) -> None:
    """Take one observation back, by its id; what became of traits and intents."""
    customer = store.whose(options.observation)
    before = read_intents(store, customer)
    change = store.undo(options.observation, options.reason)
    noted(options, store, customer, Act.CHANGED)
    _print_change(change, changes(before, read_intents(store, customer)), options.json)


def merge(options: argparse.Namespace, store: ProfileStore) -> None:
    """Let a visitor's observations and events count as a customer's."""
    customer = store.customer(options.customer).id
    if not options.same_person:
        _refuse_account(store, options.visitor, customer)
    before = read_intents(store, customer)
    change = store.merge(options.visitor, customer)
    noted(options, store, customer, Act.CHANGED)
    acts = open_intake(options.shop, store).settle().returned
    _print_change(change, changes(before, read_intents(store, customer)), options.json)
    counted = f"; {acts} acts of before count now" if acts else ""
    print(f"{options.visitor} is {customer} from now on{counted}", file=sys.stderr)


def _refuse_account(store: ProfileStore, visitor: str, customer: str) -> None:
    """Two accounts are two people, unless somebody says otherwise: one would see what is the other's."""
    record = store.customer(visitor) if store.has(visitor) else Customer(visitor)
    if visitor != customer and replace(record, consent={}) != Customer(visitor):
        raise Refused(
            f"{visitor!r} is an account of the shop, not a visitor; if it is {customer}'s too, say --same-person: "
            "they are shown as one from then on, and nothing takes it back"
        )


def _print_change(change: Change, intents: Sequence[IntentChange], as_json: bool) -> None:
    parts = {"added": change.added, "superseded": change.superseded, "retracted": change.retracted}
    if as_json:
        lists = {name: [trait.to_json() for trait in traits] for name, traits in parts.items()}
        print_json({**lists, "intents": [one.to_json() for one in intents]})
        return
    for name, traits in parts.items():
        for trait in traits:
            print(f"{name}: {words(trait)}")
    for one in intents:
        print("\n".join(one.lines()))
    if not any(parts.values()) and not intents:
        print("nothing changed")
