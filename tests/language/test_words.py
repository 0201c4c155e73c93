"""Words and stems: which spellings are of one word, and where a word stands."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.text import has_han
from language.words import mentions, plain, stem, stems, tokens

SAME = {
    "en": [
        ("dress", "dresses"),
        ("glass", "glasses"),
        ("mattress", "mattresses"),
        ("harness", "harnesses"),
        ("compass", "compasses"),
        ("knife", "knives"),
        ("penknife", "penknives"),
        ("shelf", "shelves"),
        ("bookshelf", "bookshelves"),
        ("scarf", "scarves"),
        ("headscarf", "headscarves"),
        ("leaf", "leaves"),
        ("wife", "wives"),
        ("boot", "boots"),
        ("shoe", "shoes"),
        ("sock", "socks"),
        ("glove", "gloves"),
        ("sleeve", "sleeves"),
        ("olive", "olives"),
        ("watch", "watches"),
        ("woman", "women's"),
        ("hike", "hiking"),
        ("gray", "grey"),
    ],
    "es": [("vestido", "vestidos"), ("rojo", "rojas"), ("pantalón", "pantalones"), ("calcetín", "calcetines")],
    "de": [("Kleid", "Kleider"), ("rot", "rotes"), ("Hut", "Hüte"), ("Jacke", "Jacken"), ("Rucksack", "Rucksäcke")],
}


@pytest.mark.parametrize(
    ("language", "one", "other"), [(code, *pair) for code, pairs in SAME.items() for pair in pairs]
)
def test_the_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("glove", "glow"),
        ("sleeve", "sleet"),
        ("shirt", "skirt"),
        ("dress", "address"),
        ("olive", "oil"),
        ("hat", "hate"),
    ],
)
def test_other_words_have_other_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_a_token_says_where_it_stands_in_the_original() -> None:
    text = "Ｉ’m after a Women’s SIZE ４２.5, or 1,299 羊毛boots"
    assert [text[word.start : word.end] for word in tokens(text)] == [
        "Ｉ’m",
        "after",
        "a",
        "Women’s",
        "SIZE",
        "４２.5",
        "or",
        "1,299",
        "boots",
    ]


@given(st.text(max_size=60))
def test_tokens_are_in_order(text: str) -> None:
    places = [(word.start, word.end) for word in tokens(text)]
    assert all(start < end for start, end in places)
    assert places == sorted(places)  # "¼" is two words in one place
    assert not any(has_han(word.text) for word in tokens(text))


@given(st.lists(st.sampled_from(["red", "dresses", "knife", "boots", "wool"]), min_size=1, max_size=5), st.data())
def test_a_text_mentions_each_run_of_its_words(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    assert mentions(" ".join(words), " ".join(words[first : last + 1]).upper())
    assert stems(" ".join(words[first : last + 1])) <= stems(" ".join(words))


@pytest.mark.parametrize(
    ("text", "phrase", "there"),
    [
        ("a red dress please", "dresses", True),
        ("the Women’s boots", "woman", True),
        ("我想要深绿色的", "深绿", True),
        ("un vestido rojo", "vestidos rojos", True),
        ("dark, then green", "dark green", False),
        ("an address", "dress", False),
        ("anything", "", False),
    ],
)
def test_a_phrase_is_mentioned_in_any_of_its_forms(text: str, phrase: str, there: bool) -> None:
    assert mentions(text, phrase) == there


def test_whole_values_are_compared_without_hyphens_owners_and_marks() -> None:
    assert plain(" Dark-Green! ") == plain("dark  green") == "dark green"
    assert plain("women’s") == "women"


def test_stems_are_the_same_from_many_threads() -> None:
    words = [f"dress{number}es" for number in range(300)]
    with ThreadPoolExecutor(8) as pool:
        stemmed = list(pool.map(stem, words * 4))
    assert stemmed == [stem(word) for word in words] * 4
