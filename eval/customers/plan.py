"""A simulated customer's plan as data: what to say, how to say it again, what to agree to, and how things must end.

In and out: JSON, so that a case of a suite holds all of it. `calls` are what a perfect agent would do with a message;
they are used only to find out whether a plan can be fulfilled at all.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.models.scripted import Planned

Trait = tuple[str, str | float, str]  # attribute, value, polarity
Kind = Literal["order", "refused", "lookup", "traits", "products", "answer", "person"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ask(_Frozen):
    """One message, and the calls that would be right: name and arguments."""

    text: str
    calls: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def answer(self) -> Planned:
        """What a model that knows what is right says to it."""
        return Planned(self.calls, "Sure.")


class Wish(_Frozen):
    """The proposal that the customer agrees to; `skus` of the items, for a return."""

    kind: Literal["cancel_order", "return_items", "change_address"]
    order: str
    skus: tuple[str, ...] = ()
    address: str = ""


class Task(_Frozen):
    """One thing to get done. Which of the fields count is told by `kind`:

    "order" a change of an order (`wish`, answered with `yes`, or with `no` where `agrees` is false), "refused" one that
    the shop's rules forbid (`wish`), "lookup" news of `order`, "traits" something about oneself (`must` holds at the
    end, `gone` does not), "products" a search (`filters` hold for all that is shown, and it `may` be noted), "answer" a
    question (`template`), "person" somebody to talk to.
    """

    kind: Kind
    name: str
    first: Ask
    again: Ask
    wish: Wish | None = None
    agrees: bool = True
    yes: str = ""
    no: str = ""
    order: str = ""
    must: tuple[Trait, ...] = ()
    gone: tuple[tuple[str, str | float], ...] = ()
    may: tuple[Trait, ...] = ()
    filters: dict[str, Any] = {}
    template: str = ""


class Plan(_Frozen):
    """One customer's consultation. Plans of one `goal` differ in their words alone."""

    goal: str
    trial: int
    customer: str
    language: str
    tasks: tuple[Task, ...]
