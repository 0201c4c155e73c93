"""What the recogniser learns from: messages in their situations, notes with who states them, and what a stop keeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from agent.guided.possible_notes import TASTES, possible_notes
from agent.guided.recogniser.encoder import DEFAULT, Encoder, Settings, write
from agent.guided.recogniser.labels import (
    GOES_ON,
    LABELS,
    NOTE,
    STATED,
    STATED_OF_OTHER,
    note_text,
    without_previous,
)
from agent.lexicon import ShopLexicon
from agent.shop import load_shop
from errors import DataError
from finetune.consultations.consultation import Consultation, read
from finetune.consultations.shops import now, shop_directory
from finetune.consultations.written import pack
from finetune.recogniser import Checkpoint, Recipe, train_and_write
from finetune.recogniser_examples import Example, examples
from profiles.shop.files import load_facets, load_schema
from retrieval.catalog import load_catalog

DEMO = shop_directory("demo")


@pytest.fixture(scope="module")
def lexicon() -> ShopLexicon:
    shop, catalog = load_shop(DEMO), load_catalog(DEMO / "catalog.jsonl")
    return ShopLexicon.of(load_schema(DEMO), load_facets(DEMO), catalog.categories, shop.languages)


def talk() -> Consultation:
    noted = {"quote": "i take 42", "attribute": "shoe_size", "value": "42", "polarity": "fact"}
    hers = {"quote": "she hates wool", "attribute": "material", "value": "wool", "polarity": "dislike", "about": "wife"}
    tempting = {"attribute": "color", "value": "black", "because": "question"}
    search = {"query": "boots", "category": "boots"}
    turns = [
        {
            "say": "boots please, i take 42",
            "wants": ["search", "note"],
            "calls": [{"search_products": search}, {"update_profile": {"changes": [noted]}}],
        },
        {
            "say": "do you have them in black?",
            "wants": ["search"],
            "calls": [{"search_products": {**search, "color": "black"}}],
            "not_noted": [tempting],
        },
        {
            "say": "my wife's coming too, she hates wool",
            "wants": ["note"],
            "calls": [{"update_profile": {"changes": [hers]}}],
        },
    ]
    return read(
        {"id": "t-1", "shop": "demo", "customer": "C1003", "language": "en", "voice": "a tester", "turns": turns}
    )


@pytest.fixture(scope="module")
def learnt() -> tuple[Example, ...]:
    return tuple(examples([talk()]))


def of(learnt: tuple[Example, ...], message: str, notes: bool) -> Iterator[Example]:
    return (each for each in learnt if each.message.startswith(message) and each.situation.startswith(NOTE) == notes)


def test_each_message_stands_in_the_situation_that_a_perfect_agent_made(learnt: tuple[Example, ...]) -> None:
    (first,), (second,) = of(learnt, "boots please", False), of(learnt, "do you have", False)
    assert first.situation == "first." and first.wants == {"search", "note"}
    assert second.situation == "search products, update profile, list. boots please, i take 42"
    assert second.wants == {"search", GOES_ON}
    assert all(each.wants <= set(LABELS) for each in learnt)


def test_a_note_is_learnt_with_who_states_it_and_beside_what_tempts(learnt: tuple[Example, ...]) -> None:
    told = {without_previous(each.situation): each.wants for each in learnt}
    assert told[note_text("shoe_size", "42", "fact")] == {STATED}
    assert told[note_text("material", "wool", "dislike")] == {STATED_OF_OTHER}
    assert told[note_text("color", "black", "like")] == frozenset()
    assert sum(not wants for wants in told.values()) >= 2


def test_a_note_stands_in_its_words_and_behind_the_message_before(learnt: tuple[Example, ...]) -> None:
    notes = {without_previous(each.situation): each for each in learnt if each.situation.startswith(NOTE)}
    hers = notes[note_text("material", "wool", "dislike")]
    assert hers.marked == "wool" and hers.situation.endswith("do you have them in black?")
    assert notes[note_text("shoe_size", "42", "fact")].marked == "42"
    long = note_text("color", "red", "like", "word " * 40)
    assert len(long) < 120 and without_previous(long) == note_text("color", "red", "like")
    assert without_previous("search products, list. red; before: x") == "search products, list. red; before: x"


def test_the_words_allow_a_value_as_a_like_and_a_dislike_and_one_that_is_ruled_out_only_so(
    lexicon: ShopLexicon,
) -> None:
    def allowed(text: str) -> set[tuple[str, str, str]]:
        reading = lexicon.read(text, now().date(), language="en")
        return {(note.attribute, str(note.value), note.polarity) for note in possible_notes(reading)}

    notes = allowed("gloves in black, no wool, i'm an M")
    assert {("color", "black", taste) for taste in TASTES} <= notes and ("size", "M", "fact") in notes
    assert ("material", "wool", "dislike") in notes and ("material", "wool", "like") not in notes
    assert not any(attribute in ("category", "allergy") for attribute, _, _ in notes)


@pytest.mark.parametrize(
    ("text", "language", "attribute", "value", "words"),
    [
        ("a tent for four of us", "en", "group_size", "4", "four"),
        ("my budget is fifty bucks", "en", "budget", "50", "fifty"),
        ("I'm 1.75m, what size?", "en", "height_cm", "175", "1.75m"),
        ("I need it by Friday", "en", "needed_by", "2026-12-04", "Friday"),
        ("给我儿子买一件", "zh", "recipient", "son", "儿子"),
        ("灰L放车里", "zh", "color", "grey", "灰"),
    ],
)
def test_a_possible_note_knows_its_own_words(
    lexicon: ShopLexicon, text: str, language: str, attribute: str, value: str, words: str
) -> None:
    reading = lexicon.read(text, now().date(), language=language)
    assert words in {
        one.words for one in possible_notes(reading) if (one.attribute, str(one.value)) == (attribute, value)
    }


@pytest.mark.parametrize(
    "text",
    ["boots, ugly ones", "is there one in the second list?", "三月买的", "the order of the 5th", "we're 400 people"],
)
def test_a_number_that_counts_nobody_is_no_group_and_no_height(lexicon: ShopLexicon, text: str) -> None:
    noted = {note.attribute for note in possible_notes(lexicon.read(text, now().date()))}
    assert not noted & {"group_size", "height_cm"}


def test_messages_that_might_be_written_at_once_are_learnt_so_too() -> None:
    several = [example for number in range(40) for example in examples([of_shopping(number)], is_learnt=True)]
    joined = [one for one in several if "rain jacket" in one.message and "returns" in one.message]
    wishes = {one.wants for one in joined if not one.situation.startswith(NOTE)}
    assert wishes == {frozenset(("search", "answer"))}
    assert not any("returns" in one.message and "yes" in one.message for one in several)
    assert all(one.message in ("yes please", *_SAID) for one in examples([of_shopping(0)]))


_SAID = ("a rain jacket", "how do returns work?")


def of_shopping(number: int) -> Consultation:
    turns = [
        {"say": _SAID[0], "wants": ["search"], "calls": [{"search_products": {"query": "rain jacket"}}]},
        {"say": _SAID[1], "wants": ["answer"], "calls": [{"find_answer": {"question": _SAID[1]}}]},
        {"say": "yes please", "wants": ["yes"], "calls": []},
    ]
    named = {"id": f"t-{number}", "shop": "demo", "customer": "C1003", "language": "en", "voice": "a tester"}
    return read({**named, "turns": turns})


def test_a_stopped_training_goes_on_and_one_of_other_samples_begins_anew(tmp_path: Path) -> None:
    kept, fresh = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    path = tmp_path / "runs" / "one.pt"
    assert Checkpoint(path, {"samples": 3}).restore(fresh) == 0
    Checkpoint(path, {"samples": 3}).keep(2, kept)
    assert Checkpoint(path, {"samples": 4}).restore(fresh) == 0 and not torch.equal(fresh.weight, kept.weight)
    assert Checkpoint(path, {"samples": 3}).restore(fresh) == 2 and torch.equal(fresh.weight, kept.weight)


def test_training_goes_on_from_what_was_trained_and_forgets_nothing(tmp_path: Path) -> None:
    data, out = tmp_path / "mine.jsonl.gz", tmp_path / "out"
    pack([talk()], data)
    train_and_write(data, out, Recipe(epochs=1, start=str(DEFAULT)))
    texts = ("first.", "my parcel never came"), ("search products, list. boots", "the second one in 42 please")
    for text in texts:
        before, after = Encoder(DEFAULT).probabilities(*text), Encoder(out).probabilities(*text)
        assert max(before, key=before.__getitem__) == max(after, key=after.__getitem__)
        assert before != after


def test_training_does_not_go_on_from_weights_for_other_labels(tmp_path: Path) -> None:
    write(tmp_path, Settings(("search",), 48), {})
    with pytest.raises(DataError, match="other labels"):
        train_and_write(tmp_path / "none", tmp_path / "out", Recipe(start=str(tmp_path)))
