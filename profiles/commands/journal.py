"""The journal as a command: `history` shows it, `undo` and `merge` add to it. Options and a store in, text out."""

import argparse

from profiles.commands.words import print_json, shown, words
from profiles.explaining import undone_in
from profiles.importing import open_intake
from profiles.observation import Change
from profiles.privacy.audit import Act
from profiles.privacy.commands import noted
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
            f"{item.attribute}: {shown(item.value)}  {item.evidence.kind} {item.evidence.id}: "
            f"{item.evidence.quote!r}  [{item.id}]{mark}"
        )


def undo(options: argparse.Namespace, store: ProfileStore) -> None:
    """Take one observation back, by its id."""
    _print_change(store.undo(options.observation, options.reason), options.json)


def merge(options: argparse.Namespace, store: ProfileStore) -> None:
    """Let a visitor's observations and events count as a customer's."""
    customer = store.customer(options.customer).id
    change = store.merge(options.visitor, customer)
    noted(options, store, customer, Act.CHANGED)
    open_intake(options.shop, store).settle()
    _print_change(change, options.json)


def _print_change(change: Change, as_json: bool) -> None:
    parts = {"added": change.added, "superseded": change.superseded, "retracted": change.retracted}
    if as_json:
        print_json({name: [trait.to_json() for trait in traits] for name, traits in parts.items()})
        return
    for name, traits in parts.items():
        for trait in traits:
            print(f"{name}: {words(trait)}")
    if not any(parts.values()):
        print("nothing changed")
