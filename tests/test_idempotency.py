"""A request with a key is done once, on both databases, whoever sends it again and whatever breaks off."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

import clock
from errors import Busy, Refused
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.profiles_shop import PRIVACY, SCHEMA
from ui.access.caller import OWN, Caller, Kind
from ui.api.idempotency import KEPT, LONGEST, Answer, Attempt, InFlight, KeptAnswers, Keyed, KeyReused, Unanswered

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
DONE = Answer(200, "application/json", '{"n": 1}')
ANNA = Caller(Kind.CUSTOMER, "C1", OWN)
BEN = Caller(Kind.CUSTOMER, "C2", OWN)


class Made(BaseModel):
    """What an act gives."""

    n: int


@pytest.fixture
def kept(url: str) -> Iterator[KeptAnswers]:
    engine = ProfileStore(open_database(url), SCHEMA, PRIVACY).engine
    yield KeptAnswers(engine)
    engine.dispose()


def begun(kept: KeptAnswers, key: str = "k", request: str = "r") -> Attempt:
    attempt = kept.begin(key, request, "C1")
    assert isinstance(attempt, Attempt)
    return attempt


def test_a_repeat_gets_the_first_answer_and_another_request_none(kept: KeptAnswers) -> None:
    kept.finish(begun(kept), DONE)
    assert kept.begin("k", "r", "C1") == DONE
    with pytest.raises(KeyReused):
        kept.begin("k", "another", "C1")
    assert isinstance(kept.begin("another", "r", "C1"), Attempt)


def test_while_there_is_no_answer_a_repeat_is_refused_and_never_done(kept: KeptAnswers) -> None:
    with clock.standing(START):
        begun(kept)
        with pytest.raises(InFlight):
            kept.begin("k", "r", "C1")
    with clock.standing(START + LONGEST), pytest.raises(Unanswered):  # its process died
        kept.begin("k", "r", "C1")


def test_an_answer_is_kept_for_a_day(kept: KeptAnswers) -> None:
    with clock.standing(START):
        kept.finish(begun(kept), DONE)
    with clock.standing(START + KEPT):
        assert kept.begin("k", "r", "C1") == DONE
    with clock.standing(START + KEPT + timedelta(seconds=1)):
        begun(kept)


def test_of_many_at_once_one_does_it(kept: KeptAnswers) -> None:
    outcomes: list[str] = []

    def send() -> None:
        try:
            outcomes.append(type(kept.begin("k", "r", "C1")).__name__)
        except InFlight:
            outcomes.append("refused")

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Attempt", *["refused"] * 5]


def test_who_comes_late_changes_nothing_of_the_next_one(kept: KeptAnswers) -> None:
    with clock.standing(START):
        late = begun(kept)
    with clock.standing(START + KEPT + timedelta(seconds=1)):
        begun(kept)
        kept.finish(late, DONE)
        kept.release(late)
        with pytest.raises(InFlight):
            kept.begin("k", "r", "C1")


def keyed(kept: KeptAnswers, key: str | None = "k", request: str = "r") -> Keyed:
    return Keyed(kept, b"salt", key, request)


def test_an_act_is_done_once_for_each_caller(kept: KeptAnswers) -> None:
    acts: list[int] = []

    def act() -> Made:
        acts.append(1)
        return Made(n=len(acts))

    answers = [keyed(kept).once(who, "C1", act, status=201) for who in (ANNA, ANNA, BEN)]
    assert [answer.body for answer in answers] == [b'{"n":1}', b'{"n":1}', b'{"n":2}']
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true", None]


def test_without_a_key_nothing_is_kept(kept: KeptAnswers) -> None:
    first = keyed(kept, None).once(ANNA, "C1", lambda: Made(n=1))
    second = keyed(kept, None).once(ANNA, "C1", lambda: Made(n=2))
    assert (first.body, second.body) == (b'{"n":1}', b'{"n":2}')


@pytest.mark.parametrize(("error", "status"), [(Refused("it is shipped"), 409), (RuntimeError("boom"), 500)])
def test_an_error_is_an_answer_too(kept: KeptAnswers, error: Exception, status: int) -> None:
    def fail() -> Made:
        raise error

    with pytest.raises(type(error)):
        keyed(kept).once(ANNA, "C1", fail)
    again = keyed(kept).once(ANNA, "C1", lambda: Made(n=1))
    assert again.status_code == status and again.media_type == "application/problem+json"


def test_where_there_was_no_room_the_next_one_is_the_first(kept: KeptAnswers) -> None:
    def crowded() -> Made:
        raise Busy("too many wait", 5)

    with pytest.raises(Busy):
        keyed(kept).once(ANNA, "C1", crowded)
    assert keyed(kept).once(ANNA, "C1", lambda: Made(n=1)).status_code == 200
