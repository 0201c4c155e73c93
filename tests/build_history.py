"""Events of years for the tests of builds: what comes in, what a build of it leaves, and what it comes to live.

In: a folder. Out: a `History`, and what stands in the folder that a build has made.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from profiles.build.plan import Plan, make_plan
from profiles.customer import Customer
from profiles.events.files import take_file
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.shop.files import read_lines
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.profiles_shop import write_shop

BOT: dict[str, Any] = {"context": {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}
CUSTOMERS = 6


@dataclass(frozen=True, slots=True)
class History:
    """A shop, and files of all sorts of events."""

    shop: Path
    files: Sequence[Path]

    def plan(self, out: Path, database: str = "", parts: int = 3) -> Plan:
        return make_plan(self.shop, self.files, out, database, parts=parts)

    def damaged(self, folder: Path) -> "History":
        """With one file, of which the end is missing."""
        broken = folder / "broken.jsonl.gz"
        broken.write_bytes(self.files[1].read_bytes()[:-30])
        return History(self.shop, [broken])

    def live(self, place: Path, plan: Plan) -> tuple[EventIntake, Report]:
        """The same events, taken in one file after the other."""
        store = ProfileStore(open_database(place), plan.schema)
        records = read_lines(self.shop / "customers.jsonl")
        store.put_customers([Customer.from_record(record) for record in records])
        intake = EventIntake(store, plan.products, plan.now)
        report = Report()
        for path in self.files:
            report += take_file(intake, path)
        return intake, report


def write_history(folder: Path) -> History:
    """Two files, with repetitions among them and lines that nobody can read."""
    shop = write_shop(folder / "shop", customers=CUSTOMERS, events=1)
    events = list(acts(shop, Random(3)))
    Random(4).shuffle(events)
    repeated = events[:20]
    plain, packed = folder / "first.jsonl", folder / "second.jsonl.gz"
    plain.write_bytes(b"".join(line_of(event) for event in events[:200]) + b'no json\n\n{"half": \n')
    packed.write_bytes(gzip.compress(b"".join(line_of(event) for event in events[200:] + repeated) + b"\xff\xfe\n"))
    return History(shop, [plain, packed])


def acts(shop: Path, random: Random) -> Iterator[dict[str, Any]]:
    """Of customers, of browsers that sign in (two of them at one), of strangers, of machines, and impossible ones."""
    skus = [str(product["sku"]) for product in read_lines(shop / "catalog.jsonl")]
    names = ("Product Viewed", "Product Added", "Product Clicked", "Order Completed", "Page")
    people = [{"userId": f"C{1001 + number % CUSTOMERS}"} for number in range(18)]
    people += [{"anonymousId": f"b{number}"} for number in range(4)] + [{"userId": "X9"}]
    for number in range(380):
        at = f"2026-0{random.randint(1, 9)}-{random.randint(10, 28)}T0{random.randint(0, 9)}:00:00Z"
        bad = random.random()
        made: dict[str, Any] = {"messageId": f"m{number}", "event": random.choice(names), "timestamp": at}
        made |= random.choice(people)
        made["properties"] = {"product_id": random.choice(skus), "order_id": f"o{number}", "price": 20.0}
        if bad < 0.05:
            made.update({"timestamp": "2126-01-01T00:00:00Z"} if bad < 0.02 else BOT)
        elif bad < 0.1:
            made["properties"] = {"product_id": "gone"} if bad < 0.07 else {"product_id": skus[0], "price": -1}
        yield made
    for number in range(250):  # too fast for a person
        at = f"2026-05-01T10:0{number % 10}:{number % 60:02}Z"
        seen = {"userId": "C1001", "timestamp": at, "properties": {"product_id": skus[0]}}
        yield {"messageId": f"fast{number}", "event": "Product Viewed", **seen}
    for number, customer in enumerate(("C1001", "C1004", "C1001")):
        login = {"userId": customer, "anonymousId": f"b{number % 2}", "timestamp": f"2026-09-2{number}T00:00:00Z"}
        yield {"messageId": f"login{number}", "type": "identify", **login}


def line_of(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode() + b"\n"


def quiet(_line: str) -> None:
    pass


def built(plan: Plan) -> dict[str, bytes]:
    """All that a build has left, but where it was."""
    folder = Path(plan.folder)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "plan.json"
    }


def customers_of(plan: Plan) -> dict[str, dict[str, Any]]:
    parts = sorted((Path(plan.folder) / "customers").iterdir())
    lines = [json.loads(line) for path in parts for line in gzip.decompress(path.read_bytes()).splitlines()]
    return {line["customer"]: line for line in lines}


def affinities(intake: EventIntake, customer: str) -> dict[tuple[str, str], tuple[float, dict[str, int]]]:
    held = intake.affinities(customer)
    return {
        (name, value): (item.score, dict(item.counts))
        for name, values in held.items()
        for value, item in values.items()
        if item.counts
    }


def assert_same(found: dict[Any, tuple[float, Any]], expected: dict[Any, tuple[float, Any]]) -> None:
    assert {key: counts for key, (_, counts) in found.items()} == {key: counts for key, (_, counts) in expected.items()}
    for key, (score, _) in found.items():
        assert score == pytest.approx(expected[key][0], rel=1e-9)
