"""A process that works on a few customers while others do: ``python -m tests.busy_writer URL STATE ROLE NAME``.

Roles: `say` appends to C1, to C2 and to the visitors who become C1; `act` takes in events of them; `merge` lets those
visitors be C1, and others C2; `erase` erases C2. It begins when a line comes on standard input, so that all begin at
once. What it was refused because C2 was erased, it leaves; anything else ends it with an error.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from errors import Refused, StorageError
from profiles.events.intake import EventIntake
from profiles.observation import Observation
from profiles.privacy.erasure import Erasure
from profiles.privacy.keys import load_salt
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.events_shop import NOW, PRODUCTS, event
from tests.profiles_shop import PRIVACY, SCHEMA, observation

STAYS, GOES = "C1", "C2"
VISITORS = [f"v{number}" for number in range(6)]  # who turn out to be the one who stays
OTHERS = [f"w{number}" for number in range(3)]  # and the one who goes
ROUNDS = 12


def open_store(url: str, state: Path) -> ProfileStore:
    return ProfileStore(open_database(url), SCHEMA, PRIVACY, load_salt(state))


def said_by(name: str) -> Iterator[Observation]:
    """What a process says of C1 and the visitors."""
    for number in range(ROUNDS):
        days = number / 10
        yield observation(f"{name}-{number}", "need", f"{number % 4}", polarity="like", customer=STAYS, days=days)
        visitor = VISITORS[number % len(VISITORS)]
        yield observation(f"{name}-v{number}", "size", "SML"[number % 3], customer=visitor, days=days)


def done_by(name: str) -> list[dict[str, Any]]:
    """The acts that a process takes in of them; half of them are those of every other process too."""
    acts = []
    for number in range(ROUNDS):
        whose = name if number % 2 else "all"
        visitor = VISITORS[number % len(VISITORS)]
        acts.append(event(0, days=number / 2, userId=STAYS, messageId=f"{whose}-{number}"))
        browsing = {"userId": None, "anonymousId": visitor, "messageId": f"{whose}-b{number}"}
        acts.append(event(0, days=number / 2) | browsing)
    return acts


def start(url: str, state: Path, role: str, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.busy_writer", url, str(state), role, name]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, text=True, cwd=Path(__file__).parent.parent, **pipes)  # type: ignore[call-overload,no-any-return]


def main() -> None:
    url, state, role, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    store = open_store(url, state)
    print("ready", flush=True)
    sys.stdin.readline()
    if role == "say":
        for number, item in enumerate(said_by(name)):
            store.append([item])
            with suppress(Refused):
                store.append([observation(f"{name}-gone{number}", "need", "azure-lagoon", customer=GOES)])
    elif role == "act":
        intake, acts = EventIntake(store, PRODUCTS, lambda: NOW), done_by(name)
        for first in range(0, len(acts), 3):
            gone = event(0, userId=GOES, messageId=f"{name}-gone{first}", properties={"product_id": "azure-lagoon"})
            intake.take([*acts[first : first + 3], gone])
    elif role == "merge":
        for visitor in VISITORS:
            store.merge(visitor, STAYS)
        for visitor in OTHERS:
            with suppress(Refused):
                store.merge(visitor, GOES)
    else:
        _erase(store, state)


def _erase(store: ProfileStore, state: Path) -> None:
    """SQLite overwrites what it has freed once nobody reads it: until then it asks to be run again."""
    while True:
        try:
            Erasure(store, state).run(GOES)
            return
        except StorageError as error:
            if "run it again" not in str(error):
                raise


if __name__ == "__main__":
    main()
