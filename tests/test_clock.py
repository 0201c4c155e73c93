"""One clock and the shop's zone: what "today", "by Friday" and the last day of a return are, wherever it runs."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clock
from agent.context import Services
from agent.extraction import Listener, Said
from agent.models.scripted import ScriptedModel
from agent.orders.order import OrderRefused, Rules, send_back
from agent.orders.proposals import LIFETIME
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from errors import ConfigError
from profiles.observation import Profile
from profiles.shop.files import load_zone
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from profiles.validator import Firewall, ProposedChange
from tests.agent_shop import SHOP, change, noting
from tests.order_shop import line, open_shop
from tests.profiles_shop import FACETS, PRIVACY, SCHEMA

SHANGHAI, NEW_YORK, PORTLAND = (ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "America/Los_Angeles"))
FRIDAY_NIGHT = datetime(2026, 11, 28, 4, 30, tzinfo=UTC)  # 23:30 of Friday, 27 November in New York
EARLY_SATURDAY = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)  # 07:30 of Saturday, 28 November in Shanghai


def noted(words: str, zone: ZoneInfo, at: datetime, day: str) -> list[str]:
    """What the firewall keeps of a wish for a day, "" for a refusal."""
    wish = ProposedChange(words, "needed_by", day, "fact")
    admitted = Firewall(SCHEMA, FACETS, zone).admit([wish], {"t1": words}, "C1", at, "t1", Profile("C1"))
    return [str(kept.value) for kept in admitted.observations]


def test_the_clock_stands_still_where_the_variable_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "2026-11-28T07:30:00+08:00")
    assert clock.now() == clock.now() == EARLY_SATURDAY
    assert clock.now().tzinfo is UTC
    assert (clock.today(), clock.today(SHANGHAI)) == (date(2026, 11, 27), date(2026, 11, 28))
    monkeypatch.setenv(clock.VARIABLE, "")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("value", ["tomorrow", "2026-13-01T00:00:00Z", "2026-11-29", "2026-11-29T12:00:00", "12:00"])
def test_a_value_that_is_no_time_with_a_zone_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, value)
    with pytest.raises(ConfigError, match=rf"{clock.VARIABLE}='{value}'"):
        clock.now()


@given(st.sampled_from(sorted(available_timezones())), st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)))
def test_today_is_the_date_in_the_zone(name: str, at: datetime) -> None:
    there = clock.zone(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clock.VARIABLE, f"{at.isoformat()}+00:00")
        assert clock.today(there) == at.replace(tzinfo=UTC).astimezone(there).date()
        assert abs(clock.today(there) - at.date()) <= timedelta(days=1)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "EST5PDT9"])
def test_a_shop_of_no_zone_is_refused_with_the_name(tmp_path: Path, name: str) -> None:
    settings = (SHOP / "shop.toml").read_text(encoding="utf-8")
    (tmp_path / "shop.toml").write_text(settings.replace("America/Los_Angeles", name), encoding="utf-8")
    for load in (load_shop, load_zone):
        with pytest.raises(ConfigError, match="timezone") as caught:
            load(tmp_path)
        assert repr(name) in str(caught.value) and "Europe/Berlin" in str(caught.value)


def test_a_shop_that_names_no_zone_is_in_utc(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('name = "A"\nlanguages = ["en"]\ncurrency = "EUR"\n', encoding="utf-8")
    assert load_shop(tmp_path).zone == ZoneInfo("UTC")
    assert load_shop(SHOP).zone == PORTLAND


def test_days_are_counted_from_the_shops_date() -> None:
    assert noted("I need it this Friday", NEW_YORK, FRIDAY_NIGHT, "friday") == ["2026-11-27"]
    assert noted("I need it this Friday", SHANGHAI, FRIDAY_NIGHT, "friday") == ["2026-12-04"]
    assert noted("I need it by tomorrow", NEW_YORK, FRIDAY_NIGHT, "2026-11-28") == ["2026-11-28"]
    assert noted("I need it by tomorrow", NEW_YORK, FRIDAY_NIGHT, "2026-11-29") == []
    assert noted("明天要用", SHANGHAI, EARLY_SATURDAY, "2026-11-29") == ["2026-11-29"]
    assert noted("明天要用", NEW_YORK, EARLY_SATURDAY, "2026-11-28") == ["2026-11-28"]


@pytest.mark.parametrize("written", ["03/04", "2027-03-04", "2027-04-03"])
def test_a_day_that_can_be_read_in_two_ways_is_not_kept(written: str) -> None:
    assert noted("I need it by 03/04", NEW_YORK, FRIDAY_NIGHT, written) == []


@pytest.mark.parametrize("zone", [SHANGHAI, NEW_YORK])
def test_the_last_day_of_a_return_ends_at_the_shops_midnight(tmp_path: Path, zone: ZoneInfo) -> None:
    shop = open_shop(tmp_path, [line("AP-1", status="delivered", delivered="2026-10-28")])
    order, rules = shop.orders.get("C1", "AP-1"), Rules(Decimal(500), 30, zone)
    midnight = datetime(2026, 11, 28, tzinfo=zone)  # the 30th day is 27 November
    assert send_back(order, {0: 1}, rules, midnight - timedelta(minutes=1)).order.status == "return_requested"
    with pytest.raises(OrderRefused, match="30 days"):
        send_back(order, {0: 1}, rules, midnight)


def test_the_rules_of_orders_take_the_clock_for_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Rules(Decimal(500), 30, NEW_YORK)
    shop = open_shop(tmp_path, [line("AP-1", status="delivered", delivered="2026-10-28")], rules)
    monkeypatch.setenv(clock.VARIABLE, FRIDAY_NIGHT.isoformat())
    proposal = shop.propose("c", "C1", "return_items", {"order_id": "AP-1"})
    assert proposal.created == FRIDAY_NIGHT and shop.pending("c") is not None
    monkeypatch.setenv(clock.VARIABLE, (FRIDAY_NIGHT + LIFETIME).isoformat())
    assert shop.pending("c") is None
    with pytest.raises(OrderRefused, match="ran out"):
        shop.confirm("c", "C1")
    with pytest.raises(OrderRefused, match="30 days"):
        shop.propose("c", "C1", "return_items", {"order_id": "AP-1"})


def test_a_log_is_read_as_of_the_day_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ProfileStore(open_database(tmp_path / "shop.db"), SCHEMA, PRIVACY)
    monkeypatch.setenv(clock.VARIABLE, "2027-06-15T12:00:00Z")
    words = "I need boots by tomorrow"
    model = ScriptedModel(script=[[noting(change(words, "needed_by", "tomorrow"))]])
    listener = Listener(model, store, Firewall(SCHEMA, FACETS, NEW_YORK))
    heard = listener.listen([Said(True, words)], "C1", "log-1", FRIDAY_NIGHT)
    assert [trait.value for trait in heard.added] == ["2026-11-28"]
    store.engine.dispose()


def test_the_agent_says_and_notes_days_of_the_shop(
    services: Services, agent: Shopkeeper, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (SHOP / "orders.jsonl").read_text(encoding="utf-8").splitlines()
    order = next(one for one in map(json.loads, lines) if "T00" < one["placed"][10:13] < "T07")  # yesterday in Portland
    monkeypatch.setenv(clock.VARIABLE, "2026-11-28T07:30:00Z")  # 23:30 of Friday, 27 November in Portland
    model.script[:] = [[("get_order", {"order_id": order["id"]})]]
    turn = agent.reply(order["customer"], "clock-1", f"where is {order['id']}?")
    placed = datetime.fromisoformat(order["placed"]).astimezone(PORTLAND).date()
    assert f"placed {placed}" in turn.reply and order["placed"][:10] not in turn.reply.replace(str(placed), "")
    words = "I need boots by tomorrow"
    model.script[:] = [[noting(change(words, "needed_by", "tomorrow"))]]
    agent.reply(order["customer"], "clock-2", words)
    held = {trait.attribute: trait for trait in services.profiles.read(order["customer"]).traits}
    assert held["needed_by"].value == "2026-11-28"
    assert held["needed_by"].since == datetime(2026, 11, 28, 7, 30, tzinfo=UTC)
