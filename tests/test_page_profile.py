"""The profile panel as a pure function: what it shows of traits, their evidence and their history."""

from dataclasses import replace

from profiles.history.explanation import Told
from profiles.intents.intent import Intent, Kind, Slot, State
from profiles.intents.journal import say
from profiles.observation import Authority, Evidence, Profile
from tests.panels import LATER, NOW, SCHEMA, Tags, explained, said, shown, trait
from ui.page.panels import profile_panel
from ui.page.text import escape


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
    markup = profile_panel(profile, SCHEMA, "USD", "en", fresh={("", "size", "M")})
    assert markup.count('class="fresh"') == 1


def test_an_open_intent_opens_to_the_reason_of_each_slot_and_of_its_being_open() -> None:
    asked = Evidence("turn", "t:1", "a jacket for my son")
    opened = Slot("state", "open", NOW, (Evidence("call", "t:1/c1", "search_products"),))
    what = Slot("product", "jackets", NOW, (asked,))
    wanted = Intent("i1", Kind.FIND, State.OPEN, (what,), opened, NOW, NOW, 0.9)
    done = replace(wanted, id="i2", state=State.DONE, slots=(replace(what, value="tents"),))
    markup = profile_panel(Profile("C1001"), SCHEMA, "USD", "en", intents=(wanted, done))
    words = Tags(markup).words
    for piece in ("Wants to get done", "Product", "a jacket for my son", "State", "open", "search_products"):
        assert piece in words
    assert "tents" not in words


def test_an_open_intent_tells_a_limit_of_the_price_in_words() -> None:
    opened = Slot("state", "open", NOW, (Evidence("call", "t:1/c1", "search_products"),))
    slots = tuple(Slot(name, value, NOW, ()) for name, value in (("product", "tents"), ("max_price", "150")))
    wanted = Intent("i1", Kind.FIND, State.OPEN, slots, opened, NOW, NOW, 0.9)
    words = [Tags(profile_panel(Profile("C1"), SCHEMA, "USD", code, intents=(wanted,))).words for code in ("en", "zh")]
    assert "tents, at most $150.00" in words[0]
    assert "tents, 最高价 $150.00" in words[1]


def test_the_history_calls_an_intent_by_a_word() -> None:
    line = say("i1", "product", "jackets", "C1001", Evidence("turn", "t:1", "a jacket"), NOW)
    words = Tags(profile_panel(Profile("C1001"), SCHEMA, "USD", "en", told=Told(journal=(line,)))).words
    assert "Intent" in words and "i1.product: jackets" in words and "@" not in words


def test_what_no_longer_holds_opens_to_the_words_that_withdrew_it() -> None:
    journal = [said(0, "need", "warm", polarity="like"), said(1, "need", "warm", op="retract"), said(2, "size", "M")]
    markup = explained([*journal, said(3, "size", "L")])
    earlier = Tags(markup[markup.index("No longer true") : markup.index("history")]).words
    assert earlier.count("withdrawn") == 1 and "words of turn 1" in earlier
