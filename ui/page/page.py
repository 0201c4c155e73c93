"""The Gradio page: its layout, and which event leads to which view.

In: an open `Shopkeeper`, and the way in for events. Out: `gr.Blocks` to launch. What a browser keeps is checked in
`ui.session`; the rest of a session lives on the server. Events are private: the page is no API.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from agent.context import is_visitor
from agent.shopkeeper import Shopkeeper
from errors import NotFound
from language.names import own_name
from profiles.events.intake import EventIntake
from profiles.observation import Profile
from ui.page.consultation import Line, View, asked, opened, taken_back
from ui.page.frame import Frame, changes, frame, people
from ui.page.labels import label
from ui.page.sign_in import signed_in
from ui.session import (
    Session,
    as_customer,
    new_consultation,
    new_session,
    preferred_language,
    restored_session,
)

Update = list[Any]
_ANSWERS_AT_ONCE = 8


class Page:
    """Builds the widgets and answers their events for one shop. Safe for many browsers at once."""

    def __init__(self, shopkeeper: Shopkeeper, intake: EventIntake) -> None:
        self._shopkeeper, self._intake = shopkeeper, intake
        self._languages = shopkeeper.services.shop.languages
        self._stops: dict[str, threading.Event] = {}  # of the turn that runs, by window
        self._widgets: dict[str, Any] = {}

    def build(self) -> Any:
        """The whole page."""
        shop = self._shopkeeper.services.shop
        blank = frame(View(new_session(self._languages[0]), Profile("")), self._shopkeeper.services)
        with gr.Blocks(title=shop.name, analytics_enabled=False, fill_width=True) as blocks:
            self._view = gr.State(None)
            # Any browser is sent this "secret": what it kept is checked, never trusted.
            self._kept = gr.BrowserState(None, storage_key=f"shopkeeper {shop.name}", secret="shopkeeper")
            self._layout(blank)
            self._events(blocks)
        return blocks

    def _layout(self, blank: Frame) -> None:
        with gr.Row(elem_id="top"):
            self._html("header", blank)
            with gr.Row(elem_id="controls"):
                self._add("customer", gr.Dropdown(**blank["customer"], filterable=True, elem_id="customer"))
                codes = [(own_name(code), code) for code in self._languages]
                self._add("language", gr.Radio(codes, **blank["language"], elem_id="language"))
                self._add("new", gr.Button(**blank["new"], elem_id="new", size="sm"))
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="talk"):
                self._conversation(blank)
            with gr.Column(elem_id="known"):
                self._html("profile", blank)
            with gr.Column(elem_id="found"):
                for name in ("products", "steps", "usage"):
                    self._html(name, blank)

    def _conversation(self, blank: Frame) -> None:
        chat = gr.Chatbot(
            **blank["chat"],
            elem_id="chat",
            show_label=False,
            height=None,
            buttons=[],
            feedback_options=None,
            render_markdown=False,
            layout="bubble",
            group_consecutive_messages=False,
        )
        self._add("chat", chat)
        with gr.Row(elem_id="quiet"):
            self._html("noted", blank)
            self._add("undo", gr.Button(**blank["undo"], elem_id="undo", size="sm"))
        for name in ("live", "banner", "proposal"):
            self._html(name, blank)
        with gr.Row(elem_id="answers"):
            self._add("yes", gr.Button(**blank["yes"], elem_id="yes", variant="primary", size="sm"))
            self._add("no", gr.Button(**blank["no"], elem_id="no", size="sm"))
            self._add("retry", gr.Button(**blank["retry"], elem_id="retry", size="sm"))
        with gr.Row(elem_id="compose"):
            box = gr.Textbox(**blank["text"], elem_id="text", lines=1, max_lines=6)
            self._add("text", box)
            self._add("send", gr.Button(**blank["send"], elem_id="send", variant="primary"))
            self._add("stop", gr.Button(**blank["stop"], elem_id="stop", variant="stop"))

    def _add(self, name: str, widget: Any) -> None:
        self._widgets[name] = widget

    def _html(self, name: str, blank: Frame) -> None:
        self._add(name, gr.HTML(**blank[name], elem_id=name, apply_default_css=False))

    def _events(self, blocks: Any) -> None:
        widgets, view, kept = self._widgets, self._view, self._kept
        everything = [*widgets.values(), view, kept]
        quiet: dict[str, Any] = {
            "outputs": everything,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        turn = quiet | {"concurrency_limit": _ANSWERS_AT_ONCE, "concurrency_id": "turn"}
        blocks.load(self._load, [kept], **quiet)
        turns = [
            gr.on(
                [widgets["text"].submit, widgets["send"].click],
                self._send,
                [view, kept, widgets["text"]],
                **turn,
            ),
            widgets["retry"].click(self._retry, [view, kept], **turn),
            widgets["yes"].click(self._quick("yes"), [view, kept], **turn),
            widgets["no"].click(self._quick("no"), [view, kept], **turn),
        ]
        # A turn under way must not write into the next customer's page: these rest while it runs, or end it.
        # A turn that is cancelled may still send its last picture, so the new one is sent once more behind it.
        chosen = widgets["customer"].input(self._choose, [view, kept, widgets["customer"]], **quiet, cancels=turns)
        begun = widgets["new"].click(self._begin, [view, kept], **quiet, cancels=turns)
        for opening in (chosen, begun):
            opening.then(self._again, [view, kept], **quiet)
        widgets["undo"].click(self._take_back, [view, kept], **quiet)
        widgets["language"].input(self._speak, [view, kept, widgets["language"]], **quiet)
        widgets["stop"].click(self._stop, None, None, queue=False, api_visibility="private")

    def _load(self, kept: Any, request: gr.Request) -> Update:
        language = preferred_language(request.headers.get("accept-language", ""), self._languages)
        return self._update(None, self._first(kept, language))

    def _choose(self, view: View | None, kept: Any, choice: str | None, request: gr.Request) -> Update:
        now, shown = self._current(view, kept)
        session = as_customer(now.session, choice or "", self._is_known)
        if session.customer == now.session.customer:  # a list tells its choice again when it is left
            return self._update(shown, now)
        if not is_visitor(session.customer):
            session = signed_in(self._shopkeeper, self._intake, now.session, session.customer)
        after = self._opened(now, session, request)
        if session.consultation == now.session.consultation:
            after = replace(after, lines=(*after.lines, Line("page", "signed_in")))
        return self._update(shown, after, text={"value": ""})

    def _begin(self, view: View | None, kept: Any, request: gr.Request) -> Update:
        now, shown = self._current(view, kept)
        session = replace(now.session, consultation=new_consultation(now.session.customer))
        return self._update(shown, self._opened(now, session, request), text={"value": ""})

    def _again(self, view: View | None, kept: Any) -> Update:
        return self._update(None, self._current(view, kept)[0])

    def _speak(self, view: View | None, kept: Any, language: str) -> Update:
        now, shown = self._current(view, kept)
        return self._update(shown, replace(now, session=replace(now.session, language=language)))

    def _take_back(self, view: View | None, kept: Any) -> Update:
        now, shown = self._current(view, kept)
        return self._update(shown, taken_back(self._shopkeeper, now))

    def _opened(self, before: View, session: Session, request: gr.Request) -> View:
        self._stop(request)
        self._stops.pop(_window(request), None)
        return opened(self._shopkeeper, session, before.people)

    def _send(self, view: View | None, kept: Any, text: str, request: gr.Request) -> Iterator[Update]:
        if text.strip():
            yield from self._ask(*self._current(view, kept), text.strip(), request, text={"value": ""})

    def _retry(self, view: View | None, kept: Any, request: gr.Request) -> Iterator[Update]:
        now, shown = self._current(view, kept)
        if now.last_question:
            yield from self._ask(now, shown, now.last_question, request)

    def _quick(self, answer: str) -> Callable[[View | None, Any, gr.Request], Iterator[Update]]:
        def send(view: View | None, kept: Any, request: gr.Request) -> Iterator[Update]:
            now, shown = self._current(view, kept)
            yield from self._ask(now, shown, label(answer, now.session.language), request)

        return send

    def _current(self, view: View | None, kept: Any) -> tuple[View, View | None]:
        """The view as it is now, and as the browser shows it.

        What the browser kept is opened again where the server has forgotten the view in a restart, or whoever it is of
        is nobody any more: erased, or a visitor who has signed in from another window.
        """
        if view is not None and self._is_known(view.session.customer):
            return view, view
        return self._first(kept, self._languages[0]), None

    def _first(self, kept: Any, language: str) -> View:
        return opened(self._shopkeeper, self._restored(kept, language), people(self._shopkeeper.services))

    def _restored(self, kept: Any, language: str) -> Session:
        owner = self._shopkeeper.services.profiles.owner
        return restored_session(kept, self._is_known, owner, language, self._languages)

    def _ask(
        self, view: View, shown: View | None, words: str, request: gr.Request, **forced: dict[str, Any]
    ) -> Iterator[Update]:
        window = _window(request)
        stop = self._stops[window] = threading.Event()
        try:
            for after in asked(self._shopkeeper, view, words, stop):
                if self._stops.get(window) is not stop:
                    return  # the window shows another consultation by now
                yield self._update(shown, after, **forced)
                shown, forced = after, {}
        finally:
            if self._stops.get(window) is stop:  # else the window has begun another turn meanwhile
                del self._stops[window]

    def _stop(self, request: gr.Request) -> None:
        stop = self._stops.get(_window(request))
        if stop is not None:
            stop.set()

    def _update(self, before: View | None, after: View, **forced: dict[str, Any]) -> Update:
        """One update for each widget, then the view, then what the browser keeps."""
        services = self._shopkeeper.services
        shown = frame(before, services) if before else {}
        changed = changes(shown, frame(after, services))
        updates = {name: changed.get(name, {}) | forced.get(name, {}) for name in self._widgets}
        kept = gr.skip() if before and before.session == after.session else after.session.to_json()
        return [*(gr.update(**props) if props else gr.skip() for props in updates.values()), after, kept]

    def _is_known(self, customer: str) -> bool:
        try:
            return bool(self._shopkeeper.known(customer))
        except NotFound:
            return False


def _window(request: gr.Request) -> str:
    """Which window of which browser: two of them may be in one consultation."""
    return str(request.session_hash)
