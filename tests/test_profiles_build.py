"""Years of events at once come to what the same events come to live, in one process and on a Ray cluster alike."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from errors import ConfigError, DataError
from profiles.__main__ import main
from profiles.build.local import build_locally
from profiles.build.on_ray import build_on_ray, ray_session
from profiles.build.outcome import ASIDES, COVISITS, REPORT
from profiles.build.plan import Plan, make_plan
from profiles.customer import Customer
from profiles.database import open_database
from profiles.events.files import take_file
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.preference.covisitation import Covisitation
from profiles.preference.model import Event
from profiles.shop_files import read_lines
from profiles.store import ProfileStore
from tests.postgresql_server import postgresql
from tests.profile_stores import DATABASES
from tests.profiles_shop import write_shop

BOT: dict[str, Any] = {"context": {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}
CUSTOMERS = 6


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("build") / "shop", customers=CUSTOMERS, events=1)


@pytest.fixture(scope="module")
def files(shop: Path) -> list[Path]:
    """Two files of all sorts of events, with repetitions among them."""
    events = list(acts(shop, Random(3)))
    Random(4).shuffle(events)
    repeated = events[:20]
    plain, packed = shop.parent / "first.jsonl", shop.parent / "second.jsonl.gz"
    plain.write_bytes(b"".join(line_of(event) for event in events[:200]) + b'no json\n\n{"half": \n')
    packed.write_bytes(gzip.compress(b"".join(line_of(event) for event in events[200:] + repeated) + b"\xff\xfe\n"))
    return [plain, packed]


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


def live(shop: Path, files: list[Path], place: Path, plan: Plan) -> tuple[EventIntake, Report]:
    """The same events, taken in one file after the other."""
    store = ProfileStore(open_database(place), plan.schema)
    records = read_lines(shop / "customers.jsonl")
    store.put_customers([Customer.from_record(record) for record in records])
    intake = EventIntake(store, plan.products, plan.now)
    report = Report()
    for path in files:
        report += take_file(intake, path)
    return intake, report


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


def test_what_is_built_is_what_live_events_come_to(shop: Path, files: list[Path], tmp_path: Path) -> None:
    plan = make_plan(shop, files, tmp_path / "out", parts=3)
    report = build_locally(plan, quiet)
    intake, counted = live(shop, files, tmp_path / "live.db", plan)
    found = customers_of(plan)
    assert set(found) == {f"C{1001 + n}" for n in range(CUSTOMERS) if intake.activity(f"C{1001 + n}").acts}
    for name, line in found.items():
        scores = {(row["attribute"], row["value"]): (row["score"], row["counts"]) for row in line["affinities"]}
        assert_same(scores, affinities(intake, name))
        activity, told = intake.activity(name), intake.affinities(name)
        bought = activity.purchases
        assert (line["acts"], line["orders"], line["spent"]) == (activity.acts, bought.orders, bought.spent)
        standing = {(a, v): i.confidence for a, held in told.items() for v, i in held.items() if i.confidence}
        shown = {(trait["attribute"], trait["value"]): trait["confidence"] for trait in line["traits"]}
        assert shown == pytest.approx(standing)
    for reason in ("malformed", "impossible value", "from the future", "user agent of a bot", "unknown product"):
        assert report.aside[reason] == counted.aside[reason] > 0
    assert (report.read, report.taken - report.withdrawn) == (counted.read, counted.taken - counted.withdrawn)
    assert report.read + report.returned == (
        report.taken + report.duplicates + report.passed_over + sum(report.aside.values())
    )
    examples = [json.loads(line) for line in (tmp_path / "out" / ASIDES).read_text(encoding="utf-8").splitlines()]
    live_ones = {(item.reason.value, item.detail) for item in intake.asides()}
    assert {(item["reason"], item["detail"]) for item in examples} == live_ones
    intake.store.engine.dispose()


def test_covisits_of_the_parts_add_up_to_those_of_all(shop: Path, files: list[Path], tmp_path: Path) -> None:
    plans = [make_plan(shop, files, tmp_path / str(parts), parts=parts) for parts in (1, 4)]
    for plan in plans:
        build_locally(plan, quiet)
    one, many = (Covisitation.load(Path(plan.folder) / COVISITS) for plan in plans)
    for model in (one, many):
        assert sum(model.counts) > 0
        model.learn(Event("now", "new", one.items[0], plans[0].now().timestamp()))
    scores = [model.scores("new") for model in (one, many)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-9) and scores[0].max() > 0.01
    assert customers_of(plans[0]) == customers_of(plans[1])


@pytest.mark.parametrize("step", range(5))
def test_an_interrupted_build_goes_on_and_comes_to_the_same(
    shop: Path, files: list[Path], tmp_path: Path, step: int
) -> None:
    whole = make_plan(shop, files, tmp_path / "whole", parts=3)
    build_locally(whole, quiet)
    said: list[str] = []

    def stop(line: str) -> None:
        said.append(line)
        if len(said) == step + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_locally(make_plan(shop, files, tmp_path / "cut", parts=3), stop)
    for spilled in (tmp_path / "cut" / "work" / "lines").glob("*.jsonl"):
        with spilled.open("ab") as lines:
            lines.write(b'["e", "half a li')  # what a killed process was writing
    again: list[str] = []
    plan = make_plan(shop, files, tmp_path / "cut", parts=3)
    build_locally(plan, again.append)
    assert not set(again) & set(said)  # nothing is done twice
    assert built(plan) == built(whole)


def test_what_is_built_already_is_only_reported_and_other_events_start_anew(
    shop: Path, files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", str(files[0]), "--shop", str(shop), "--out", str(tmp_path / "out"), "--json"]
    assert main(command) == 0
    first = capsys.readouterr()
    assert "split 1 of 1" in first.err
    assert main(command) == 0
    second = capsys.readouterr()
    assert json.loads(second.out) == json.loads(first.out) and "split" not in second.err
    assert main([*command[:1], str(files[1]), *command[2:]]) == 0
    third = capsys.readouterr()
    assert json.loads(third.out)["read"] != json.loads(first.out)["read"]


def test_a_folder_with_anything_else_in_it_is_left_alone(shop: Path, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(ConfigError, match="not empty"):
        make_plan(shop, files, tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_event_files_that_are_not_there_are_named(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.jsonl"):
        make_plan(shop, [tmp_path / "nowhere.jsonl"], tmp_path / "out")


def test_a_damaged_file_is_named_and_the_build_goes_on_once_it_is_whole(
    shop: Path, files: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(files[1].read_bytes()[:-30])
    plan = make_plan(shop, [broken], tmp_path / "out", parts=2)
    with pytest.raises(DataError, match=r"broken\.jsonl\.gz"):
        build_locally(plan, quiet)
    assert not (tmp_path / "out" / REPORT).exists()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_build_into_a_database_is_as_if_the_events_had_come_live_and_can_be_repeated(
    kind: str, shop: Path, files: list[Path], tmp_path: Path
) -> None:
    if kind == "sqlite":
        _into(f"sqlite:///{tmp_path / 'shop.db'}", shop, files, tmp_path)
        return
    with postgresql() as server:
        _into(server.database(), shop, files, tmp_path)


def _into(url: str, shop: Path, files: list[Path], tmp_path: Path) -> None:
    plan = make_plan(shop, files, tmp_path / "work", url, parts=3)
    assert "password" not in (tmp_path / "work" / "plan.json").read_text(encoding="utf-8")
    report = build_locally(plan, quiet)
    alone, _ = live(shop, files, tmp_path / "live.db", plan)
    intake = EventIntake(plan.open_store(), plan.products, plan.now)
    for number in range(CUSTOMERS):
        name = f"C{1001 + number}"
        assert_same(affinities(intake, name), affinities(alone, name))
        assert intake.activity(name) == alone.activity(name)
    again = build_locally(make_plan(shop, files, tmp_path / "again", url, parts=2), quiet)
    assert again.taken == 0 and again.duplicates > report.duplicates
    assert affinities(intake, "C1001") == affinities(EventIntake(plan.open_store(), plan.products), "C1001")
    for engine in (intake.store.engine, alone.store.engine):
        engine.dispose()


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    with ray_session(workers=2):
        yield


def test_on_ray_two_workers_come_to_the_same_to_the_byte(
    two_workers: None, shop: Path, files: list[Path], tmp_path: Path
) -> None:
    plan = make_plan(shop, files, tmp_path / "local", parts=3)
    said: list[str] = []
    report = build_locally(plan, quiet)
    on_ray = make_plan(shop, files, tmp_path / "ray", parts=3)
    assert build_on_ray(on_ray, said.append) == report
    assert built(on_ray) == built(plan)
    assert sum(line.startswith("folded") for line in said) == 3


def test_a_build_on_ray_names_a_damaged_file_too(
    two_workers: None, shop: Path, files: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(files[1].read_bytes()[:-30])
    with pytest.raises(DataError, match=r"^[^\n]*broken\.jsonl\.gz[^\n]*$"):
        build_on_ray(make_plan(shop, [broken], tmp_path / "cut", parts=3), quiet)


def test_a_build_that_was_begun_in_one_process_is_finished_on_ray(
    two_workers: None, shop: Path, files: list[Path], tmp_path: Path
) -> None:
    whole = make_plan(shop, files, tmp_path / "whole", parts=3)
    build_locally(whole, quiet)

    def stop(line: str) -> None:
        if line.startswith("folded 2"):
            raise KeyboardInterrupt

    plan, said = make_plan(shop, files, tmp_path / "cut", parts=3), list[str]()
    with pytest.raises(KeyboardInterrupt):
        build_locally(plan, stop)
    build_on_ray(plan, said.append)
    assert sum(line.startswith("folded") for line in said) == 1
    assert built(plan) == built(whole)


def test_without_ray_the_engine_says_what_to_install(shop: Path, files: list[Path], tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['ray'] = None; from profiles.__main__ import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["build", str(files[0]), "--shop", str(shop), "--out", str(tmp_path / "out"), "--engine", "ray"]
    done = subprocess.run([sys.executable, "-c", hidden, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "pip install 'ray[data]'" in done.stderr
