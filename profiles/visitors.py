"""Browsers among the customers: a browser of which nobody knows whose it is has a name that no customer has.

In: the id of a browser, or such a name. Out: the other one. Pure functions.
"""


def visitor_name(visitor: str) -> str:
    """A browser among the customers of events: no customer has such an id."""
    return f"visitor:{visitor}"


def browser_of(name: str) -> str:
    """The other way round."""
    return name.removeprefix(visitor_name(""))


def is_visitor(name: str) -> bool:
    return name.startswith(visitor_name(""))
