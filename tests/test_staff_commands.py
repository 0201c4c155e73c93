"""`python -m agent cases` and `handoffs`: staff see what is open, close it, and who did so is in the audit."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import staff_commands
from agent.orders.cases import Case, Cases
from errors import NotFound
from profiles.privacy.audit import Audit
from profiles.shop.imports import open_store
from profiles.storage.database import open_database, writing

SIERRA = Path("tests/shops/sierra")
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ITEM = {"sku": "JKT-1", "title": "Chaqueta Teide", "quantity": 1}


def case(number: int, customer: str = "K1", order_id: str = "SW-1") -> Case:
    return Case(f"case-{number}", customer, "talk", order_id, [ITEM], "damaged", "refund", "rota", "open", "", AT)


def kept(cases: Cases, *several: Case) -> Cases:
    for one in several:
        with writing(cases.engine) as connection:
            cases.add(connection, one)
    return cases


def test_a_case_is_kept_closed_once_and_only_its_customers_orders_tell_of_it(tmp_path: Path) -> None:
    cases = kept(Cases(open_database(tmp_path / "db")), case(1), case(2), case(3, customer="K2"))
    assert [one.id for one in cases.waiting()] == ["case-1", "case-2", "case-3"]
    assert cases.close("case-1", "sent anew").note == "sent anew"
    with pytest.raises(NotFound, match="open are case-2, case-3"):
        cases.close("case-1")
    assert [(one.id, one.status) for one in cases.of_order("K1", "SW-1")] == [("case-1", "closed"), ("case-2", "open")]
    assert cases.of_order("K1", "SW-2") == []
    assert Cases(open_database(tmp_path / "db")).waiting() == cases.waiting()


def test_staff_list_and_close_cases_by_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_commands, "set_up", lambda level: None)
    engine = open_store(SIERRA, tmp_path, None).engine
    kept(Cases(engine), case(1))
    where = ["--shop", str(SIERRA), "--state", str(tmp_path), "--by", "Ada"]
    assert staff_commands.main("cases", ["list", *where]) == 0
    told = capsys.readouterr().out
    assert "order SW-1: damaged" in told and "1 x Chaqueta Teide" in told and "said: rota" in told
    assert staff_commands.main("cases", ["list", "--json", *where]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == ["case-1"]
    assert staff_commands.main("cases", ["close", "case-1", "--note", "paid", *where]) == 0
    assert "case-1 is closed" in capsys.readouterr().out
    assert staff_commands.main("cases", ["close", "case-1", *where]) == 4
    assert staff_commands.main("cases", ["list", *where]) == 0
    assert "no case is open" in capsys.readouterr().out
    assert staff_commands.main("handoffs", ["list", *where]) == 0
    assert "nobody waits" in capsys.readouterr().out
    details = [entry.detail for entry in Audit(engine).of(["K1"])]
    assert "cases list" in details and "case case-1 closed" in details
