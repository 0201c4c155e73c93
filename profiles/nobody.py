"""Ids that mean nobody: what programs write where they have no id. In: an id. Out: whether it names somebody.

Many strangers share such an id, so it is never a customer or a browser, and nothing is merged under it. The list is
what trackers are known to send: a language's words for "no value" turned into text (JavaScript, Python, SQL), an object
turned into text, a report's placeholder for a missing dimension, and the ids of examples. An id is compared without
case, outer spaces and quotes.
"""

NOBODY = frozenset(
    {
        *("", "0", "-", "--", "?", "undefined", "null", "nil", "none", "nan", "true", "false"),
        *("(not set)", "not set", "(none)", "(null)", "n/a", "na", "unknown", "(unknown)", "(other)"),
        *("anonymous", "guest", "not_authenticated", "distinct_id", "distinctid", "user_id", "userid", "id", "email"),
        *("[object object]", "[object undefined]", "[object null]", "{}", "[]", "()"),
        "00000000-0000-0000-0000-000000000000",
    }
)
_AROUND = " \t\r\n\"'`"


def means_nobody(name: str) -> bool:
    """``means_nobody("[object Object]")``; ``not means_nobody("C1001")``."""
    return name.strip(_AROUND).casefold() in NOBODY
