"""Proposals: nothing is done before the yes, then exactly once, by any number of processes, also when killed."""

import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent.handoff import Handoffs, Line, summarize
from agent.orders.order import OrderRefused, Rules
from agent.orders.proposals import LIFETIME, Proposals
from errors import DataError, NotFound
from profiles.observation import Authority, Trait
from tests.order_shop import NOW, SOCKS, line, open_shop

ROOT = Path(__file__).parent.parent
CONFIRMER = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from sqlalchemy import event
from tests.order_shop import NOW, open_shop
proposals = open_shop(Path(sys.argv[2]))
kill_after = int(sys.argv[4])
seen = []
@event.listens_for(proposals.engine, "after_cursor_execute")
def count(*_):
    seen.append(1)
    if len(seen) == kill_after:
        os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    print(proposals.confirm(f"talk{number}", "C1", NOW).repeated, flush=True)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Proposals:
    lines = [
        line("AP-1", status="delivered", placed="2026-10-01T00:00:00Z"),
        line("AP-2", placed="2026-10-04T00:00:00Z"),
        line("AP-9", customer="C2"),
    ]
    return open_shop(tmp_path, lines)


def start(folder: Path, count: int, kill_after: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CONFIRMER, str(ROOT), str(folder), str(count), str(kill_after)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def test_nothing_is_done_before_the_yes_and_once_after_it(shop: Proposals) -> None:
    proposal = shop.propose("talk", "C1", "cancel_order", {"order_id": "last"}, NOW)
    order = shop.orders.get("C1", "AP-2")
    assert proposal.summary["order_id"] == "AP-2" and proposal.summary["amount"] == float(order.total)
    assert order.status == "paid" and shop.pending("talk", NOW) == proposal
    first = shop.confirm("talk", "C1", NOW)
    again = shop.confirm("talk", "C1", NOW)
    assert shop.orders.get("C1", "AP-2").status == "cancelled"
    assert (first.repeated, again.repeated) == (False, True)
    assert first.proposal == again.proposal and again.proposal.status == "done"
    assert shop.pending("talk", NOW) is None


def test_last_means_the_order_of_the_proposal_even_if_a_newer_one_comes(shop: Proposals, tmp_path: Path) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "last"}, NOW)
    open_shop(tmp_path, [line("AP-3", placed="2026-10-19T00:00:00Z")])
    shop.confirm("talk", "C1", NOW)
    assert [(order.id, order.status) for order in shop.orders.list("C1")][:2] == [
        ("AP-3", "paid"),
        ("AP-2", "cancelled"),
    ]


def test_a_return_names_items_and_amount_and_marks_them(shop: Proposals) -> None:
    proposal = shop.propose(
        "talk", "C1", "return_items", {"order_id": "1", "items": ["two socks"], "reason": "thin"}, NOW
    )
    assert proposal.summary["amount"] == 37.0 and proposal.summary["reason"] == "thin"
    assert [(item["title"], item["quantity"]) for item in proposal.summary["items"]] == [(SOCKS[1], 2)]
    shop.confirm("talk", "C1", NOW)
    order = shop.orders.get("C1", "AP-1")
    assert order.status == "return_requested" and [item.returned for item in order.items] == [0, 2]


def test_an_address_is_changed(shop: Proposals) -> None:
    shop.propose("talk", "C1", "change_address", {"order_id": "AP-2", "address": "5 Oak Avenue,  Salem"}, NOW)
    shop.confirm("talk", "C1", NOW)
    assert shop.orders.get("C1", "AP-2").address == "5 Oak Avenue, Salem"


def test_what_the_rules_forbid_is_not_even_proposed(shop: Proposals) -> None:
    for kind, arguments in (
        ("cancel_order", {"order_id": "AP-1"}),
        ("return_items", {"order_id": "AP-2"}),
        ("change_address", {"order_id": "AP-2", "address": "?"}),
    ):
        with pytest.raises(OrderRefused):
            shop.propose("talk", "C1", kind, arguments, NOW)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-9"}, NOW)
    with pytest.raises(DataError, match="cancel_order, change_address"):
        shop.propose("talk", "C1", "make_vip", {}, NOW)  # type: ignore[arg-type]
    assert shop.last("talk") is None


def test_the_cap_holds_for_orders_that_cost_more(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, [line("AP-1")], Rules(refund_cap=Decimal(10)))
    with pytest.raises(OrderRefused, match=r"10\.00"):
        shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-1"}, NOW)


def test_a_newer_proposal_replaces_the_older_one(shop: Proposals) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    newer = shop.propose("talk", "C1", "return_items", {"order_id": "AP-1"}, NOW)
    assert shop.confirm("talk", "C1", NOW).proposal.id == newer.id
    assert shop.orders.get("C1", "AP-2").status == "paid"


def test_a_declined_proposal_is_not_confirmed_by_a_later_yes(shop: Proposals) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    declined = shop.decline("talk", "C1")
    assert declined is not None and declined.status == "declined" and shop.decline("talk", "C1") is None
    with pytest.raises(NotFound):
        shop.confirm("talk", "C1", NOW)
    assert shop.orders.get("C1", "AP-2").status == "paid"


def test_a_proposal_runs_out_after_half_an_hour(shop: Proposals) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    assert shop.pending("talk", NOW + LIFETIME - timedelta(seconds=1)) is not None
    assert shop.pending("talk", NOW + LIFETIME) is None
    with pytest.raises(OrderRefused, match="ran out") as refused:
        shop.confirm("talk", "C1", NOW + LIFETIME)
    expired = shop.last("talk")
    assert refused.value.rule == "expired" and expired is not None and expired.status == "expired"
    assert shop.orders.get("C1", "AP-2").status == "paid"


def test_neither_another_consultation_nor_another_customer_confirms(shop: Proposals) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    for consultation, customer in (("talk", "C2"), ("chat", "C1")):
        with pytest.raises(NotFound):
            shop.confirm(consultation, customer, NOW)
    assert shop.decline("talk", "C2") is None and shop.pending("talk", NOW) is not None


def test_an_order_that_shipped_in_between_is_not_cancelled(shop: Proposals, tmp_path: Path) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    open_shop(tmp_path, [line("AP-2", status="shipped")])
    with pytest.raises(OrderRefused, match="is shipped"):
        shop.confirm("talk", "C1", NOW)
    assert shop.pending("talk", NOW) is None and shop.orders.get("C1", "AP-2").status == "shipped"


def test_a_total_that_differs_from_what_was_said_is_not_given_back(shop: Proposals, tmp_path: Path) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    open_shop(tmp_path, [line("AP-2", total=9.0)])
    with pytest.raises(OrderRefused, match="has changed") as refused:
        shop.confirm("talk", "C1", NOW)
    assert refused.value.rule == "changed" and shop.orders.get("C1", "AP-2").status == "paid"


def test_two_consultations_that_cancel_one_order_do_it_once(shop: Proposals) -> None:
    for talk in ("one", "two"):
        shop.propose(talk, "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    shop.confirm("one", "C1", NOW)
    with pytest.raises(OrderRefused, match="is cancelled"):
        shop.confirm("two", "C1", NOW)


def test_importing_the_same_file_does_not_undo_a_cancellation(shop: Proposals, tmp_path: Path) -> None:
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    shop.confirm("talk", "C1", NOW)
    shop.orders.import_orders(tmp_path / "orders.jsonl")
    (tmp_path / "new.jsonl").write_text((tmp_path / "orders.jsonl").read_text().replace("Elm", "Ash"))
    done = shop.orders.import_orders(tmp_path / "new.jsonl")
    assert shop.orders.get("C1", "AP-2").status == "cancelled"
    assert done.updated == 2 and [one.reason for one in done.rejected] == [
        "order AP-2 was changed here since; it stays as it is"
    ]


def test_two_processes_that_confirm_at_once_do_it_once(tmp_path: Path) -> None:
    count = 20
    shop = open_shop(tmp_path, [line(f"AP-{number}") for number in range(count)])
    for number in range(count):
        shop.propose(f"talk{number}", "C1", "cancel_order", {"order_id": f"AP-{number}"}, NOW)
    racers = [start(tmp_path, count), start(tmp_path, count)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert all(sorted(pair) == ["False", "True"] for pair in zip(*said, strict=True))
    assert {order.status for order in shop.orders.list("C1")} == {"cancelled"}


@pytest.mark.parametrize("statement", range(1, 7))
def test_a_kill_leaves_either_nothing_or_all(tmp_path: Path, statement: int) -> None:
    shop = open_shop(tmp_path, [line("AP-1")])
    shop.propose("talk0", "C1", "cancel_order", {"order_id": "AP-1"}, NOW)
    child = start(tmp_path, 1, kill_after=statement)
    said, _ = child.communicate("go\n", timeout=60)
    killed = child.returncode == -signal.SIGKILL
    assert killed == (statement < 6)  # begin, find, close, lock, change: the sixth would come after the commit
    last, order = shop.last("talk0"), shop.orders.get("C1", "AP-1")
    assert last is not None and (last.status == "done") == (order.status == "cancelled") == (not killed)
    assert killed or said == "False\n"
    assert shop.confirm("talk0", "C1", NOW).repeated == (not killed)
    assert shop.orders.get("C1", "AP-1").status == "cancelled"


def test_a_handoff_is_open_once_and_says_what_a_person_must_know(shop: Proposals) -> None:
    proposal = shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-2"}, NOW)
    trait = Trait("material", "wool", "dislike", Authority.STATED, 1.0, (), NOW, None)
    lines = [Line("customer", f"message {number}") for number in range(14)]
    handoffs = Handoffs(shop.engine)
    first = handoffs.open("C1", "talk", "asked for a person", summarize(lines, [trait], proposal), NOW)
    again = handoffs.open("C1", "talk", "asked again", "", NOW)
    assert first == again and handoffs.is_open("talk") and not handoffs.is_open("chat")
    assert "(2 earlier messages)" in first.summary and "customer: message 13" in first.summary
    assert "dislikes material wool (stated)" in first.summary and "AP-2" in first.summary
    assert [record.id for record in handoffs.waiting()] == [first.id]
    assert handoffs.close(first.id).status == "closed" and not handoffs.is_open("talk")
    with pytest.raises(NotFound):
        handoffs.close(first.id)
    assert handoffs.open("C1", "talk", "once more", "", NOW).id != first.id
