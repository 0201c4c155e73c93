"""The suites, by name. A new one is a file here and a line in `MODULES`.

In: a name. Out: its `Suite`; only the module that is asked for is imported. Errors: `ConfigError`.
"""

from importlib import import_module

from errors import ConfigError, choices
from eval.suite import Suite

MODULES = {
    "answers": "eval.suites.answers",
    "calls": "eval.suites.calls",
    "conversation": "eval.suites.conversation",
    "cost": "eval.suites.cost",
    "dialogues": "eval.suites.dialogues",
    "drift": "eval.suites.drift",
    "faq": "eval.suites.faq",
    "language": "eval.suites.language",
    "preference": "eval.suites.preference",
    "profile": "eval.suites.profile",
    "question": "eval.suites.question",
    "safety": "eval.suites.safety",
    "service": "eval.suites.service",
    "shopcalls": "eval.suites.shopcalls",
    "wishes": "eval.suites.wishes",
}


def load_suite(name: str) -> Suite:
    """The suite of that name. Raises ConfigError with the names that there are."""
    if name not in MODULES:
        raise ConfigError(f"no suite {name!r}; there are: {choices(MODULES)}")
    suite: Suite = import_module(MODULES[name]).SUITE
    return suite
