"""One turn of the agent as the page sees it: a picture of the conversation after each event.

In: the agent, a session and the customer's words. Out: `View`s, each complete; nothing here knows the
widgets. A turn that is stopped ends at the next words: tools that run already finish, so no order is left
half changed.
"""

import logging
import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, cast

from agent.context import is_visitor
from agent.middleware.reply import turn_messages
from agent.shopkeeper import Event, Shopkeeper
from agent.turn import Delta, Replace, Step, Turn, steps
from profiles.history.explanation import NOTHING_TOLD, Told, tell
from profiles.intents.intent import Intent
from profiles.intents.reads import read_intents
from profiles.observation import Authority, Profile
from profiles.privacy.audit import note_consultation
from ui.page.panels import fresh_key
from ui.session import Session
from ui.transcript import spoken

READER = "page"  # of profiles, in the audit
UNDONE = "taken back on the page"
log = logging.getLogger(__name__)
_LOOK_AGAIN = 0.1  # seconds between looks at the stop button
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation. `by`: "customer", "agent", or "page", whose text is a label's key."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows.

    `people`: (name and id, id) of the customers to choose from, as they were when this window was opened. `fresh`:
    traits that the last turn added (`fresh_key`); `noted`: these as JSON, while they can be taken back with one click.
    """

    session: Session
    profile: Profile
    told: Told = NOTHING_TOLD
    lines: tuple[Line, ...] = ()
    is_busy: bool = False
    steps: tuple[Step, ...] = ()
    products: tuple[Json, ...] = ()
    fresh: frozenset[tuple[str, str, str]] = frozenset()
    proposal: Json | None = None
    handed_off: bool = False
    turn: Turn | None = None
    noted: tuple[Json, ...] = ()
    intents: tuple[Intent, ...] = ()
    people: tuple[tuple[str, str], ...] = ()

    @property
    def last_question(self) -> str:
        """What the customer said last."""
        return next((line.text for line in reversed(self.lines) if line.by == "customer"), "")


def opened(shopkeeper: Shopkeeper, session: Session, people: tuple[tuple[str, str], ...] = ()) -> View:
    """The consultation as it was left: its words, the last steps and products, and what is still open.

    Whom the shop knows is looked at, and the audit says so; of a visitor it says so once they are consulted.
    """
    if not is_visitor(session.customer):
        note_consultation(shopkeeper.services.profiles, session.customer, READER, session.consultation)
    messages = shopkeeper.messages(session.consultation)
    said = (Line(one.by, one.text) for one in spoken(messages))
    lines = (Line("agent", shopkeeper.greeting(session.customer)), *said)
    services, known = shopkeeper.services, _known(shopkeeper, session)
    pending = services.proposals.pending(session.consultation)
    return View(
        session=session,
        profile=known[0],
        told=known[1],
        lines=lines,
        steps=steps(turn_messages(messages)) if messages else (),
        products=_last_found(steps(messages)),
        proposal=pending.to_json() if pending else None,
        handed_off=services.handoffs.is_open(session.consultation),
        intents=read_intents(services.profiles, session.customer),
        people=people,
    )


def asked(shopkeeper: Shopkeeper, view: View, text: str, stop: threading.Event) -> Iterator[View]:
    """Send the customer's words; a view for each thing that happens, the last one not busy."""
    before = (*view.lines, Line("customer", text))
    view = replace(
        view,
        lines=(*before, Line("page", "thinking")),
        is_busy=True,
        steps=(),
        fresh=frozenset(),
        noted=(),
        proposal=None,
        turn=None,
    )
    yield view
    said = ""
    for event in _events(shopkeeper, view.session, text, stop):
        match event:
            case Step():
                done = (*view.steps, event)
                view = replace(view, steps=done, products=_last_found(done) or view.products)
                if event.result.get("kind") == "profile":
                    view = _reread(shopkeeper, view)
            case Delta() | Replace():
                said = event.text if isinstance(event, Replace) else said + event.text
                view = replace(view, lines=(*before, Line("agent", said)))
            case Turn():
                intents = read_intents(shopkeeper.services.profiles, view.session.customer)
                now = replace(_reread(shopkeeper, view), intents=intents)
                if view.profile.everyone and not now.profile.everyone:  # erased: no product says why it fits any more
                    now = replace(now, products=())
                view = _finished(now, before, event)
            case str():
                kept = (*before, Line("agent", said)) if said else before
                view = replace(view, lines=(*kept, Line("page", event)), is_busy=False)
        yield view


def taken_back(shopkeeper: Shopkeeper, view: View) -> View:
    """What the last turn noted counts as never said; whoever is shown the page says so with one click."""
    store, turns = shopkeeper.services.profiles, {item["id"] for trait in view.noted for item in trait["evidence"][-1:]}
    keys = set(map(fresh_key, view.noted))
    for item in store.history(view.session.customer):
        is_one = item.op == "assert" and item.evidence.id in turns and fresh_key(item.to_json()) in keys
        if is_one and item.authority is Authority.STATED:
            store.undo(item.id, UNDONE)
    return _reread(shopkeeper, replace(view, noted=(), fresh=frozenset()))


def _finished(view: View, before: tuple[Line, ...], turn: Turn) -> View:
    reply = Line("agent", turn.reply) if turn.reply else Line("page", "person_answers")
    return replace(
        view,
        lines=(*before, reply),
        is_busy=False,
        steps=turn.tools,
        products=turn.products or view.products,
        fresh=frozenset(map(fresh_key, turn.profile["added"])),
        noted=turn.profile["added"],
        proposal=turn.proposal,
        handed_off=turn.handoff,
        turn=turn,
    )


def _reread(shopkeeper: Shopkeeper, view: View) -> View:
    profile, told = _known(shopkeeper, view.session)
    return replace(view, profile=profile, told=told)


def _known(shopkeeper: Shopkeeper, session: Session) -> tuple[Profile, Told]:
    """What is known of whoever talks, and why."""
    store, customer = shopkeeper.services.profiles, session.customer
    return store.read(customer), tell(store.settled(customer), store.history(customer), store.schema)


def _events(shopkeeper: Shopkeeper, session: Session, text: str, stop: threading.Event) -> Iterator[Event | str]:
    """The agent's events; at the end of a turn that had none, the label of what went wrong.

    The agent runs in a thread, so that stopping does not wait for the model.
    """
    events: queue.Queue[Event | str] = queue.Queue()

    def work() -> None:
        try:
            answering = shopkeeper.stream(session.customer, session.consultation, text)
            with closing(cast(Generator[Event], answering)) as stream:
                for event in stream:
                    events.put(event)
                    if stop.is_set() and isinstance(event, Delta | Replace):
                        return
        except Exception:
            log.exception("the turn failed")
            events.put("failed")

    threading.Thread(target=work, daemon=True, name=f"turn {session.consultation}").start()
    while not stop.is_set():
        try:
            event = events.get(timeout=_LOOK_AGAIN)
        except queue.Empty:
            continue
        yield event
        if isinstance(event, Turn | str):
            return
    yield "stopped"


def _last_found(done: Sequence[Step]) -> tuple[Json, ...]:
    """What the newest search that found something found."""
    for step in reversed(done):
        if step.ok and step.result.get("kind") == "products" and step.result["hits"]:
            return tuple(step.result["hits"])
    return ()
