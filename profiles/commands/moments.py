"""The profile at other times: `as-of` shows one moment, `diff` what happened between two.

Options and a store in, text out. A day means its end, in UTC.
"""

import argparse
from datetime import UTC, datetime, time

from errors import ConfigError
from profiles.commands.words import line, print_json, words
from profiles.history.difference import difference, shifts
from profiles.observation import Profile
from profiles.privacy.commands import noted
from profiles.store import ProfileStore


def moment(text: str) -> datetime:
    """ "2026-05-31" is that day's end; with a time ("2026-05-31T09:00", UTC unless it says so) that moment."""
    try:
        at = datetime.fromisoformat(text)
        if len(text) <= len("2026-05-31"):
            at = datetime.combine(at.date(), time.max)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second for a zone that leads out of the calendar
        raise ConfigError(f"{text!r} is not a date like 2026-05-31 or 2026-05-31T09:00") from None


def show(options: argparse.Namespace, store: ProfileStore) -> None:
    """The profile now."""
    customer = store.customer(options.customer)
    noted(options, store, customer.id)
    _print_profile(customer.id, f"{customer.id}  {customer.name}", store.read(customer.id), options.json)


def as_of(options: argparse.Namespace, store: ProfileStore) -> None:
    """The profile as it stood at a moment, from what was known by then."""
    customer, at = store.customer(options.customer), moment(options.date)
    noted(options, store, customer.id)
    title = f"{customer.id}  {customer.name}, as of {at:%Y-%m-%d %H:%M} UTC"
    _print_profile(customer.id, title, store.read(customer.id, at), options.json, at)


def diff(options: argparse.Namespace, store: ProfileStore) -> None:
    """What was added, superseded and retracted between two moments, and how sure the rest became."""
    customer = store.customer(options.customer).id
    noted(options, store, customer)
    first, last = sorted((moment(options.first), moment(options.last)))
    before, after = (store.read(customer, at).everyone for at in (first, last))
    change, shifted = difference(before, after, store.schema), shifts(before, after)
    parts = {"added": change.added, "superseded": change.superseded, "retracted": change.retracted}
    if options.json:
        lists = {name: [trait.to_full_json() for trait in traits] for name, traits in parts.items()}
        changed = [now.to_full_json() | {"confidence_before": round(was.confidence, 4)} for was, now in shifted]
        ends = {"customer": customer, "from": first.isoformat(), "to": last.isoformat()}
        print_json(ends | lists | {"changed": changed})
        return
    print(f"{customer}  from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC")
    for name, traits in parts.items():
        for trait in traits:
            print(f"{name + ':':<12}{line(trait)}")
    for was, now in shifted:
        print(f"{'changed:':<12}  {now.authority:<8} {was.confidence:.2f} -> {now.confidence:.2f}  {words(now)}")
    if not any(parts.values()) and not shifted:
        print("nothing changed")


def _print_profile(customer: str, title: str, profile: Profile, as_json: bool, at: datetime | None = None) -> None:
    if as_json:
        parts = {"traits": profile.everyone, "past": profile.past}
        shown = {name: [trait.to_full_json() for trait in traits] for name, traits in parts.items()}
        print_json({"customer": customer} | ({"as_of": at.isoformat()} if at else {}) | shown)
        return
    print(title)
    for trait in profile.everyone:
        print(line(trait))
        for challenge in trait.challenges:
            print(f"      but{line(challenge)}")
    if not profile.everyone and not profile.past:
        print("nothing was known yet" if at else "nothing is known")
    if profile.past:
        print("no longer:")
        for trait in profile.past:
            print(f"{line(trait)}, until {trait.until:%Y-%m-%d}")
