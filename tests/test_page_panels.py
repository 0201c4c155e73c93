"""The page's panels as pure functions: what they show, in both languages, and that text is never markup."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.orders.confirm import read_answer
from agent.orders.proposals import KINDS, Kind
from agent.turn import Step, Turn
from profiles.explaining import tell
from profiles.fold import fold, settle
from profiles.observation import Authority, Evidence, Observation, Polarity, Profile, Trait
from profiles.schema import Schema
from ui.cards import handoff_banner, products_panel, proposal_card
from ui.icons import drawing
from ui.labels import LABELS, LANGUAGES, label
from ui.panels import profile_panel, steps_panel, usage_line
from ui.text import escape, plain

NOW = datetime(2026, 10, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 10, 3, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
SCHEMA = Schema.parse(
    {
        "attributes": [
            {
                "name": "budget",
                "type": "money",
                "writers": ["stated"],
                "label": {"en": "Budget", "zh": "预算"},
            },
            {"name": "need", "type": "text", "many": True, "polarity": True, "writers": ["stated"]},
            {"name": "size", "type": "text", "writers": ["stated", "observed"], "label": {"en": "Size"}},
        ]
    }
)
hostile_text = st.text() | st.text(alphabet="<>&\"'`${}@\\/= abimgonerrscriptx").map(lambda t: HOSTILE + t)


class Tags(HTMLParser):
    """The tags, attribute names and text of some HTML."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def trait(attribute: str, value: str | float, polarity: Polarity = "fact", **changed: Any) -> Trait:
    fields: dict[str, Any] = {
        "authority": Authority.STATED,
        "confidence": 0.8,
        "evidence": (Evidence("turn", "C1001.0123456789abcdef0123456789abcdef:3", "under $150 please"),),
        "since": NOW,
        "until": None,
    }
    return Trait(attribute, value, polarity, **(fields | changed))


def product(**changed: Any) -> dict[str, Any]:
    return {
        "sku": "JKT-1",
        "variant": "JKT-1-DGR-M",
        "title": "Fell Jacket",
        "titles": {"en": "Fell Jacket", "zh": "山岭夹克"},
        "category": "jackets",
        "brand": "Northfell",
        "price": 139.0,
        "currency": "USD",
        "color": "dark green",
        "size": "M",
        "stock": 2,
        "rating": 4.6,
        "reviews": 212,
        "facets": {"material": ["nylon"], "waterproof": True, "weight_g": 420.0},
        "description": "Keeps the rain out.",
        "reasons": ["color dark green"],
    } | changed


def shown(traits: tuple[Trait, ...] = (), past: tuple[Trait, ...] = (), language: str = "en") -> str:
    return profile_panel(Profile("C1001", traits, past), SCHEMA, "USD", language)


def said(number: int, attribute: str, value: str | float, **changed: Any) -> Observation:
    words = Evidence("turn", f"turn-{number}", f"words of turn {number}")
    fields: dict[str, Any] = {"polarity": "fact", "authority": Authority.STATED, "confidence": 0.9}
    fields |= {"evidence": words, "at": NOW + timedelta(hours=number)} | changed
    return Observation(f"o{number}", "C1001", attribute, value, **fields)


def explained(journal: list[Observation], language: str = "en") -> str:
    """The panel of somebody with this journal."""
    profile = fold(journal, SCHEMA, journal[-1].at)
    return profile_panel(profile, SCHEMA, "USD", language, told=tell(settle(journal, SCHEMA), journal, SCHEMA))


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
    panels = [
        shown((evil,), (trait("size", text, until=LATER),)),
        explained([*lines, said(3, "size", text, evidence=written), said(4, "size", f"{text}!", evidence=written)]),
        products_panel(
            [
                product(
                    title=text,
                    titles={},
                    brand=text,
                    color=text,
                    size=text,
                    description=text,
                    reasons=[text],
                    category=text,
                    sku=text,
                    variant=text,
                    facets={text: [text], "kind": text},
                )
            ],
            "en",
            {},
        ),
        steps_panel([Step(text, {text: text}, False, {text: [text]})], "en"),
        proposal_card(
            {"kind": text, "summary": {text: text, "items": [{"title": text, "quantity": 1}]}}, "USD", "en"
        ),
    ]
    for markup in panels:
        read = Tags(markup)
        assert not {"script", "img", "b", "a", "iframe"} & set(read.tags)
        assert (
            not {name for name in read.attributes if name.startswith("on")}
            | {"src", "href"} & read.attributes
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_has_a_text_in_every_language(language: str) -> None:
    empty = [key for key in LABELS if not label(key, language) and key != "fact"]
    assert empty == []


def test_a_trait_shows_its_value_authority_confidence_and_the_words_it_comes_from() -> None:
    words = Tags(shown((trait("budget", 150.0),))).words
    for piece in ("Budget", "$150.00", "stated", "confidence 80%", "under $150 please", "customer's words"):
        assert piece in words


def test_evidence_does_not_show_the_whole_id_of_a_consultation() -> None:
    markup = shown((trait("budget", 150.0),))
    assert "0123456789abcdef0123456789abcdef" not in markup
    assert "bcdef:3" in markup


def test_a_dislike_is_said_in_words_in_both_languages() -> None:
    disliked = trait("need", "wool", "dislike")
    assert "avoids" in shown((disliked,))
    assert "不要" in shown((disliked,), language="zh")


def test_a_superseded_value_is_struck_through_beside_the_new_one_and_kept_below() -> None:
    markup = shown((trait("budget", 200.0, since=LATER),), (trait("budget", 150.0, until=LATER),))
    assert markup.count(f"<del>{escape('$150.00')}</del>") == 2
    assert "No longer true" in markup


def test_a_weaker_claim_that_disagrees_is_shown_struck_through_with_its_authority() -> None:
    observed = trait("size", "L", authority=Authority.OBSERVED)
    markup = shown((trait("size", "M", challenges=(observed,)),))
    assert "<del>L</del>" in markup
    assert "observed" in markup


def test_a_trait_opens_to_its_evidence_piece_by_piece_what_it_replaced_and_who_may_change_it() -> None:
    journal = [said(0, "size", "M"), said(30, "size", "L"), said(60, "size", "L", confidence=0.5)]
    words = Tags(explained(journal)).words
    for piece in (
        "words of turn 30",
        "90% on 2026-10-03, 90% now",
        "words of turn 60",
        "50% on 2026-10-05, 50% now",
        "Together 95%",
        "Replaced M",
        "since 2026-10-02",
        "May be changed by: stated, observed",
        "Does not fade",
    ):
        assert piece in words
    assert "可由以下来源更改：顾客所述, 行为观察" in Tags(explained(journal, "zh")).words


def test_behaviour_that_says_otherwise_stands_beside_with_its_events() -> None:
    seen = said(1, "size", "XL", authority=Authority.OBSERVED, evidence=Evidence("event", "e9", "viewed 14, bought 2"))
    words = Tags(explained([said(0, "size", "M"), seen])).words
    assert "disagrees" in words and "viewed 14, bought 2" in words and "behaviour" in words


def test_the_history_has_every_line_newest_first_and_marks_what_was_undone() -> None:
    journal = [said(0, "budget", 150.0), said(1, "need", "warm", polarity="like"), said(2, "budget", 200.0)]
    journal += [said(3, "need", "warm", op="retract"), said(4, "budget", "o2", authority=Authority.SHOP, op="undo")]
    markup = explained(journal)
    words = Tags(markup[markup.index("history") :]).words
    assert words.index("undone") < words.index("withdrawn warm") < words.index("$200.00") < words.index("likes warm")
    assert words.index("likes warm") < words.index("$150.00") and "o2" not in words
    assert f"<del>{escape('$200.00')}</del>" in markup[markup.index("history") :]


def test_of_a_long_history_the_newest_lines_are_shown_and_the_others_counted() -> None:
    words = Tags(explained([said(number, "need", f"need {number}", polarity="like") for number in range(60)])).words
    assert "History (60)" in words and "10 older lines" in words
    assert "need 59" in words


def test_somebody_of_whom_everything_was_forgotten_still_sees_the_history() -> None:
    forgotten = [said(0, "need", "warm", polarity="like"), said(1, "need", "*", op="retract")]
    words = Tags(explained(forgotten)).words
    assert "History (2)" in words and "withdrawn everything" in words


def test_traits_that_this_turn_added_are_marked() -> None:
    profile = Profile("C1001", (trait("budget", 150.0), trait("size", "M")))
    markup = profile_panel(profile, SCHEMA, "USD", "en", fresh={("size", "M")})
    assert markup.count('class="fresh"') == 1


def test_a_card_has_title_price_variant_stock_rating_reason_and_facets() -> None:
    words = Tags(products_panel([product()], "en", {"color": "Colour"})).words
    for piece in (
        "Fell Jacket",
        "$139.00",
        "dark green",
        "M",
        "Only 2 left",
        "4.6",
        "212",
        "Colour: dark green",
    ):
        assert piece in words
    for chip in ("nylon", "waterproof", "weight g 420", "Northfell"):
        assert chip in words


def test_a_card_has_the_title_in_the_language_of_the_page() -> None:
    assert "山岭夹克" in products_panel([product()], "zh")
    assert "Fell Jacket" in products_panel([product(titles={})], "zh")


@pytest.mark.parametrize(("stock", "words"), [(0, "Out of stock"), (3, "Only 3 left"), (9, "In stock")])
def test_stock_is_said_in_words(stock: int, words: str) -> None:
    assert words in products_panel([product(stock=stock)], "en")


def test_a_product_found_twice_is_one_card() -> None:
    assert products_panel([product(), product()], "en").count("<article") == 1


def test_a_category_and_a_colour_without_a_drawing_still_get_one() -> None:
    assert drawing("spaceships", "ultraviolet").startswith("<svg")


def test_a_failed_step_says_so_and_shows_arguments_and_result() -> None:
    words = Tags(
        steps_panel([Step("get_order", {"order_id": "AP-1"}, False, {"reason": "not found"})], "en")
    ).words
    for piece in ("get_order", "order_id: AP-1", "failed", '"reason": "not found"'):
        assert piece in words


def test_a_very_long_result_is_cut() -> None:
    assert len(steps_panel([Step("find_answer", {}, True, {"text": "a" * 100_000})], "en")) < 10_000


def test_usage_shows_calls_tokens_seconds_and_the_gate() -> None:
    turn = Turn(
        reply="Hi", language="en", tools=(), profile={}, products=(), template=None,
        handoff=False, proposal=None,
        gate={"checked": 6, "blocked": 1},
        usage={"model_calls": 2, "prompt_tokens": 1812, "completion_tokens": 64},
        seconds=1.44, first_words=0.8, first_token=0.2,
    )  # fmt: skip
    words = Tags(usage_line(turn, "en")).words
    for piece in ("2", "1,812 / 64", "1.4", "6 / 1"):
        assert piece in words
    assert usage_line(None, "en") == ""


def test_a_proposal_shows_what_would_be_done_and_that_nothing_is_done_yet() -> None:
    summary = {"order_id": "AP-10482", "items": [{"quantity": 2, "title": "Fell Jacket"}], "total": 278.0}
    words = Tags(proposal_card({"kind": "cancel_order", "summary": summary}, "USD", "en")).words
    for piece in (
        "Cancel order",
        "AP-10482",
        "2 × Fell Jacket",
        "$278.00",
        "Nothing is done until you say yes.",
    ):
        assert piece in words
    assert proposal_card(None, "USD", "en") == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_buttons_under_a_proposal_are_read_as_the_answers_they_say(language: str, kind: Kind) -> None:
    assert read_answer(label("yes", language), language, kind=kind) == "yes"
    assert read_answer(label("no", language), language, kind=kind) == "no"


def test_a_handoff_says_that_a_person_will_take_over() -> None:
    assert "A person will take over" in handoff_banner(True, "en")
    assert "人工客服" in handoff_banner(True, "zh")
    assert handoff_banner(False, "en") == ""
