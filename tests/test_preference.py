"""Preference models: what they learn from events, what they may recommend, why, and that they survive the disk."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errors import ConfigError, DataError, StorageError
from profiles.preference.candidates import Stage
from profiles.preference.covisitation import Covisitation, Weights
from profiles.preference.decay import Decay
from profiles.preference.erasure import PreferenceFiles
from profiles.preference.history import DAY
from profiles.preference.model import Event, PreferenceModel
from profiles.preference.net import Net, Recipe
from profiles.preference.popularity import Popularity
from profiles.preference.products import Products
from profiles.preference.ranking import Ranked, ranked
from profiles.privacy.erasure_targets import Subject

KINDS = {"tent": ["camp", "brand=Rush"], "stove": ["camp"], "lamp": ["camp", "light"], "pan": ["camp"],
         "bat": ["ball"], "glove": ["ball", "brand=Rush"], "ball": ["ball"], "cap": ["ball"]}  # fmt: skip
ACTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(sorted(KINDS)), st.booleans()), min_size=1, max_size=25
)
MAKERS: dict[str, Callable[[], PreferenceModel]] = {
    "popularity": lambda: Popularity(Products(KINDS)),
    "covisitation": lambda: Covisitation(Products(KINDS)),
    "blend": lambda: ranked("blend", Products(KINDS)),
}


def events(acts: list[tuple[str, str, bool]]) -> list[Event]:
    return [Event(f"e{at}", who, item, at * DAY, bought=bought) for at, (who, item, bought) in enumerate(acts)]


CAMP, BALL = [f"camp{number}" for number in range(10)], [f"ball{number}" for number in range(10)]
SHELF = {item: ["camp" if item in CAMP else "ball", f"only={item}"] for item in CAMP + BALL}


def crowd() -> tuple[list[Event], list[Event]]:
    """A hundred customers, campers and players, and what each took last."""
    rng = np.random.default_rng(0)
    learnt, taken = [], []
    for number in range(100):
        *first, last = rng.permutation((CAMP, BALL)[number % 2])[: 2 + number % 5]
        made = [Event(f"{number}/{at}", str(number), str(item), at * DAY, bought=True) for at, item in enumerate(first)]
        learnt += made
        taken.append(Event(f"{number}/last", str(number), str(last), 9 * DAY, bought=True))
    return learnt, taken


def trained(kind: str) -> Ranked:
    model = ranked(kind, Products(SHELF))
    learnt, taken = crowd()
    for event in learnt:
        model.learn(event)
    model.train(taken)
    return model


def test_what_others_took_together_is_recommended_with_the_act_it_comes_from() -> None:
    model = Covisitation(Products({}))
    for event in events([("a", "tent", True), ("a", "stove", True), ("b", "bat", True), ("c", "tent", True)]):
        model.learn(event)
    best = model.recommend("c", 1)[0]
    assert best.item == "stove"
    assert [(one.kind, one.id, one.item, one.share) for one in best.reasons] == [("event", "e3", "tent", 1.0)]


def test_a_newcomer_gets_what_is_popular_and_is_told_so() -> None:
    model = Covisitation(Products({}))
    for event in events([("a", "tent", True), ("b", "tent", True), ("b", "stove", True)]):
        model.learn(event)
    best = model.recommend("nobody", 1)[0]
    assert (best.item, best.reasons[0].kind) == ("tent", "popularity")


def test_consumables_come_back_and_durables_do_not() -> None:
    acts = events([("a", "tent", True), ("a", "gas", True), ("b", "gas", True), ("b", "tent", True)])
    model = Covisitation(Products({}), consumables=["gas"])
    for event in acts:
        model.learn(event)
    assert [one.item for one in model.recommend("a")] == ["gas"]


def test_what_is_long_ago_fades() -> None:
    model = Covisitation(Products({}), weights=Weights(half_life_days=10.0))
    for event in [
        Event("1", "a", "tent", 0.0), Event("2", "a", "old", DAY),
        Event("3", "b", "tent", 400 * DAY), Event("4", "b", "new", 401 * DAY),
        Event("5", "c", "tent", 402 * DAY),
    ]:  # fmt: skip
        model.learn(event)
    assert [one.item for one in model.recommend("c", 2, ["tent"])] == ["new", "old"]
    with pytest.raises(ConfigError, match="at least 7"):
        Decay(1.0)


@pytest.mark.parametrize("kind", sorted(MAKERS))
@settings(deadline=None, max_examples=40)
@given(acts=ACTS, exclude=st.sets(st.sampled_from(sorted(KINDS))))
def test_bought_durables_and_excluded_items_never_come_back(
    kind: str, acts: list[tuple[str, str, bool]], exclude: set[str]
) -> None:
    model = MAKERS[kind]()
    for event in events(acts):
        model.learn(event)
    for who in "abc":
        bought = {item for customer, item, taken in acts if customer == who and taken}
        for diversity in (0.0, 0.5):
            found = [one.item for one in model.recommend(who, 20, exclude, diversity=diversity)]
            assert set(found) == set(KINDS) - bought - exclude
            assert len(found) == len(set(found))


@pytest.mark.parametrize("kind", ["covisitation", "blend"])
@settings(deadline=None, max_examples=40)
@given(acts=ACTS)
def test_every_reason_names_an_act_of_that_customer(kind: str, acts: list[tuple[str, str, bool]]) -> None:
    model = MAKERS[kind]()
    made = events(acts)
    for event in made:
        model.learn(event)
    for who in "abc":
        own = {(event.id, event.item) for event in made if event.customer == who}
        for one in model.recommend(who, 20, tastes={"light": 1.0}):
            assert sum(reason.share for reason in one.reasons) == pytest.approx(1.0)
            for reason in one.reasons:
                assert reason.kind != "event" or (reason.id, reason.item) in own
                assert reason.kind != "trait" or reason.id in KINDS[one.item]


@settings(deadline=None, max_examples=40)
@given(acts=ACTS)
def test_the_order_of_independent_customers_does_not_matter(acts: list[tuple[str, str, bool]]) -> None:
    made = events(acts)
    mixed, apart = Covisitation(Products(KINDS)), Covisitation(Products(KINDS))
    for event in made:
        mixed.learn(event)
    for event in sorted(made, key=lambda event: event.customer, reverse=True):
        apart.learn(event)
    for who in "abc":
        np.testing.assert_allclose(mixed.scores(who), apart.scores(who), rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(acts=ACTS, more=ACTS)
def test_a_saved_model_goes_on_as_if_it_had_never_been_away(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, str, bool]], more: list[tuple[str, str, bool]]
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.npz"
    model = Covisitation(Products(KINDS), consumables=["tent"], weights=Weights(half_life_days=30.0))
    for event in events(acts):
        model.learn(event)
    model.save(path)
    again = Covisitation.load(path)
    for event in events(more):
        assert again.recommend("a", 20) == model.recommend("a", 20)
        model.learn(event)
        again.learn(event)
    assert again.recommend("b", 20) == model.recommend("b", 20)


@pytest.mark.parametrize("kind", ["blend", "ranker", "forest"])
def test_a_trained_model_knows_whose_things_go_together_and_is_the_same_from_disk(kind: str, tmp_path: Path) -> None:
    model = trained(kind)
    for number, item in ((100, "camp0"), (101, "ball0")):
        model.learn(Event("new", str(number), item, 9 * DAY, bought=True))
    model.stage.model.products.add("hammock", ["camp"])  # nobody ever took it
    camper, player = model.recommend("100", 20), model.recommend("101", 20)
    order = [one.item for one in camper]
    assert order.index("hammock") < min(order.index(item) for item in BALL)
    assert {one.item for one in player[:5]} < set(BALL)
    assert {one.item for one in camper[:5]} < {*CAMP, "hammock"}
    model.save(tmp_path / "model.npz")
    again = Ranked.load(tmp_path / "model.npz")
    assert again.recommend("100", 20) == camper
    np.testing.assert_array_equal(again.scores("101"), model.scores("101"))


def test_tastes_rank_what_has_no_history_and_are_named() -> None:
    model = ranked("blend", Products(KINDS))
    liked = model.recommend("nobody", 3, tastes={"light": 1.0, "ball": -1.0})
    assert liked[0].item == "lamp"
    assert [(one.kind, one.id) for one in liked[0].reasons] == [("trait", "light")]
    assert "ball" in {value for one in model.recommend("nobody", 20, tastes={"light": 1.0, "ball": -1.0})[-4:]
                      for value in KINDS[one.item]}  # fmt: skip


def test_a_stopped_training_ends_where_one_that_was_not_stopped_ends(tmp_path: Path) -> None:
    class Stop(Exception):
        """What an interruption stands for."""

    def stop(line: str) -> None:
        told.append(line)
        if line.startswith("epoch 5 "):
            raise Stop

    told: list[str] = []
    whole, halved = ranked("blend", Products(SHELF)), ranked("blend", Products(SHELF))
    learnt, taken = crowd()
    for event in learnt:
        whole.learn(event)
        halved.learn(event)
    whole.train(taken)
    checkpoint = tmp_path / "checkpoint.npz"
    with pytest.raises(Stop):
        halved.train(taken, checkpoint=checkpoint, progress=stop)
    halved.train(taken, checkpoint=checkpoint, progress=told.append)
    assert "goes on after epoch 5 of 12" in told
    np.testing.assert_array_equal(whole.scores("0"), halved.scores("0"))


def test_training_on_nothing_is_told() -> None:
    with pytest.raises(DataError, match="no examples"):
        ranked("blend", Products(KINDS)).train([])
    with pytest.raises(ConfigError, match="blend"):
        ranked("oracle", Products(KINDS))


def test_diversity_mixes_kinds() -> None:
    model = Covisitation(Products(KINDS))
    acts = [("a", "tent", True), ("a", "stove", True), ("a", "pan", True), ("b", "tent", True), ("b", "stove", True),
            ("b", "pan", True), ("b", "cap", True), ("c", "tent", True)]  # fmt: skip
    for event in events(acts):
        model.learn(event)
    plain = [one.item for one in model.recommend("c", 2)]
    assert set(plain) == {"stove", "pan"}
    assert "cap" in [one.item for one in model.recommend("c", 2, diversity=0.6)]
    with pytest.raises(ConfigError, match="diversity"):
        model.recommend("c", 2, diversity=1.5)


def test_an_embedding_finds_likeness_that_words_do_not_show() -> None:
    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1, 0] if text in ("anorak", "parka") else [0, 1] for text in texts], dtype=np.float32)

    products = Products({"1": ["anorak"], "2": ["parka"], "3": ["kettle"]}, embed=embed)
    model = Ranked(Stage(Covisitation(products)), Net(Recipe(members=1)))
    model.learn(Event("e", "a", "1", 0.0, bought=True))
    assert [one.item for one in model.recommend("a", 2)] == ["2", "3"]


def test_a_damaged_or_foreign_file_is_told_and_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    with pytest.raises(StorageError, match="cannot read"):
        Covisitation.load(path)
    Popularity(Products(KINDS)).save(path)
    with pytest.raises(StorageError, match="popularity"):
        Covisitation.load(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StorageError, match="cannot read"):
        Popularity.load(path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot write"):
        Popularity(Products(KINDS)).save(tmp_path / "file" / "model.npz")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "model.npz"]


@pytest.mark.parametrize("kind", ["covisitation", "popularity"])
@settings(max_examples=40)
@given(mine=ACTS, theirs=ACTS)
def test_who_is_forgotten_was_never_there(
    kind: str, mine: list[tuple[str, str, bool]], theirs: list[tuple[str, str, bool]]
) -> None:
    made: dict[str, Callable[[], Covisitation | Popularity]] = {
        "covisitation": lambda: Covisitation(Products(KINDS), weights=Weights(half_life_days=None)),
        "popularity": lambda: Popularity(Products(KINDS), half_life_days=None),
    }
    both, alone = made[kind](), made[kind]()
    for event in events(theirs):
        both.learn(event)
        alone.learn(event)
    for event in events([("erased", item, bought) for _, item, bought in mine]):
        both.learn(event)
    assert both.forget("erased") == len(mine) and "erased" not in both.customers()
    for customer in {customer for customer, *_ in theirs} | {"erased"}:
        after = dict(zip(both.items, both.scores(customer), strict=True))
        for item, score in zip(alone.items, alone.scores(customer), strict=True):
            assert after[item] == pytest.approx(score, abs=1e-9)
    assert both.forget("erased") == 0


def test_a_saved_model_forgets_too_and_its_file_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    model = Covisitation(Products(KINDS))
    for event in events([("QX-7731", "bat", True), ("C2", "bat", False), ("QX-7731", "ball", False)]):
        model.learn(event)
    model.save(path)
    place = PreferenceFiles([path])
    assert set(place.held()) == {"QX-7731", "C2"}
    assert place.erase(Subject("QX-7731", {"QX-7731": "key"})) == {"acts in preference models": 2}
    assert set(place.held()) == {"C2"} and b"QX-7731" not in path.read_bytes()
