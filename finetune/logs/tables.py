"""Conversations as a table, a message a row: headings by several names, roles by several words.

In: the rows of one conversation. Out: a `Consultation`. Errors: `DataError` naming the column and its valid values, not
the cell: a name or a customer's words may have slipped into it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from errors import DataError, choices
from finetune.logs.consultation import Consultation, LoggedMessage, Speaker, utc

COLUMNS: Mapping[str, Sequence[str]] = {
    "conversation_id": (
        "conversation_id",
        "consultation_id",
        "conversation",
        "ticket_id",
        "thread_id",
        "chat_id",
        "id",
    ),
    "role": ("role", "speaker", "author_type", "sender", "sender_type", "from", "author"),
    "text": ("text", "message", "content", "body", "utterance"),
    "time": ("time", "at", "timestamp", "created_at", "date", "sent_at"),
    "customer": ("customer", "customer_id", "user_id", "requester_id", "contact_id"),
    "consent": ("consent", "training_consent"),
    "rating": ("rating", "satisfaction"),
}
_SIDES: Mapping[Speaker, frozenset[str]] = {
    "customer": frozenset(("customer", "user", "client", "visitor", "buyer", "shopper", "requester", "contact", "lead",
                           "end_user", "end-user", "inbound", "客户", "顾客", "用户", "买家")),
    "agent": frozenset(("agent", "assistant", "bot", "admin", "support", "staff", "operator", "seller", "outbound",
                        "客服", "卖家", "机器人")),
}  # fmt: skip
_NOT_SAID = frozenset(("system", "note", "internal", "event"))
_YES, _NO = ("true", "yes", "1", "y"), ("false", "no", "0", "n")
_GOOD, _BAD = ("good", "5", "4"), ("bad", "1", "2")


def table_key(row: Mapping[str, str]) -> str:
    """The conversation that a row belongs to."""
    if not (key := row["conversation_id"].strip()):
        raise DataError("conversation_id: empty")
    return key


def read_table(rows: Sequence[Mapping[str, str]], file: str, line: int) -> Consultation:
    """The rows of one conversation, by their times if all have one, else as they stand."""
    key = table_key(rows[0])
    said = [(row, side) for row in rows if (side := _side(row["role"])) is not None]
    messages = [LoggedMessage(side, row["text"], _time(row.get("time", ""))) for row, side in said]
    if all(message.at for message in messages):
        messages.sort(key=lambda message: message.at or datetime.min.replace(tzinfo=UTC))
    customers = {value for row in rows if (value := row.get("customer", "").strip())}
    if len(customers) > 1:
        raise DataError(f"customer: {len(customers)} different ones in one conversation")
    consents = {_word(row.get("consent", ""), _YES, _NO, "consent") for row in rows} - {None}
    ratings = [mark for row in rows if (mark := _word(row.get("rating", ""), _GOOD, _BAD)) is not None]
    return Consultation(
        id=key,
        customer=customers.pop() if customers else f"conversation:{key}",
        messages=tuple(messages),
        file=file,
        line=line,
        consent=None if not consents else False not in consents,
        rating=None if not ratings else "good" if ratings[-1] else "bad",
    )


def _side(role: str) -> Speaker | None:
    word = role.strip().casefold()
    if word in _NOT_SAID:
        return None
    for side, words in _SIDES.items():
        if word in words:
            return side
    raise DataError(f"role: none of {choices(sorted(set().union(*_SIDES.values())), limit=30)}")


def _word(text: str, yes: Sequence[str], no: Sequence[str], column: str = "") -> bool | None:
    """True, False, or None for nothing; a word that is neither is an error where a column is named."""
    word = text.strip().casefold()
    if column and word and word not in (*yes, *no):
        raise DataError(f"{column}: none of {choices([*yes, *no])}")
    return True if word in yes else False if word in no else None


def _time(text: str) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970."""
    bare = text.strip()
    if not bare:
        return None
    try:
        if bare.replace(".", "", 1).isdigit():
            seconds = float(bare)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        return utc(datetime.fromisoformat(bare))
    except (ValueError, OverflowError, OSError) as error:
        raise DataError("time: neither ISO 8601 nor a Unix time") from error
