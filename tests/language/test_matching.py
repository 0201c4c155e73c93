"""Which values a text names, and what a string means: the table in matching.yaml, and rules over all of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from language.matching import Forms, Lexicon, choose, covers, is_asked, is_named, shared_synonyms
from language.slips import is_slip

TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("matching.yaml").read_text(encoding="utf-8"))
VALUES: dict[str, Forms] = TABLE["values"]
LEXICON = Lexicon(VALUES, ("en", "zh"))
FOREIGN = {code: Lexicon(part["values"], ("en", code)) for code, part in TABLE["foreign"].items()}
CASES = [(LEXICON, case) for case in TABLE["cases"]] + [
    (FOREIGN[code], case) for code, part in TABLE["foreign"].items() for case in part["cases"]
]
WORDS = ["red", "dress", "boots", "dark", "green", "merino", "wool", "M", "42", "jakket", "的", "红色", "no", "patns"]


@pytest.mark.parametrize(("lexicon", "case"), CASES, ids=[case["text"] for _, case in CASES])
def test_what_a_text_names(lexicon: Lexicon, case: dict[str, Any]) -> None:
    text = case["text"]
    for facet, values in case.get("exact", {}).items():
        assert {mention.value for mention in lexicon.named(facet, text, "exact")} == set(values)
    for facet, values in case.get("may", {}).items():
        assert {mention.value for mention in lexicon.named(facet, text, "part", "start", "slip")} == set(values)
        assert facet in case.get("exact", {}) or not lexicon.named(facet, text, "exact")
    for facet in case.get("none", ()):
        assert not lexicon.named(facet, text)


@pytest.mark.parametrize(("facet", "raw", "value"), TABLE["choices"])
def test_what_a_string_means(facet: str, raw: str, value: str | None) -> None:
    assert choose(raw, VALUES[facet], families=facet != "size") == value


@given(
    st.sampled_from([(facet, value) for facet in VALUES for value in VALUES[facet]]),
    st.sampled_from([str.upper, str.title]),
)
def test_a_value_is_named_by_itself_in_any_case(name: tuple[str, str], spelt: Any) -> None:
    facet, value = name
    assert choose(spelt(value), VALUES[facet]) == value
    text = f"please, {spelt(value)}, thanks"
    exact = LEXICON.named(facet, text, "exact")
    assert [mention.value for mention in exact] == [value]
    assert exact[0].text == text[exact[0].start : exact[0].end] == spelt(value)


@given(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join))
def test_mentions_stand_in_the_text_and_no_exact_one_is_within_another(text: str) -> None:
    found = LEXICON.find(text)
    assert all(mention.text == text[mention.start : mention.end] for mention in found)
    exact = [mention for mention in found if mention.how == "exact"]
    assert not any(
        one.facet == other.facet and one.span != other.span and one.start <= other.start and other.end <= one.end
        for one in exact
        for other in exact
    )
    assert all(mention.value in VALUES[mention.facet] for mention in found)


@given(st.text(max_size=30))
def test_any_text_can_be_searched_and_chosen_from(text: str) -> None:
    assert all(text[mention.start : mention.end] == mention.text for mention in LEXICON.find(text))
    for forms in VALUES.values():
        value = choose(text, forms)
        assert value is None or any(covers(value, known) for known in forms)


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_a_number_is_never_taken_for_another(one: int, other: int) -> None:
    values: Forms = {f"Pro {one}": (), str(one): ()}
    if one != other:
        assert choose(str(other), values) is None
        assert choose(f"Pro {other}", values) is None
        assert not Lexicon({"model": values}).named("model", f"size {other}", "exact", "slip", "start")
    assert not is_slip(f"model{one}", f"model{other}") or one == other


@given(st.text("abcdefgh", min_size=1, max_size=3), st.text("abcdefgh", min_size=1, max_size=3))
def test_a_short_word_is_never_a_slip_of_another(one: str, other: str) -> None:
    assert not is_slip(one, other)


@given(st.sampled_from(["jacket", "trousers", "backpack", "headlamp", "mattress"]), st.data())
def test_two_letters_swapped_are_a_slip_which_the_lexicon_finds(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    slip = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip != word:
        assert is_slip(slip, word)
        assert Lexicon({"kind": {word: ()}}).named("kind", f"a {slip} please")
        assert choose(slip, {word: ()}) == word


@given(
    st.sampled_from([("rain", "jacket"), ("head", "lamp"), ("t", "shirts"), ("sleeping", "bag")]),
    st.sampled_from(["", " ", "-"]),
)
def test_words_may_be_written_as_one_or_apart(words: tuple[str, str], joint: str) -> None:
    text = joint.join(words)
    for value in ("".join(words), " ".join(words), "-".join(words)):
        assert choose(text, {value: ()}) == value
        assert [mention.how for mention in Lexicon({"kind": {value: ()}}).named("kind", f"one {text}!", "exact")] == [
            "exact"
        ]


@pytest.mark.parametrize(
    ("wanted", "actual", "covered"),
    [
        ("wool", "merino wool", True),
        ("merino wool", "wool", False),
        ("down", "synthetic down", False),
        ("leather", "non-leather", False),
        ("gray", "dark grey", True),
        ("gore-tex", "GoreTex", True),
        ("", "wool", False),
        ("黄金", "黄金", True),
        ("金", "黄金", False),
        ("50号", "50号", True),
    ],
)
def test_a_family_covers_its_kinds(wanted: str, actual: str, covered: bool) -> None:
    assert covers(wanted, actual) == covered


def _asked(text: str, word: str) -> bool:
    start = text.index(word)
    return is_asked(text, (start, start + len(word)))


def test_a_value_is_asked_for_by_the_words_around_it() -> None:
    assert _asked("boots in red", "red") and _asked("颜色红色", "红色") and _asked("cotton as the material", "cotton")
    assert not _asked("red boots", "red")
    assert not _asked("nothing in red", "red") and not _asked("I like everything in red", "red")


def test_phrases_are_named_but_for_slips() -> None:
    assert is_named("pls forgett it", ("forget",)) and is_named("the cheapest", ("cheapest",))
    assert not is_named("a chest", ("cheap",))


def test_sizes_have_words_in_every_language() -> None:
    assert {"medium", "中码", "mediana", "mittel"} <= set(shared_synonyms("size")["M"])
    assert shared_synonyms("no such attribute") == {}


_KINDS = Lexicon(
    {
        "kind": {"tights": (), "jackets": ("shell",), "sleeping bags": ()},
        "feature": {"lightweight": ("light",), "water-resistant": (), "hood": ()},
        "color": {"light blue": (), "sand": (), "white": ()},
        "activity": {"camp": ()},
    }
)


@pytest.mark.parametrize(
    "text",
    ["something lighter", "the lightest?", "which is warmest", "any resistance?", "Sandals", "tight lines", "next week",
     "she'll love it", "whiter", "the price", "what is the weight"],
)  # fmt: skip
def test_other_words_are_no_slips_of_a_value(text: str) -> None:
    assert [mention for mention in _KINDS.find(text) if mention.how != "start"] == []
    assert not _KINDS.find(text) or text == "whiter"


@pytest.mark.parametrize(
    ("text", "value"),
    [("a jakcet", "jackets"), ("sleping bag", "sleeping bags"), ("lightwieght", "lightweight"),
     ("ligthweight", "lightweight"), ("hoody", "hood"), ("campers", "camp"), ("tigths", "tights"),
     ("shorts, tights", "tights")],
)  # fmt: skip
def test_slips_of_values_and_words_of_their_families_are_found(text: str, value: str) -> None:
    assert value in {mention.value for mention in _KINDS.find(text)}


@pytest.mark.parametrize(
    ("language", "text", "sizes"),
    [("de", "die Jacke in klein", ["S"]), ("de", "Größe mittel", ["M"]), ("de", "ein kleines Geschenk", []),
     ("de", "das Zelt ist klein", []), ("es", "talla pequeña", ["S"]), ("es", "una mochila grande y ligera", []),
     ("es", "un regalo pequeño para ella", [])],
)  # fmt: skip
def test_words_of_sizes_in_other_languages(language: str, text: str, sizes: list[str]) -> None:
    lexicon = Lexicon({"size": {size: shared_synonyms("size")[size] for size in ("S", "M", "L")}}, (language,))
    assert [mention.value for mention in lexicon.named("size", text, "exact")] == sizes
