"""Consent, export, retention and audit as commands of `python -m profiles`. Options and a store in, text out.

Erasure reaches further than profiles, so its command is `python -m finetune erase`.
"""

import argparse
import getpass
from collections.abc import Collection

import clock
from errors import ConfigError, NotFound
from profiles.commands.words import print_json
from profiles.privacy.audit import Act, Audit
from profiles.privacy.consents import Consent
from profiles.privacy.export import as_text, export
from profiles.privacy.keys import customer_key
from profiles.privacy.purposes import Purpose
from profiles.privacy.retain import retain
from profiles.store import ProfileStore


def staff(named: str | None) -> str:
    """Who asks: as given, or else the user of this machine."""
    try:
        return named or getpass.getuser()
    except (KeyError, OSError) as error:  # a container's user may have no name
        raise ConfigError(f"nobody is logged in here ({error}): say with --by who asks") from error


def noted(options: argparse.Namespace, store: ProfileStore, customer: str, act: Act = Act.READ) -> None:
    """A line in the audit about the command that runs."""
    noted_all(options, store, [customer], act)


def noted_all(options: argparse.Namespace, store: ProfileStore, customers: Collection[str], act: Act) -> None:
    """The same about many: a line each."""
    Audit(store.engine).note_all(customers, act, staff(options.by), detail=options.command)


def run_export(options: argparse.Namespace, store: ProfileStore) -> None:
    customer = store.customer(options.customer).id
    noted(options, store, customer, Act.EXPORTED)
    data = export(store, customer)
    if options.format == "json":
        print_json(data)
    else:
        print(as_text(data))


def run_consent(options: argparse.Namespace, store: ProfileStore) -> None:
    """Show what a customer agreed to, or write a yes or no down."""
    customer = store.customer(options.customer).id
    if options.answer:
        granted = options.answer == "yes"
        by, now = staff(options.by), clock.now()
        store.record_consents([Consent(customer, Purpose(options.purpose), granted, now, options.source, by)])
        noted(options, store, customer, Act.CHANGED)
    elif options.purpose:
        raise ConfigError(f"consent to {options.purpose}: yes or no?")
    lines, allowed = store.consent_history(customer), {item: store.allows(customer, item) for item in Purpose}
    if options.json:
        history = [line.to_json() for line in lines]
        print_json({"customer": customer, "allowed": allowed, "history": history})
        return
    for purpose, granted in allowed.items():
        print(f"{purpose:<10} {'yes' if granted else 'no'}")
    for line in lines:
        print(f"  {line.at:%Y-%m-%d %H:%M} {line.purpose} {'yes' if line.granted else 'no'}: {line.source}, {line.by}")


def run_retain(options: argparse.Namespace, store: ProfileStore) -> None:
    """Remove what is too old."""
    receipt = retain(store, staff(options.by))
    if options.json:
        print_json(receipt.to_json())
    else:
        print("\n".join(receipt.lines()))


def run_audit(options: argparse.Namespace, store: ProfileStore) -> None:
    """Who looked at a customer; of an erased one by the id that they had, or by the key."""
    names = [options.customer, customer_key(options.customer, store.salt)] if store.salt else [options.customer]
    found = Audit(store.engine).of(names)
    if not found and not store.has(options.customer):
        raise NotFound(f"nobody has looked at {options.customer!r}, and there is no such customer")
    if options.json:
        print_json([line.to_json() for line in found])
        return
    for line in found:
        print(f"{line.at:%Y-%m-%d %H:%M}  {line.act:<9} {line.by:<16} {line.customer}  {line.detail}")
    if not found:
        print(f"nobody has looked at {options.customer}")
