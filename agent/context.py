"""What a turn knows besides its messages: the services it works with, and who is speaking.

In: a loaded shop and its stores. Out: `Services` (one per process) and `TurnContext` (one per turn), the LangGraph
context that every tool and middleware reads; the customer's id comes from here and never from the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NotRequired

from langchain.agents import AgentState
from langchain_core.messages import AnyMessage, HumanMessage

import clock
from agent.cart.carts import Carts
from agent.customer_data import CustomerData
from agent.handoff import Handoffs
from agent.lexicon import ShopLexicon
from agent.orders.book import OrderBook
from agent.orders.cases import Cases
from agent.orders.proposals import Proposals
from agent.replies.phrases import Phrases
from agent.shop import Shop
from agent.shop_reading import ShopReading
from language.detection import detect, reply_language
from profiles.observation import Trait
from profiles.preference.service import Preferences
from profiles.privacy.purposes import Purpose
from profiles.schema import Schema
from profiles.store import ProfileStore
from profiles.validator import WriteValidator
from retrieval.assortment import Assortment
from retrieval.search import Retriever

if TYPE_CHECKING:
    from agent.tools.tool import Tool

VISITOR = "visitor-"


@dataclass(frozen=True)
class Services:
    """Everything a tool may use, and the tools themselves. Built once by `agent.services.open_services`."""

    shop: Shop
    schema: Schema
    profiles: ProfileStore
    validator: WriteValidator
    lexicon: ShopLexicon
    retriever: Retriever
    orders: OrderBook
    proposals: Proposals
    cases: Cases
    carts: Carts
    handoffs: Handoffs
    phrases: Phrases
    preferences: Preferences
    data: CustomerData
    tools: tuple["Tool", ...]  # in the order in which the prompt lists them

    @cached_property
    def assortment(self) -> Assortment:
        """What the shop sells, by kind."""
        return Assortment(self.retriever.catalog, self.retriever.facets, self.lexicon.kinds)


@dataclass(frozen=True, slots=True)
class TurnContext:
    """One customer's message. `heard` maps turn ids to the customer's own words of this consultation.

    `is_back`: a person has been in charge of the consultation, and this reply is the agent's first since. `language`
    is the one to reply in, `spoken` the message's own, which the shop may not serve ("": the same). `orders` are the
    ids of the customer's orders, the newest first.
    """

    services: Services
    customer: str
    consultation: str
    turn: str
    now: datetime
    language: str
    heard: Mapping[str, str]
    profiling_allowed: bool
    is_back: bool = False
    spoken: str = ""
    orders: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        """The date in the shop."""
        return self.day_of(self.now)

    def day_of(self, at: datetime) -> date:
        """The date in the shop at that time."""
        return at.astimezone(self.services.shop.zone).date()

    def as_if(self, text: str) -> "TurnContext":
        """As if this had been the newest message."""
        return replace(self, heard={**self.heard, self.turn: text})

    def read(self, text: str) -> ShopReading:
        """The customer's words, read once a turn."""
        return self.services.lexicon.read(text, self.today, language=self.language, orders=self.orders)

    @property
    def reading(self) -> ShopReading:
        """The newest message as it is read."""
        return self.read(self.heard.get(self.turn, ""))

    @property
    def readings(self) -> list[ShopReading]:
        """The customer's messages of this consultation, the newest last."""
        return [self.read(text) for text in self.heard.values()]

    @property
    def is_visitor(self) -> bool:
        """Whether nobody has logged in: such a customer has a profile, but no orders."""
        return is_visitor(self.customer)

    def said_here(self, trait: Trait) -> bool:
        """Whether the customer said it in this consultation: last month's budget for boots says nothing of a tent."""
        return any(evidence.kind == "turn" and evidence.id in self.heard for evidence in trait.evidence)


def is_visitor(customer: str) -> bool:
    """Whether the id is one that a browser got, and no account's."""
    return customer.startswith(VISITOR)


def turn_context(
    services: Services,
    customer: str,
    consultation: str,
    text: str,
    earlier: Sequence[AnyMessage],
    previous: str | None = None,
) -> TurnContext:
    """The context of a new message; `earlier` are those before it, `previous` the language that they ended in."""
    heard = {str(message.id): str(message.content) for message in earlier if isinstance(message, HumanMessage)}
    turn = f"{consultation}:{len(heard) + 1}"
    served = services.shop.languages
    spoken = detect(text, served, previous)
    orders = () if is_visitor(customer) else services.orders.list(customer)
    return TurnContext(
        services=services,
        customer=customer,
        consultation=consultation,
        turn=turn,
        now=clock.now(),
        language=reply_language(spoken, served),
        heard=heard | {turn: text},
        profiling_allowed=services.profiles.allows(customer, Purpose.PROFILING),
        is_back=services.handoffs.is_back(consultation),
        spoken=spoken,
        orders=tuple(order.id for order in orders),
    )


class ShopState(AgentState[Any]):
    """LangGraph state of a consultation, kept by the checkpointer.

    `customer` is whose it is, `card` the profile card as the model sees it, `first_turn` the first turn still in the
    model's window, `language` the last message's, `gate` the counts of this turn, `retry` the text that a blocked
    reply must be bound to, `carried_out` what was done at the yes that a message begins with: the
    `turn`, what is `said` of it, and the `rest` of the message.
    """

    customer: NotRequired[str]
    card: NotRequired[str]
    first_turn: NotRequired[int]
    language: NotRequired[str]
    gate: NotRequired[dict[str, int]]
    retry: NotRequired[str]
    carried_out: NotRequired[dict[str, str]]
