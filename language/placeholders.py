"""Texts that stand for nothing: what programs write where they have no value. A text in, whether it is one out.

Many strangers share an id such as "undefined", so it is never a customer or a browser, and nothing is merged under it.
The list is what trackers are known to send: a language's words for "no value" turned into text (JavaScript, Python,
SQL), an object turned into text, a report's placeholder for a missing dimension, and the ids of examples. An option
such as "Default Title" is what a shop system writes for a product that comes in one form. A text is compared without
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
NO_OPTION = frozenset({"", "default title", "undefined", "null", "(not set)", "[object object]"})  # "none" can be one
_AROUND = " \t\r\n\"'`"


def means_nobody(name: str) -> bool:
    """``means_nobody("[object Object]")``; ``not means_nobody("C1001")``."""
    return _bare(name) in NOBODY


def is_no_option(value: str) -> bool:
    """``is_no_option("Default Title")``; ``not is_no_option("M")``."""
    return _bare(value) in NO_OPTION


def _bare(text: str) -> str:
    return text.strip(_AROUND).casefold()
