"""Who takes consent to training back after samples were made is left out, and taints what has learnt from them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import Refused
from finetune.__main__ import main
from finetune.registry.lineage import read_lineage
from finetune.registry.registry import Registry
from profiles.customer import Customer
from profiles.privacy.consents import Consent, unwilling
from profiles.privacy.excluded import WHO, barred
from profiles.privacy.keys import customer_key, load_salt
from profiles.privacy.purposes import Purpose
from profiles.privacy.tombstones import bury
from profiles.storage.database import DATABASE_FILE, open_database, reading
from profiles.store import ProfileStore
from tests.finetune_base import tiny_base
from tests.profile_stores import somebody
from tests.profiles_shop import SCHEMA, START
from tests.registry_adapters import make_adapter, make_samples

CUSTOMERS = ("C1", "C2")
law = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
WORDS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Purpose), st.booleans()), max_size=12)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A shop's state, in which C1 and C2 agree to training."""
    folder = tmp_path / "state"
    load_salt(folder)
    with_store(folder, lambda store: store.put_customers([Customer(n, consent={"training": True}) for n in CUSTOMERS]))
    return folder


def with_store(state: Path, act: Callable[[ProfileStore], None]) -> None:
    store = ProfileStore(open_database(state / DATABASE_FILE), SCHEMA, salt=load_salt(state))
    act(store)
    store.engine.dispose()


def said(customer: str, granted: bool, purpose: Purpose = Purpose.TRAINING) -> Consent:
    return Consent(customer, purpose, granted, START, "account page", "Ada")


def say(state: Path, customer: str, granted: bool) -> None:
    with_store(state, lambda store: store.record_consents([said(customer, granted)]))


def key(state: Path, customer: str) -> str:
    return customer_key(customer, load_salt(state))


@law
@given(words=WORDS)
def test_the_last_word_on_a_purpose_says_who_is_unwilling(
    store: ProfileStore, words: list[tuple[int, Purpose, bool]]
) -> None:
    names = [somebody() for _ in range(3)]
    for place, purpose, granted in words:
        store.record_consents([said(names[place], granted, purpose)])
    last = {(names[place], purpose): granted for place, purpose, granted in words}
    with reading(store.engine) as connection:
        for purpose in Purpose:
            found = unwilling(connection, purpose) & set(names)
            assert found == {name for name in names if last.get((name, purpose)) is False}


def test_who_is_unwilling_is_so_as_the_visitor_that_they_were_too(store: ProfileStore) -> None:
    customer, visitor = somebody(), somebody()
    store.merge(visitor, customer)
    store.record_consents([said(customer, False)])
    with reading(store.engine) as connection:
        assert {customer, visitor, f"visitor:{visitor}"} <= unwilling(connection, Purpose.TRAINING)


def test_the_erased_and_the_unwilling_are_barred_until_they_agree_again(state: Path, tmp_path: Path) -> None:
    assert barred(state) == frozenset() == barred(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    say(state, "C1", False)
    assert {key(state, "C1")} == barred(state) & {key(state, name) for name in CUSTOMERS}
    bury(state, key(state, "C2"))
    say(state, "C1", True)
    assert barred(state) == {key(state, "C2")}


def test_training_leaves_out_who_has_withdrawn_since_and_says_how_many(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tiny_base(tmp_path / "base")
    samples = make_samples(tmp_path / "train.jsonl", [key(state, "C1"), key(state, "C2"), None])
    say(state, "C1", False)
    command = ["train", "--base", str(base), "--samples", str(samples), "--state", str(state), "--epochs", "1"]
    command += ["--rank", "2", "--track", "none", "--out"]
    assert main([*command, str(tmp_path / "out")]) == 0
    assert "2 samples, " in (told := capsys.readouterr().out) and f"1 left out, of {WHO}" in told
    lineage = read_lineage(tmp_path / "out")
    assert lineage is not None and lineage.customers == {key(state, "C2")}
    assert [(file.used, file.skipped) for file in lineage.files] == [(2, 1)]
    say(state, "C2", False)  # while it is being trained: the run does not go on
    assert main([*command, str(tmp_path / "out")]) == 5
    assert f"has learnt from {WHO}" in capsys.readouterr().err


def test_what_learnt_from_them_is_tainted_until_it_is_trained_again_without(state: Path, tmp_path: Path) -> None:
    registry = Registry(state)
    samples = make_samples(tmp_path / "a.jsonl", [key(state, "C1"), key(state, "C2")])
    learnt = registry.add(make_adapter(tmp_path / "a", 1, samples)).id
    child = registry.add(make_adapter(tmp_path / "b", 2, make_samples(tmp_path / "b.jsonl", [None])), parent=learnt).id
    say(state, "C1", False)
    assert registry.taint(learnt) == registry.taint(child) == ["a.jsonl, sample 1 (consultation c-1)"]
    with pytest.raises(Refused, match=f"{child} is tainted: 1 of its samples are of {WHO}"):
        registry.switch("publish", child, expected=registry.current, sha256="0" * 64, with_gguf=False)
    without = make_samples(tmp_path / "c.jsonl", [key(state, "C2")])
    assert registry.taint(registry.add(make_adapter(tmp_path / "c", 3, without)).id) == []
    say(state, "C1", True)
    assert registry.taint(learnt) == []
