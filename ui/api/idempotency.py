"""Requests that are done once, however often they are sent: `Idempotency-Key` in, the first answer out again.

Before an act a line says that it has begun, after it the same line has the answer: errors too, for nobody knows how far
an act had come that failed. While there is no answer, a repeat is refused; if the process died in between there never
is one, and nothing is done a second time under that key. Lines go after a day, and with the customer whom they speak
of. Errors: `InFlight`, `Unanswered`, `KeyReused`.
"""

import hmac
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request
from pydantic import BaseModel
from sqlalchemy import Engine, delete, select, update
from starlette.responses import Response

import clock
from errors import Busy, DataError
from profiles.storage.database import retried, writing
from profiles.storage.tables import insert_missing, kept_answers, time_text
from profiles.store import ProfileStore
from ui.access.caller import Caller
from ui.api.problems import MEDIA_TYPE, Gone, problem_of

KEPT = timedelta(hours=24)
LONGEST = timedelta(minutes=15)  # that an act may take: a turn that waits for another one, and then for a slow model
REPLAYED = {"idempotent-replayed": "true"}
_MOST_CHARS = 255
_JSON = "application/json"


class InFlight(Gone):
    """The first request with the key is not answered yet."""

    name, title = "in-flight", "The first request with this key is not answered yet"


class Unanswered(Gone):
    """The first request with the key broke off, and nobody knows how far it had come."""

    name, title = "unanswered", "The first request with this key broke off"


class KeyReused(DataError):
    """The key was sent with another request before."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer."""

    status: int
    media: str
    body: str

    def response(self, *, is_replayed: bool = False) -> Response:
        """As it is sent."""
        return Response(self.body, self.status, REPLAYED if is_replayed else None, self.media)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An act that is being done under a key."""

    key: str
    id: str


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """A shop's, in its database."""

    engine: Engine

    @retried
    def begin(self, key: str, request: str, customer: str) -> Attempt | Answer:
        """Begin an act, or get what was answered to it before. Errors: `InFlight`, `Unanswered`, `KeyReused`."""
        now, attempt = clock.now(), Attempt(key, uuid.uuid4().hex)
        begun = {"key": key, "customer": customer, "request": request, "attempt": attempt.id, "begun": time_text(now)}
        with writing(self.engine) as connection:
            connection.execute(delete(kept_answers).where(kept_answers.c.begun < time_text(now - KEPT)))
            insert_missing(connection, kept_answers, [begun | {"status": None, "media": "", "body": ""}])
            row = connection.execute(select(kept_answers).where(kept_answers.c.key == key)).one()
        if row.attempt == attempt.id:
            return attempt
        if row.request != request:
            raise KeyReused("this Idempotency-Key was sent with another request; a new request needs a new key")
        if row.status is not None:
            return Answer(row.status, row.media, row.body)
        if now - datetime.fromisoformat(row.begun) < LONGEST:
            raise InFlight("the first request with this Idempotency-Key is not answered yet; send this again later")
        raise Unanswered(
            "the first request with this Idempotency-Key broke off, and may have been done or not: look, and if it was "
            "not, send it with a new key"
        )

    @retried
    def finish(self, attempt: Attempt, answer: Answer) -> None:
        """What every repeat gets; nothing if the line went with its customer meanwhile."""
        values = {"status": answer.status, "media": answer.media, "body": answer.body}
        with writing(self.engine) as connection:
            mine = (kept_answers.c.key == attempt.key) & (kept_answers.c.attempt == attempt.id)
            connection.execute(update(kept_answers).where(mine).values(values))

    @retried
    def release(self, attempt: Attempt) -> None:
        """Nothing was done: the next request with the key is the first one."""
        with writing(self.engine) as connection:
            mine = (kept_answers.c.key == attempt.key) & (kept_answers.c.attempt == attempt.id)
            connection.execute(delete(kept_answers).where(mine))


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request and the key that it bears, if any. `salt`: the digests tell nobody who asked for what."""

    answers: KeptAnswers
    salt: bytes
    key: str | None
    request: str

    def once(self, caller: Caller, customer: str, act: Callable[[], BaseModel | None], status: int = 200) -> Response:
        """Do it and answer, or answer as before. `customer`: whom the answer speaks of, "" nobody.

        An act without a result is answered with no content.
        """
        begun = self.begin(caller, customer)
        if isinstance(begun, Answer):
            return begun.response(is_replayed=True)
        try:
            made = act()
        except Exception as error:
            self.failed(begun, error)
            raise
        answer = Answer(204, _JSON, "") if made is None else Answer(status, _JSON, made.model_dump_json())
        return self.finished(begun, answer).response()

    def begin(self, caller: Caller, customer: str) -> Attempt | Answer | None:
        """None without a key: then nothing is kept."""
        if self.key is None:
            return None
        asked = self._digest(f"{caller.kind.value}\n{caller.id}\n{self.key}")
        return self.answers.begin(asked, self._digest(self.request), customer)

    def finished(self, begun: Attempt | None, answer: Answer) -> Answer:
        """The answer, which is kept."""
        if begun is not None:
            self.answers.finish(begun, answer)
        return answer

    def failed(self, begun: Attempt | None, error: Exception) -> None:
        """The error is what every repeat gets; where there was no room nothing has been done."""
        if begun is None:
            return
        if isinstance(error, Busy):
            self.answers.release(begun)
        else:
            problem = problem_of(error)
            self.answers.finish(begun, Answer(problem.status, MEDIA_TYPE, problem.body))

    def _digest(self, text: str) -> str:
        return hmac.new(self.salt, text.encode("utf-8", "replace"), sha256).hexdigest()


def keyed(store: ProfileStore) -> Callable[..., Awaitable[Keyed]]:
    """A dependency of routes that change something."""
    answers = KeptAnswers(store.engine)

    async def found(
        request: Request,
        idempotency_key: Annotated[
            str | None,
            Header(
                min_length=1,
                max_length=_MOST_CHARS,
                description="Any text that no other request of yours bears, such as a UUID. A repeat with the same key "
                "gets the first answer and does nothing; it is kept for 24 hours.",
                examples=["0f3d2c1e-7a64-4a4f-9c55-2f1f6f1b9a10"],
            ),
        ] = None,
    ) -> Keyed:
        body = sha256(await request.body()).hexdigest()
        asked = f"{request.method}\n{request.url.path}?{request.url.query}\n{body}"
        return Keyed(answers, store.salt or b"", idempotency_key, asked)

    return found
