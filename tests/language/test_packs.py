"""A language is one file: what can be served is whole, and no file says what nobody reads."""

import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from agent.orders.address import AddressWords
from agent.orders.confirm import Confirm
from agent.replies.gate.words import TOPICS, Claims
from agent.replies.phrases import PhraseWords
from agent.shop import load_shop
from errors import ConfigError
from language.cues import Cues, asked_in, cue, cued_piece, cues_in
from language.detection import Detection
from language.names import Naming
from language.packs import FOLDER, Section, languages, missing_sections, section, servable
from language.truth import Truth, truth_of
from language.unserved import Unserved
from ui.page.labels import Labels

SECTIONS: Mapping[str, type[Section]] = {
    "detection": Detection, "unserved": Unserved, "cues": Cues, "truth": Truth, "confirm": Confirm,
    "address": AddressWords, "phrases": PhraseWords, "names": Naming, "claims": Claims, "labels": Labels,
}  # fmt: skip
ALWAYS_EMPTY = {"fact"}  # the page says nothing before a plain fact


def _pack(code: str) -> dict[str, Any]:
    raw = yaml.safe_load((FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    assert isinstance(raw, dict)
    return raw


def _slots(texts: str | list[str]) -> set[str]:
    listed = [texts] if isinstance(texts, str) else texts
    return {name for text in listed for _, name, _, _ in string.Formatter().parse(text) if name}


def _sections() -> Iterator[tuple[str, str]]:
    return ((code, name) for code in languages() for name in SECTIONS if name in _pack(code))


def test_four_languages_can_be_served_and_many_more_are_told() -> None:
    assert {"de", "en", "es", "zh"} <= set(servable()) <= set(languages())
    assert len(languages()) - len(servable()) >= 12


@pytest.mark.parametrize(("code", "name"), list(_sections()))
def test_a_section_has_what_its_reader_knows_and_nothing_else(code: str, name: str) -> None:
    read = section(code, name, SECTIONS[name])
    assert read is not None
    if name not in ("phrases", "labels", "cues"):
        with pytest.raises(ValidationError, match="unheard_of"):
            SECTIONS[name].model_validate({**_pack(code)[name], "unheard_of": 1})


@pytest.mark.parametrize("code", servable())
@pytest.mark.parametrize("name", ["phrases", "labels"])
def test_a_language_that_can_be_served_says_all_that_english_says_with_the_same_slots(code: str, name: str) -> None:
    own, english = _pack(code)[name], _pack("en")[name]
    assert set(own) == set(english)
    for key, texts in own.items():
        assert _slots(texts) <= _slots(english[key]), key
        assert (texts and all(texts)) or key in ALWAYS_EMPTY, key


@pytest.mark.parametrize("code", servable())
def test_a_language_that_can_be_served_has_words_for_all_that_is_asked_and_claimed(code: str) -> None:
    assert set(_pack("en")["cues"]) - {"idle"} <= set(_pack(code)["cues"])  # Chinese needs no idle words
    assert set(_pack(code)["cues"]) <= set(_pack("en")["cues"])
    assert set(_pack(code)["claims"]["topics"]) == set(TOPICS)
    assert missing_sections(code) == ()


@pytest.mark.parametrize("code", languages())
def test_every_language_is_told_and_can_say_which_ones_are_served(code: str) -> None:
    sentence = _pack(code)["unserved"]["sentence"]
    assert _slots(sentence) == {"languages"}
    assert _pack(code)["detection"]["words"]


def test_no_answer_is_a_yes_in_one_language_and_a_no_in_another() -> None:
    answers = [pack["confirm"] for code in languages() if "confirm" in (pack := _pack(code))]
    yes, no = ({word.casefold() for listed in answers for word in listed[meaning]} for meaning in ("yes", "no"))
    assert not yes & no


def test_a_shop_lists_only_languages_that_can_be_served(tmp_path: Path) -> None:
    shop = tmp_path / "shop.toml"
    shop.write_text('name = "S"\nlanguages = ["en", "fr"]\ncurrency = "EUR"\n', encoding="utf-8")
    lacking = "'fr' cannot be served, it lacks cues, phrases, labels; there are de, en, es, zh"
    with pytest.raises(ConfigError, match=lacking):
        load_shop(tmp_path)
    shop.write_text('name = "S"\nlanguages = ["xx"]\ncurrency = "EUR"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="'xx' cannot be served, it lacks everything"):
        load_shop(tmp_path)
    shop.write_text('name = "S"\nlanguages = ["es", "de"]\ncurrency = "EUR"\n', encoding="utf-8")
    assert load_shop(tmp_path).languages == ("es", "de")


@pytest.mark.parametrize(
    ("text", "name", "piece"),
    [
        ("Is the jacket IN STOCK?", "stock", "IN STOCK"),
        ("这件有货吗", "stock", "有货"),
        ("¿Está agotada la chaqueta?", "stock", "agotada"),
        ("Ist die Jacke noch vorrätig?", "stock", "vorrätig"),
        ("oh, don’t need it any more", "never_mind", "don’t need it"),
        ("déjalo, ya no lo necesito", "never_mind", "déjalo"),
        ("hat sich erledigt", "never_mind", "hat sich erledigt"),
        ("ya las compré ayer", "bought", "las compré"),
        ("ich habe sie schon gekauft", "bought", "habe sie schon gekauft"),
        ("¿todavía tienen esa chaqueta?", "looks_back", "todavía"),
        ("haben Sie das von letzter Woche noch da?", "looks_back", "letzter Woche"),
        ("olvide mi talla", "forget", "olvide"),
        ("das ist mir nicht mehr wichtig", "forget", "nicht mehr"),
        ("¿cómo puedo pagar?", "asks", "cómo"),
        ("wann kommt es wieder rein", "later", "wann"),
    ],
)
def test_a_cue_is_found_in_any_language_with_the_words_for_it(text: str, name: str, piece: str) -> None:
    assert cued_piece(name, text) == piece
    assert name in cues_in(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("the cheepest", "sort_price_low"), ("a bargaining", "sort_price_low"), ("pls forgett it", "forget")],
)
def test_a_cue_is_asked_for_in_words_that_are_misspelt_or_begin_like_one_of_its(text: str, name: str) -> None:
    assert name in asked_in(text) and name not in asked_in("a tent")


def test_a_cue_may_be_asked_of_some_languages_only_and_an_unknown_one_is_named() -> None:
    assert cue("stock", "auf Lager", ["de"]) and not cue("stock", "auf Lager", ["en", "zh"])
    with pytest.raises(ConfigError, match="no cue 'stocks'"):
        cue("stocks", "in stock")


@pytest.mark.parametrize(
    ("text", "truth"), [("Yes", True), ("是", True), ("Sí", True), ("nein", False), ("maybe", None)]
)
def test_a_truth_is_read_in_any_language(text: str, truth: bool | None) -> None:
    assert truth_of(text) is truth
