"""The page's panels in general: text from outside is never markup."""

from hypothesis import given
from hypothesis import strategies as st

from agent.replies.card import Card, Picture, Row
from agent.turn import Step
from profiles.observation import Evidence
from tests.panels import LATER, Tags, explained, said, shown, trait
from ui.page.cards import card_of, products_panel, proposal_card
from ui.page.panels import steps_panel
from ui.page.text import escape, plain

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
hostile_text = st.text() | st.text(alphabet="<>&\"'`${}@\\/= abimgonerrscriptx").map(lambda t: HOSTILE + t)


@given(hostile_text)
def test_escaped_text_is_read_back_as_it_was_and_holds_no_tag(text: str) -> None:
    clean = text.replace("\r", "")
    read = Tags(f"<p>{escape(clean)}</p>")
    assert read.tags == ["p"]
    assert read.words.replace("\x00", "�") == clean.replace("\x00", "�")
    assert not set("{}$`") & set(escape(text))


@given(hostile_text)
def test_a_message_shows_no_tag_whatever_it_says(text: str) -> None:
    assert Tags(plain(text)).tags == []


@given(hostile_text)
def test_no_text_from_outside_adds_a_tag_or_an_attribute_to_any_panel(text: str) -> None:
    evil = trait("need", text, "like", evidence=(Evidence(text, text, text),))
    evil = trait("need", text, "like", evidence=evil.evidence, challenges=(evil,))
    written = Evidence(text, text, text)
    lines = [said(n, "need", text, polarity="like", evidence=written, op=op) for n, op in enumerate(("assert", "undo"))]
    evil_card = Card(
        key=text,
        title=text,
        price=text,
        picture=Picture(text, text),
        marks=(text, text),
        reasons=(text,),
        rows=(Row(text, (text, text)),),
        text=text,
        chips=(text,),
    )
    panels = [
        shown((evil,), (trait("size", text, until=LATER),)),
        explained([*lines, said(3, "size", text, evidence=written), said(4, "size", f"{text}!", evidence=written)]),
        products_panel([evil_card], "en"),
        steps_panel([Step(text, {text: text}, False, {text: [text]})], "en", lambda step: card_of(evil_card, "en")),
        proposal_card(evil_card, "en"),
    ]
    for markup in panels:
        read = Tags(markup)
        assert not {"script", "img", "b", "a", "iframe"} & set(read.tags)
        assert not {name for name in read.attributes if name.startswith("on")} | {"src", "href"} & read.attributes
