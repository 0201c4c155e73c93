"""What the agent does about intents: which earlier one a message goes back to, and what a turn says of each.

In: the turn's context, the consultation's messages, the customer's intents. Out: filters that a search inherits, and
observations for the journal. All is read off the calls that a turn made (a tool's record says what each says, with the
methods of `Telling`) and the customer's plain words ("never mind", "I bought it"): the model needs no tool for it. The
reason for a slot is the customer's word for it, else the call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langchain_core.messages.tool import ToolCall

from agent.context import TurnContext
from language.cues import cued_piece
from language.named import NOTHING
from profiles.intents.intent import Intent, Kind, State
from profiles.intents.journal import KIND, PRODUCT, STATE, close, intent_id, say, unsay
from profiles.intents.match import looks_back, meant
from profiles.intents.reads import read_intents
from profiles.observation import Evidence, Observation
from profiles.quotes import find_quote

QUERY, ORDER, QUESTION = "query", "order_id", "question"
PRICES = ("min_price", "max_price")
_SOON_STALE = 90.0  # days: a note that fades so fast is about what is looked for now
_OF_ORDER = {
    "cancel_order": Kind.CANCEL,
    "return_items": Kind.RETURN,
    "change_address": Kind.ADDRESS,
    "exchange_items": Kind.EXCHANGE,
    "report_problem": Kind.PROBLEM,
}


def resumed(context: TurnContext, messages: Sequence[AnyMessage], asked: Mapping[str, str]) -> Intent | None:
    """The open search of an earlier consultation that this message goes back to, or that this one goes on with."""
    intents = read_intents(context.services.profiles, context.customer)
    text, kinds = context.heard.get(context.turn, ""), context.services.lexicon.kinds
    named = named_slots(context)
    product = next((value for name in kinds if (value := _matched(context, name, asked.get(name, "")))), "")
    if before := _resumed_before(messages):
        going_on = [one for one in intents if one.id == before and one.state is State.OPEN]
        return next((one for one in going_on if not product or one.values.get(PRODUCT) == product), None)
    if not looks_back(text):
        return None
    named = named | ({PRODUCT: [product]} if product and PRODUCT not in named else {})
    return meant([one for one in intents if not one.is_of(context.consultation)], named, text)


def inherited(context: TurnContext, intent: Intent) -> dict[str, str]:
    """The filters of a search that goes on: what was looked for, but for what this message rules out."""
    named, facets = context.reading.facets, context.services.retriever.facets.names
    held = {_facet(context, name): value for name, value in intent.values.items()}
    return {
        name: value
        for name, value in held.items()
        if (name in facets and value not in named.get(name, NOTHING).ruled_out) or name in PRICES
    }


def named_slots(context: TurnContext) -> dict[str, list[str]]:
    """The values of slots that the newest message names for certain."""
    known, facets = context.services.retriever.facets.names, context.reading.facets.items()
    return {_slot(context, name): list(named.whole) for name, named in facets if name in known and named.whole}


def acts_of(context: TurnContext, messages: Sequence[AnyMessage]) -> list[Observation]:
    """What this turn says of the customer's intents; `messages` are the turn's."""
    telling = Telling(context, list(read_intents(context.services.profiles, context.customer)))
    tools = {tool.name: tool for tool in context.services.tools}
    results = {message.tool_call_id: message for message in messages if isinstance(message, ToolMessage)}
    calls = [call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    done = [(call, results[str(call["id"])]) for call in calls if str(call["id"]) in results]
    for call, result in done:
        if result.status == "success" and isinstance(result.artifact, Mapping):
            tool = tools.get(call["name"])
            if tool and tool.intent:
                tool.intent(telling, call, result.artifact)
    telling.note([result.artifact for _, result in done])
    if not any(call["name"] in tools and tools[call["name"]].pursues for call, _ in done):
        telling.hear()
    telling.settle_proposal()
    return list(telling.acts.values())


@dataclass(slots=True)
class Telling:
    """The acts of one turn, by intent and slot: the last word on each counts."""

    context: TurnContext
    intents: list[Intent]
    acts: dict[tuple[str, str], Observation] = field(default_factory=dict)
    _opened: dict[str, str] = field(default_factory=dict)  # this turn's searches: product -> intent

    def tell(self, intent: str, kind: Kind, state: State, slots: Mapping[str, str], call: ToolCall) -> None:
        """What one call says of an intent: its kind, slots and state."""
        self._say(intent, KIND, kind.value, self._why(KIND, kind.value, call))
        for name, value in slots.items():
            self._say(intent, name, value, self._why(name, value, call))
        self._close(intent, state, self._why(STATE, state.value, call))

    def new(self) -> str:
        """The id of an intent that begins with this turn."""
        return intent_id(self.context.turn, len({intent for intent, _ in self.acts}))

    def propose(self, call: ToolCall, artifact: Mapping[str, Any]) -> None:
        """A change of an order is wanted: a new intent, or the one that was open for this order here."""
        if "proposal" not in artifact:
            return  # it is not known yet which order
        facts = artifact["proposal"]
        order, wanted = str(facts["summary"]["order_id"]), _OF_ORDER[facts["kind"]]
        same = (one for one in self._here(wanted) if one.values.get(ORDER) == order)
        intent = next((one.id for one in same), None) or self.new()
        self.tell(intent, wanted, State.OPEN, {ORDER: order}, call)

    def search(self, call: ToolCall, artifact: Mapping[str, Any]) -> None:
        """Opens a search, or refines the one that is going on; a filter that is no longer asked for ends."""
        slots = _slots(self.context, call["args"], artifact)
        back = artifact.get("resumed")
        going_on = back["id"] if back else self._going_on(slots.get(PRODUCT))
        intent = going_on or self.new()
        self._opened[slots.get(PRODUCT, "")] = intent
        held = next((one.values for one in self.intents if one.id == intent), {})
        for name in held:
            if not back and name not in slots and name != PRODUCT and (name in self._facets or name in PRICES):
                evidence = self._why(name, "*", call)
                self.acts[intent, name] = unsay(intent, name, self.context.customer, evidence, self.context.now)
        if back and QUERY in held:
            slots.pop(QUERY, None)  # what was looked for says more than "is it still there"
        self.tell(intent, Kind.FIND, State.OPEN, slots, call)

    def note(self, artifacts: Sequence[Any]) -> None:
        """For whom and by when: what this turn noted of the customer that is about what they look for."""
        schema = self.context.services.schema
        noted = [one for one in artifacts if one and one.get("kind") == "profile"]
        added = [trait for one in noted for trait in one["added"] if not trait["about"]]
        for intent in dict.fromkeys(self._opened.values()):
            for trait in added:
                attribute = schema.attributes[trait["attribute"]]
                passing = attribute.half_life_days is not None and attribute.half_life_days <= _SOON_STALE
                own = attribute.facet is None and attribute.bound is None and attribute.name not in self._facets
                if passing and own and not attribute.sensitive and trait["polarity"] == "fact":
                    quote = trait["evidence"][-1]
                    evidence = Evidence(quote["kind"], quote["id"], quote["quote"])
                    self._say(intent, attribute.name, _plain(trait["value"]), evidence)

    def hear(self) -> None:
        """ "Never mind", "I bought it": said of what is named, else of what was spoken of last in this consultation."""
        text = self.context.heard.get(self.context.turn, "")
        words, state = cued_piece("bought", text), State.DONE
        if words is None:
            words, state = cued_piece("never_mind", text), State.DROPPED
        if words is None:
            return
        named = named_slots(self.context)
        chosen = meant(self.intents, named, text) if PRODUCT in named else next(iter(self._here(Kind.FIND)), None)
        if chosen:
            self._close(chosen.id, state, Evidence("turn", self.context.turn, words.strip(" ,.!")))

    def settle_proposal(self) -> None:
        """A change of an order that was confirmed or declined is no longer wanted."""
        waiting = [one for kind in _OF_ORDER.values() for one in self._here(kind)]
        last = self.context.services.proposals.last(self.context.consultation) if waiting else None
        if last is None or last.status not in ("done", "declined"):
            return
        state = State.DONE if last.status == "done" else State.DROPPED
        for one in waiting:
            if one.kind is _OF_ORDER.get(last.kind) and one.values.get(ORDER) == last.summary.get("order_id"):
                self._close(one.id, state, Evidence("turn", self.context.turn, self.context.heard[self.context.turn]))

    def _going_on(self, product: str | None) -> str | None:
        """The search of this consultation for this kind of product; for the last one if none is named."""
        if product in self._opened:
            return self._opened[product or ""]
        here = self._here(Kind.FIND)
        return next((one.id for one in here if not product or one.values.get(PRODUCT, product) == product), None)

    def _here(self, kind: Kind) -> list[Intent]:
        """Open ones of this consultation, the one spoken of last first."""
        return [
            one
            for one in self.intents
            if one.kind is kind and one.state is State.OPEN and one.is_of(self.context.consultation)
        ]

    def _say(self, intent: str, slot: str, value: str, evidence: Evidence) -> None:
        self.acts[intent, slot] = say(intent, slot, value, self.context.customer, evidence, self.context.now)

    def _close(self, intent: str, state: State, evidence: Evidence) -> None:
        self.acts[intent, STATE] = close(intent, state, self.context.customer, evidence, self.context.now)

    def _why(self, slot: str, value: str, call: ToolCall) -> Evidence:
        """The customer's words of this turn for the value, else the call."""
        turn = self.context.turn
        text = self.context.heard.get(turn, "")
        found = find_quote(value, {turn: text}) if slot not in (KIND, STATE) and value != "*" else None
        if found is not None:
            return Evidence("turn", turn, found.text)
        tool = call["name"]
        return Evidence("call", f"{turn}/{call['id']}", tool if slot in (KIND, STATE) else f"{tool} {slot}={value}")

    @property
    def _facets(self) -> tuple[str, ...]:
        return self.context.services.retriever.facets.names


def _slots(context: TurnContext, arguments: Mapping[str, Any], artifact: Mapping[str, Any]) -> dict[str, str]:
    """What a search went by: its filters as the catalogue calls them, those that left nothing too, and its words."""
    facets = context.services.retriever.facets
    asked = {name: str(value) for name, value in arguments.items() if name in facets.names and value}
    found = {name: _matched(context, name, value) or value for name, value in asked.items()}
    held = {name: value for name, value in artifact["filters"].items() if name in (*facets.names, *PRICES)}
    slots = {_slot(context, name): _plain(value) for name, value in (found | held).items()}
    return slots | ({QUERY: str(arguments["query"])} if str(arguments.get("query", "")).strip() else {})


def _resumed_before(messages: Sequence[AnyMessage]) -> str | None:
    """The intent that a search of this consultation went back to, unless a later search was for something else."""
    artifacts = (m.artifact for m in reversed(messages) if isinstance(m, ToolMessage) and m.artifact)
    newest: Mapping[str, Any] = next((artifact for artifact in artifacts if artifact["kind"] == "products"), {})
    return str(newest["resumed"]["id"]) if "resumed" in newest else None


def _matched(context: TurnContext, facet: str, raw: str) -> str | None:
    return context.services.retriever.facets.match(facet, raw) if raw else None


def _slot(context: TurnContext, facet: str) -> str:
    """The kind of product has one name in all shops."""
    return PRODUCT if facet in context.services.lexicon.kinds else facet


def _facet(context: TurnContext, slot: str) -> str:
    return next(iter(sorted(context.services.lexicon.kinds)), PRODUCT) if slot == PRODUCT else slot


def _plain(value: Any) -> str:
    """As calls write it: 160 and not 160.0."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
