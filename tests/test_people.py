"""Men, women and children as messages speak of them: a group where it is certain, and none where it is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from errors import ConfigError
from language.packs import section
from language.people import GROWN, group_of
from language.reading import Reading, read
from language.recipients import RecipientWords, kinds_of, recipient, recipients_in
from retrieval.catalog import Catalog
from retrieval.facets import FacetSpace

TODAY = date(2026, 11, 20)
LANGUAGES = ("en", "zh", "es", "de")
FOR = {"en": "boots for my {}", "zh": "给我{}买双鞋", "es": "botas para mi {}", "de": "Stiefel für mein {}"}
IS = {"en": "my {} is {} years old", "zh": "我{}{}岁", "es": "mi {} tiene {} años", "de": "mein {} ist {} Jahre alt"}
AGES = some.integers(1, 60)


def heard(*texts: str) -> list[Reading]:
    return [read(text, today=TODAY, served=LANGUAGES) for text in texts]


def words(language: str) -> RecipientWords:
    found: RecipientWords | None = section(language, "recipients", RecipientWords)
    assert found
    return found


def called(language: str, *kinds: str) -> list[tuple[str, str, frozenset[str]]]:
    """By name and first word, the people who may be of these kinds."""
    pack = words(language)
    people = ((name, said[0], frozenset[str](kinds_of(said[0]))) for name, said in pack.of.items())
    return [person for person in people if person[2] & set(kinds)]


@pytest.mark.parametrize(
    ("group", "texts"),
    [
        ("man", ["anything warm for my husband"]),
        ("man", ["给老公买件冲锋衣"]),
        ("man", ["my husband of 10 years needs boots"]),
        ("man", ["regalo para mi marido"]),
        ("man", ["my dads birthday is soon"]),
        ("woman", ["送女朋友的手套"]),
        ("woman", ["für meine Frau"]),
        ("woman", ["给表妹买帽子"]),
        ("child", ["boots for my son, he's 9"]),
        ("child", ["a jacket for my 8yo niece"]),
        ("child", ["my nephew is 5 and needs boots"]),
        ("child", ["孙子8岁，要一件外套"]),
        ("child", ["给侄女买件外套，她今年9岁"]),
        ("child", ["给我闺女买双鞋，10岁"]),
        ("child", ["guantes para mi hijo de 9 años"]),
        ("child", ["boots for my brother", "he's 9"]),
        ("child", ["boots for my nephew", "8 years old", "in red"]),
        ("child", ["my little girl", "another for my daughter"]),
        ("child", ["my 6 month old niece"]),
        ("child", ["something for the kids"]),
        (None, ["boots for my nephew", "I'm 45"]),
        (None, ["I'm 12 and need boots for my nephew"]),
        (None, ["我8岁，给儿子买鞋"]),
        (None, ["my nephew's boots are 3 years old"]),
        (None, ["my nephew and I have been hiking for 5 years"]),
        (None, ["my son takes a 38"]),
        (None, ["my son is size 12"]),
        (None, ["my teenage daughter needs a jacket"]),
        (None, ["boots for my dog, he's 3 years old"]),
        (None, ["what kind of jackets do you have"]),
        (None, ["una gran mochila"]),
        (None, ["guantes para mis hermanos"]),
        (None, ["baby blue jacket"]),
        (None, ["hey bro, got tents"]),
        (None, ["阿姨您好，有帽子吗"]),
    ],
)
def test_a_group_is_told_only_by_what_is_certain(group: str | None, texts: list[str]) -> None:
    assert group_of(recipients_in(texts[0])[0], heard(*texts)) == group


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("group", ["man", "woman"])
@given(data=some.data(), age=AGES)
def test_no_age_makes_a_grown_up_a_child_unless_they_may_be_young(
    language: str, group: str, data: some.DataObject, age: int
) -> None:
    name, word, kinds = data.draw(some.sampled_from(called(language, group)))
    texts = [FOR[language].format(word), IS[language].format(word, age)]
    is_young = age < GROWN and bool(kinds & {"boy", "girl"})
    assert group_of(name, heard(*texts)) == ("child" if is_young else group)


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=some.data(), age=AGES)
def test_boys_and_girls_are_children_while_they_are_known_to_be_young(
    language: str, data: some.DataObject, age: int
) -> None:
    name, word, kinds = data.draw(some.sampled_from(called(language, "boy", "girl")))
    known = [kind for kind in ("man", "woman") if kind in kinds]
    assert group_of(name, heard(FOR[language].format(word))) == (known[0] if len(known) == 1 else None)
    aged = group_of(name, heard(IS[language].format(word, age)))
    grown = {"boy": "man", "girl": "woman"}
    sure = {grown.get(kind, kind) for kind in kinds}
    assert aged == ("child" if age < GROWN else sure.pop() if len(sure) == 1 else None)
    assert group_of(name, heard(FOR[language].format(word)), float(age)) == aged  # as noted before


@given(said=some.lists(some.sampled_from(["boots", "给", "my", "son", "kind", "9", "岁", ",", "he's", "baby", "妈"])))
def test_whatever_is_said_the_customer_and_strangers_have_no_group(said: list[str]) -> None:
    readings = heard(" ".join(said))
    assert group_of("", readings) is None and group_of("coach", readings) is None


def test_every_pack_groups_whom_it_has_words_for() -> None:
    for language in LANGUAGES:
        pack = words(language)
        for kind, listed in pack.groups.items():
            assert listed and all(recipient(each) for each in listed), (language, kind)
    with pytest.raises(ValueError, match="'uncl'"):
        RecipientWords.model_validate({"of": {"uncle": ["uncle"]}, "groups": {"man": ["uncl"]}})
    with pytest.raises(ValueError, match="men"):
        RecipientWords.model_validate({"of": {"uncle": ["uncle"]}, "groups": {"men": ["uncle"]}})


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ({"boys": "kids"}, "unknown group 'boys'; groups: child, man, woman"),
        ({"man": "mens"}, "people gives man the value 'mens'; values: kids, men"),
        ("men", "must be a table"),
    ],
)
def test_a_shop_is_told_what_is_wrong_with_its_people(people: object, said: str) -> None:
    table = {"gender": {"type": "choice", "aliases": {"gents": "men", "童": "kids"}, "people": people}}
    with pytest.raises(ConfigError, match=said):
        FacetSpace.from_shop(table, Catalog((), (), {}))
