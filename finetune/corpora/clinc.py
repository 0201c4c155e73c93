"""Requests that a shop's answers do not cover: files of CLINC150's form, or plain text.

In: a JSON file of parts ("val", "oos_val"), each a list of [text, intent]; or a text file of one request a line. Out:
`Stranger`s. Of a JSON file's intents, those that a shop may well cover are left out. Errors: a DataError that names the
file and the place, a ConfigError for a part that there is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from errors import ConfigError, DataError, choices
from finetune.corpora.files import read_form

OUTSIDE = "oos"
# Orders, cards, accounts, rewards, languages, and what is said in any conversation.
COVERED = frozenset(
    [
        "account_blocked", "application_status", "are_you_a_bot", "bill_balance", "bill_due", "cancel",
        "cancel_reservation", "card_declined", "change_language", "change_user_name", "damaged_card",
        "expiration_date", "goodbye", "greeting", "international_fees", "maybe", "no", "order", "order_status",
        "pay_bill", "pin_change", "redeem_rewards", "repeat", "replacement_card_duration", "report_fraud",
        "report_lost_card", "reset_settings", "rewards_balance", "shopping_list", "shopping_list_update", "thank_you",
        "transactions", "user_name", "what_can_i_ask_you", "who_do_you_work_for", "yes",
    ]
)  # fmt: skip
_FORM = TypeAdapter(dict[str, list[tuple[str, str]]])


@dataclass(frozen=True, slots=True)
class Stranger:
    """A request from outside; `intent` is "oos" where it is of no known kind."""

    text: str
    intent: str


def read_strangers(path: Path, parts: Sequence[str] = ()) -> list[Stranger]:
    """The requests of these parts, each text once; without `parts` those named test, else those named val, else all."""
    if path.suffix != ".json":
        return _lines(path)
    held = read_form(path, _FORM, "parts, each a list of [text, intent]")
    if unknown := [name for name in parts if name not in held]:
        raise ConfigError(f"{path} has no part {', '.join(unknown)}; it has: {choices(held)}")
    chosen = parts or _named(held, "test") or _named(held, "val") or list(held)
    found = {
        text.strip(): Stranger(text.strip(), intent)
        for name in chosen
        for text, intent in held[name]
        if intent not in COVERED and text.strip()
    }
    return list(found.values())


def _named(parts: Sequence[str] | dict[str, list[tuple[str, str]]], word: str) -> list[str]:
    return [name for name in parts if word in name]


def _lines(path: Path) -> list[Stranger]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}") from error
    return [Stranger(text, OUTSIDE) for text in dict.fromkeys(line.strip() for line in lines) if text]
