"""What a customer is trying to get done: `intents`. Options and a store in, text out: each slot with its reason."""

import argparse

from profiles.commands.moments import moment
from profiles.commands.words import print_json
from profiles.intents.intent import Intent, Slot, State
from profiles.intents.reads import read_intents
from profiles.privacy.commands import noted
from profiles.store import ProfileStore


def intents(options: argparse.Namespace, store: ProfileStore) -> None:
    """Open ones, or with `--all` those that are done or dropped too; with `--at` as they stood then."""
    customer = store.customer(options.customer).id
    noted(options, store, customer)
    found = read_intents(store, customer, moment(options.at) if options.at else None)
    shown = [intent for intent in found if options.all or intent.state is State.OPEN]
    if options.json:
        print_json({"customer": customer, "intents": [intent.to_json() for intent in shown]})
        return
    for intent in shown:
        _print(intent)
    if not shown:
        print("nothing is open" if not options.all else "nothing yet")


def _print(intent: Intent) -> None:
    state = "dropped, nobody came back to it" if intent.faded else intent.state.value
    sure = f"confidence {intent.confidence:.2f}"
    print(f"{intent.id}  {intent.kind.value}, {state}, {sure}, since {intent.opened:%Y-%m-%d}")
    for slot in (*intent.slots, intent.why):
        print(f"    {slot.name}: {slot.value}  ({_reason(slot)})")


def _reason(slot: Slot) -> str:
    newest = slot.evidence[-1]
    return f"{newest.kind} {newest.id}: {newest.quote!r}"
