"""A process that writes one customer's observations and prints the number of each once it is acknowledged.

``python -m tests.profile_writer URL NAME FIRST LAST``: numbers FIRST to LAST - 1, ids like "NAME12".
"""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from profiles.observation import Observation
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.profiles_shop import PRIVACY, SCHEMA, observation

SIZES = ("S", "M", "L", "XL")
NEEDS = 8


def written_by(name: str, number: int) -> Observation:
    """Every fiftieth comes late, with an earlier time; every fourth is a size, which supersedes the one before."""
    minutes = number if number % 50 else number - 75
    days = timedelta(minutes=minutes) / timedelta(days=1)
    if number % 4 == 0:
        return observation(f"{name}{number}", "size", SIZES[number // 4 % len(SIZES)], days=days)
    return observation(f"{name}{number}", "need", f"{name} {number % NEEDS}", polarity="like", days=days)


def start_writer(url: str, name: str, first: int, last: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.profile_writer", url, name, str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)


def main() -> None:
    url, name, first, last = sys.argv[1:]
    store = ProfileStore(open_database(url), SCHEMA, PRIVACY)
    for number in range(int(first), int(last)):
        store.append([written_by(name, number)])
        print(number, flush=True)


if __name__ == "__main__":
    main()
