"""What each widget of the page shows for a `View`: a pure function from a view to the widgets' properties.

In: a view and the agent's services. Out: properties by widget name; `changes` says
what to send to the browser, so that a panel that somebody opened stays open while words stream in beside
it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.context import Services, is_visitor
from agent.replies.card import Card
from agent.replies.composer import Composer
from agent.turn import Step
from ui.page.cards import card_of, handoff_banner, products_panel, proposal_card
from ui.page.consultation import Line, View
from ui.page.labels import label
from ui.page.panels import profile_panel, steps_panel, usage_line
from ui.page.text import escape, plain
from ui.session import VISITOR_CHOICE

Props = dict[str, Any]
Frame = Mapping[str, Props]
_PRODUCTS, _PROPOSAL = "products", "proposal"  # kinds of results that have a panel of their own


def people(services: Services) -> tuple[tuple[str, str], ...]:
    """(name and id, id) of every customer of the shop. Visitors are left out: their ids are their keys."""
    ids = [name for name in services.profiles.customers() if not is_visitor(name)]
    names = {one: services.profiles.customer(one).name for one in ids}
    return tuple((f"{names[one]} · {one}" if names[one] else one, one) for one in ids)


def frame(view: View, services: Services) -> Frame:
    """The properties of every widget."""
    session, language, shop = view.session, view.session.language, services.shop
    composer = Composer(services, language, session.consultation)
    found = _cards(composer, {"kind": _PRODUCTS, "hits": view.products})
    proposed = _cards(composer, {"kind": _PROPOSAL, "proposal": view.proposal}) if view.proposal else ()
    return {
        "header": {"value": header(shop.name, language)},
        "customer": {
            "label": label("customer", language),
            "choices": [(label("visitor", language), VISITOR_CHOICE), *view.people],
            "value": session.choice,
            "interactive": not view.is_busy,
        },
        "language": {
            "label": label("language", language),
            "value": language,
            "interactive": not view.is_busy,
        },
        "new": {"value": label("new", language), "interactive": not view.is_busy},
        "chat": {
            "label": label("conversation", language),
            "value": [_message(one, language) for one in view.lines],
        },
        "live": {"value": _announcement(view, language)},
        "banner": {"value": handoff_banner(view.handed_off, language)},
        "proposal": {"value": proposal_card(next(iter(proposed), None), language)},
        "yes": {"value": label("yes", language), "visible": view.proposal is not None},
        "no": {"value": label("no", language), "visible": view.proposal is not None},
        "noted": {"value": noted_line(composer, view.noted)},
        "undo": {"value": label("take_back", language), "visible": bool(view.noted) and not view.is_busy},
        "text": {"label": label("message", language), "placeholder": label("placeholder", language)},
        "send": {"value": label("send", language), "visible": not view.is_busy},
        "stop": {"value": label("stop", language), "visible": view.is_busy},
        "retry": {
            "value": label("retry", language),
            "visible": bool(view.last_question) and not view.is_busy,
        },
        "profile": {
            "value": profile_panel(
                view.profile, services.schema, shop.currency, language, view.fresh, view.told, view.intents
            )
        },
        "products": {"value": products_panel(found, language)},
        "steps": {"value": steps_panel(view.steps, language, lambda step: _step_cards(composer, step))},
        "usage": {"value": usage_line(view.turn, language)},
    }


def changes(before: Frame, after: Frame) -> dict[str, Props]:
    """The properties of the widgets that differ."""
    return {name: props for name, props in after.items() if before.get(name) != props}


def header(shop: str, language: str) -> str:
    """The shop's name, and that it is an AI that speaks."""
    return (
        f'<div class="brand" lang="{escape(language)}"><h1>{escape(shop)}</h1>'
        f'<p><span class="pill">{label("tagline", language)}</span> '
        f"{label('tagline_help', language)}</p></div>"
    )


def noted_line(composer: Composer, noted: Sequence[Mapping[str, Any]]) -> str:
    """The small line under a reply: what was noted with it; empty if nothing was."""
    if not noted:
        return ""
    words = label("noted", composer.language, traits=escape(composer.traits(noted)))
    return f'<p class="noted" lang="{escape(composer.language)}">{words}</p>'


def _message(line: Line, language: str) -> Props:
    if line.by == "page":
        return {"role": "assistant", "content": label(line.text, language)}
    return {"role": "user" if line.by == "customer" else "assistant", "content": plain(line.text)}


def _announcement(view: View, language: str) -> str:
    """For screen readers: the reply once, when it is whole; the mark says whose conversation the page shows by now."""
    last = view.lines[-1] if view.lines else Line("agent", "")
    words = label(last.text, language) if last.by == "page" else last.text
    said = "" if view.is_busy and last.by != "page" else escape(words)
    whose = escape(view.session.choice)
    return f'<div class="sr-only" role="status" aria-live="polite" data-customer="{whose}">{said}</div>'


def _cards(composer: Composer, artifact: Mapping[str, Any]) -> Sequence[Card]:
    """The cards of a result, as the record of its tool makes them."""
    makers = (tool.cards for tool in composer.services.tools if tool.kind == artifact.get("kind") and tool.cards)
    return next((make(composer, artifact) for make in makers), ())


def _step_cards(composer: Composer, step: Step) -> str:
    """The cards of a step, but for those that have a place of their own on the page."""
    if not step.ok or step.result.get("kind") in (_PRODUCTS, _PROPOSAL):
        return ""
    return "".join(card_of(card, composer.language) for card in _cards(composer, step.result))
