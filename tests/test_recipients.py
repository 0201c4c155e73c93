"""What is said of somebody they buy for is kept as that person's, never the customer's, wherever a profile is used."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from agent.models.scripted import Answer, ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import DataError
from language.packs import languages, servable
from language.recipients import recipient, recipient_word, recipients_in
from profiles.card import card
from profiles.fold import fold
from profiles.observation import Observation, Profile, Trait
from profiles.privacy.export import as_text, export
from profiles.schema import Schema
from profiles.store import ProfileStore
from profiles.validator import Admitted, ProposedChange, WriteValidator
from tests.agent_shop import change, noting
from tests.profile_journals import JOURNALS
from tests.profile_stores import NOW, somebody, told_of
from tests.profiles_shop import FACETS, SCHEMA, START, observation
from ui.page.panels import profile_panel

_numbers = itertools.count()


def about(who: str, made: dict[str, Any]) -> dict[str, Any]:
    return made | {"about": who}


class Talk:
    """A visitor's consultation: each message with what the model answers."""

    def __init__(self, agent: Shopkeeper, model: ScriptedModel) -> None:
        self.agent, self.model = agent, model
        self.customer = f"visitor-recipients-{next(_numbers)}"

    def say(self, text: str, *answers: Answer) -> Turn:
        self.model.script[:] = answers
        return self.agent.reply(self.customer, f"talk-{self.customer}", text)

    @property
    def profile(self) -> Profile:
        return self.agent.services.profiles.read(self.customer)


@pytest.fixture
def talk(agent: Shopkeeper, model: ScriptedModel) -> Talk:
    return Talk(agent, model)


def values(traits: Sequence[Trait]) -> set[tuple[str, object, str]]:
    return {(trait.attribute, trait.value, trait.polarity) for trait in traits}


# ---- names


@pytest.mark.parametrize(
    ("noun", "name"),
    [
        ("daughter", "daughter"), ("My Girl", "daughter"), ("我的女儿", "daughter"), ("meine Tochter", "daughter"),
        ("mi hija", "daughter"), ("our 8-year-old daughter", "daughter"), ("my mother in law", "mother-in-law"),
        ("爸爸", "dad"), ("Father", "dad"), ("my team", "team"), ("the Coach", "coach"),
        ("", ""), ("me", ""), ("我", ""), ("the customer", ""),
    ],
)  # fmt: skip
def test_a_person_has_one_name_whatever_they_are_called(noun: str, name: str) -> None:
    assert recipient(noun) == name == recipient(name)


def test_people_are_called_in_the_language_that_is_spoken() -> None:
    assert [recipient_word("daughter", code) for code in ("en", "zh", "es", "de")] == [
        "daughter",
        "女儿",
        "hija",
        "Tochter",
    ]
    assert recipient_word("coach", "zh") == "coach"
    assert recipients_in("boots for my dad and something for his mother-in-law") == ("dad", "mother-in-law")


def test_every_word_of_the_packs_means_the_person_it_stands_for() -> None:
    for code in languages():
        for name in ("daughter", "dad", "team", "sister"):
            assert recipient(recipient_word(name, code)) == name, code
    assert {"en", "zh", "es", "de"} <= set(servable())


# ---- the fold and the store

law = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@law
@given(journal=JOURNALS)
def test_the_customers_own_traits_are_those_of_a_journal_without_the_others(journal: list[Observation]) -> None:
    own = [item for item in journal if not item.about or item.op == "undo"]
    assert fold(journal, SCHEMA, NOW).traits == fold(own, SCHEMA, NOW).traits


@law
@given(journal=JOURNALS)
def test_another_persons_traits_are_what_the_same_words_would_be_of_the_customer(journal: list[Observation]) -> None:
    theirs = [replace(item, about="") for item in journal if item.about or item.op == "undo"]
    alike = [
        replace(trait, about="daughter", challenges=_of_daughter(trait)) for trait in fold(theirs, SCHEMA, NOW).traits
    ]
    assert list(fold(journal, SCHEMA, NOW).others) == alike


def _of_daughter(trait: Trait) -> tuple[Trait, ...]:
    return tuple(replace(challenge, about="daughter") for challenge in trait.challenges)


def test_what_is_kept_of_both_survives_a_rebuild_and_a_merge_and_is_exported(store: ProfileStore) -> None:
    visitor, customer = somebody(), somebody()
    own = observation("1", "size", "M")
    journal = [own, replace(observation("2", "size", "S"), about="daughter")]
    store.append(told_of(visitor, journal))
    store.merge(visitor, customer)
    assert (store.read(customer).of("size")[0].value, store.read(customer).of("size", "daughter")[0].value) == (
        "M",
        "S",
    )
    store.rebuild()
    profile = store.read(customer)
    assert [trait.value for trait in profile.traits] == ["M"] and [trait.value for trait in profile.others] == ["S"]
    assert [item.about for item in store.history(customer)] == ["", "daughter"]
    data = json.loads(json.dumps(export(store, customer)))
    assert {(trait["about"], trait["value"]) for trait in data["profile"]["traits"]} == {("", "M"), ("daughter", "S")}
    assert "(daughter) size: S" in as_text(data)


def test_the_card_and_the_panel_say_whose_it_is() -> None:
    profile = fold(
        [observation("1", "size", "M"), replace(observation("2", "size", "S"), about="daughter")], SCHEMA, NOW
    )
    assert card(profile, SCHEMA) == "size: M; (daughter) size: S"
    assert "Daughter: Size" in profile_panel(profile, SCHEMA, "USD", "en")
    assert "女儿: Size" in profile_panel(profile, SCHEMA, "USD", "zh")


def test_an_attribute_of_the_purchase_is_nobodys_own_by_the_schema() -> None:
    entry = {"name": "occasion", "type": "text", "writers": ["stated"], "purchase": True}
    schema = Schema.parse({"attributes": [entry, {"name": "fit", "type": "text", "writers": ["stated"]}]})
    assert [schema.attribute(name).is_personal for name in ("occasion", "fit")] == [False, True]


# ---- the validator


def admit(heard: str | dict[str, str], *changes: ProposedChange, profile: Profile = Profile("C1")) -> Admitted:  # noqa: B008 - frozen
    said = {"t1": heard} if isinstance(heard, str) else heard
    return WriteValidator(SCHEMA, FACETS).admit(changes, said, "C1", START, "t", profile)


@pytest.mark.parametrize(
    ("said", "quote", "who"),
    [
        ("my daughter takes an S", "takes an S", "daughter"),
        ("my daughter takes an S and I take an M", "my daughter takes an S", "daughter"),
        ("我穿M，女儿穿S码", "女儿穿S码", "daughter"),
        ("it's for my dad. he wears S", "he wears S", "dad"),
        ("mi hija lleva la S", "lleva la S", "daughter"),
        ("meine Tochter trägt S", "trägt S", "daughter"),
        ("I take an S, my daughter an M", "I take an S", ""),
    ],
)
def test_what_is_said_of_another_is_theirs_even_if_the_model_does_not_say_so(said: str, quote: str, who: str) -> None:
    result = admit(said, ProposedChange(quote, "size", "S", "fact"))
    assert [(item.about, item.value) for item in result.observations] == [(who, "S")], result.refused


def test_a_pronoun_means_who_was_named_before_and_nobody_else() -> None:
    before = {"t1": "I need gloves for my nephew", "t2": "she takes an S"}
    assert admit(before, ProposedChange("she takes an S", "size", "S", "fact")).observations[0].about == "nephew"
    unnamed = admit("she takes an S", ProposedChange("she takes an S", "size", "S", "fact"))
    assert not unnamed.observations and "somebody else" in unnamed.refused[0][1]


def test_a_person_must_have_been_spoken_of_and_the_quote_said() -> None:
    invented = admit("I take an S", ProposedChange("I take an S", "size", "S", "fact", "uncle"))
    assert "not spoken of" in invented.refused[0][1]
    unsaid = admit("my uncle is tall", ProposedChange("he takes an S", "size", "S", "fact", "uncle"))
    assert "did not say" in unsaid.refused[0][1]
    with pytest.raises(DataError):
        SCHEMA.attribute("nonsense")


def test_a_budget_stays_the_customers_whomever_it_is_for() -> None:
    made = admit("my daughter needs boots for at most $80", ProposedChange("at most $80", "budget", 80, "fact"))
    assert made.observations[0].about == ""


# ---- in a consultation


def test_a_daughters_things_are_noted_shown_and_searched_by_and_the_customers_own_left_aside(talk: Talk) -> None:
    talk.say("I take an XL and I hate wool", noting_own())
    turn = talk.say(
        "my girl takes an S and she loves red",
        [
            noting(
                about("my girl", change("takes an S", "size", "S")),
                about("女儿", change("loves red", "color", "red", "like")),
            )
        ],
        "",
    )
    assert "your daughter: Clothing size: S, Colour: red" in turn.reply
    assert {trait["about"] for trait in turn.profile["added"]} == {"daughter"}
    assert values(talk.profile.traits) == {("size", "XL", "fact"), ("material", "wool", "dislike")}
    assert values(talk.profile.about("daughter")) == {("size", "S", "fact"), ("color", "red", "like")}
    theirs = talk.say(
        "a jacket for her", [("search_products", {"query": "jacket", "category": "jackets", "about": "daughter"})]
    )
    assert {product["size"] for product in theirs.tools[0].result["hits"]} == {"S"}
    assert "not_material" not in theirs.tools[0].result["filters"]
    assert "for your daughter" in theirs.reply
    own = talk.say("and a jacket for me", [("search_products", {"query": "jacket", "category": "jackets"})])
    assert {product["size"] for product in own.tools[0].result["hits"]} == {"XL"}
    assert "wool" in own.tools[0].result["filters"]["not_material"]
    shown = talk.say("what do you know", [("get_profile", {})])
    assert "\nYour daughter:\n- " in shown.reply
    assert theirs.gate["blocked"] == own.gate["blocked"] == shown.gate["blocked"] == 0


def noting_own() -> Answer:
    return [noting(change("an XL", "size", "XL"), change("I hate wool", "material", "wool", "dislike"))]


def test_what_she_dislikes_rules_nothing_out_for_the_customer(talk: Talk) -> None:
    talk.say("my wife hates wool", [noting(about("wife", change("hates wool", "material", "wool", "dislike")))])
    own = talk.say("a sweater for me", [("search_products", {"query": "sweater"})])
    assert "not_material" not in own.tools[0].result["filters"]
    hers = talk.say("now one for my wife", [("search_products", {"query": "sweater", "about": "wife"})])
    assert "wool" in hers.tools[0].result["filters"]["not_material"]


def test_one_value_all_of_an_attribute_and_all_of_a_person_can_be_forgotten(talk: Talk) -> None:
    talk.say(
        "my son takes an M, he loves red and he loves blue",
        [
            noting(
                about("son", change("takes an M", "size", "M")),
                about("son", change("loves red", "color", "red", "like")),
                about("son", change("loves blue", "color", "blue", "like")),
            )
        ],
    )
    talk.say("I love green", [noting(change("I love green", "color", "green", "like"))])
    gone = talk.say(
        "red for my son, that's wrong", [noting(about("son", change("that's wrong", "color", "red", "forget")))]
    )
    assert [(trait["about"], trait["value"]) for trait in gone.profile["retracted"]] == [("son", "red")]
    gone = talk.say(
        "forget all of it about my son", [noting(about("son", change("forget", "everything", "everything", "forget")))]
    )
    assert {trait["about"] for trait in gone.profile["retracted"]} == {"son"} and len(gone.profile["retracted"]) == 2
    assert not talk.profile.others and talk.profile.of("color")
    gone = talk.say("forget my colours", [noting(change("forget my colours", "color", "everything", "forget"))])
    assert not talk.profile.everyone and "green" in gone.reply


def test_beside_other_results_the_profile_is_quiet(talk: Talk) -> None:
    search = ("search_products", {"query": "jacket", "category": "jackets"})
    quiet = talk.say("a jacket, I love red", [noting(change("I love red", "color", "red", "like")), search])
    assert quiet.profile["added"] and "Noted" not in quiet.reply and "in mind" not in quiet.reply
    loud = talk.say("forget red and find me a jacket", [noting(change("forget red", "color", "red", "forget")), search])
    assert "red" in loud.reply.splitlines()[0]


def test_nothing_known_of_the_recipient_is_asked_again(talk: Talk) -> None:
    search = ("search_products", {"query": "boots", "category": "boots", "about": "dad"})
    asked = talk.say("boots for my dad", [search]).tools[0].result.get("question")
    assert asked
    known = {"fit": "regular"}
    talk2 = Talk(talk.agent, talk.model)
    said = f"my dad needs boots. he likes {asked['facet']} {asked['values'][0]}"
    talk2.say(said, [noting(about("dad", change(asked["values"][0], asked["facet"], asked["values"][0], "like")))])
    if talk2.profile.about("dad"):
        again = talk2.say("boots for my dad", [search]).tools[0].result.get("question") or known
        assert again.get("facet") != asked["facet"]
