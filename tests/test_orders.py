"""The order book: what is imported, who sees which order, and what an order allows."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.orders.book import OrderBook
from agent.orders.items import pieces_of
from agent.orders.order import STATUSES, Change, Order, OrderItem, OrderRefused, Rules, cancel, readdress, send_back
from errors import DataError, NotFound
from profiles.storage.database import open_database
from tests.order_shop import BOOTS, JACKET, NOW, RULES, SOCKS, line, open_shop

MINE = [
    line("AP-10482", placed="2026-10-05T08:00:00Z"),
    line("AP-10400", status="delivered", placed="2026-09-30T08:00:00+02:00"),
    line("AP-99", customer="C2"),
]


@pytest.fixture
def book(tmp_path: Path) -> OrderBook:
    return open_shop(tmp_path, MINE).orders


def order_of(tmp_path: Path, **changes: Any) -> Order:
    return open_shop(tmp_path, [line("AP-1", **changes)]).orders.get("C1", "AP-1")


def rule_of(error: pytest.ExceptionInfo[OrderRefused]) -> str:
    return error.value.rule


@pytest.mark.parametrize(
    "ref",
    [
        "AP-10482",
        "ap 10482",
        "#10482",
        "10482",
        "order #AP-10482",
        "AP10482.",
        "订单10482",
        "１０４８２",
        "last",
        " Last ",
    ],
)
def test_an_order_is_found_however_its_id_is_written(book: OrderBook, ref: str) -> None:
    assert book.get("C1", ref).id == "AP-10482"


@pytest.mark.parametrize("ref", ["0482", "1048", "AQ-10482", "", "order", "the red one"])
def test_a_piece_of_an_id_is_no_id(book: OrderBook, ref: str) -> None:
    with pytest.raises(NotFound):
        book.get("C1", ref)


def test_another_customers_order_reads_like_one_that_does_not_exist(book: OrderBook) -> None:
    with pytest.raises(NotFound) as missing:
        book.get("C1", "AP-98")
    with pytest.raises(NotFound) as foreign:
        book.get("C1", "AP-99")
    assert str(foreign.value).replace("AP-99", "AP-98") == str(missing.value)


def test_orders_are_listed_newest_first_and_by_status(book: OrderBook) -> None:
    assert [order.id for order in book.list("C1")] == ["AP-10482", "AP-10400"]
    assert [order.id for order in book.list("C1", "delivered")] == ["AP-10400"]
    assert book.list("visitor-1") == []
    with pytest.raises(DataError, match="there are cancelled, delivered"):
        book.list("C1", "lost in space")


def test_importing_again_changes_nothing_and_a_changed_line_updates(tmp_path: Path) -> None:
    book = OrderBook(open_database(tmp_path / "db"))
    path = tmp_path / "orders.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in MINE))
    first, second = book.import_orders(path), book.import_orders(path)
    assert (first.added, first.updated, second.added, second.updated) == (3, 0, 0, 0)
    path.write_text(json.dumps(MINE[0] | {"status": "shipped", "tracking": "TRK123456"}))
    assert book.import_orders(path).updated == 1
    assert book.get("C1", "last").tracking == "TRK123456"


def test_bad_lines_are_reported_with_their_numbers_and_the_rest_is_taken(tmp_path: Path) -> None:
    bad = [
        line("AP-2") | {"status": "eaten"},
        line("AP-3") | {"total": -1},
        line("AP-4") | {"placed": "yesterday"},
        line("AP-1") | {"total": 1.0},
    ]
    rows = [
        json.dumps(line("AP-1")),
        "",
        "{not json",
        *(json.dumps(one) for one in bad),
        json.dumps(line("AP-5")),
    ]
    (tmp_path / "orders.jsonl").write_text("\n".join(rows))
    done = OrderBook(open_database(tmp_path / "db")).import_orders(tmp_path / "orders.jsonl")
    assert done.added == 2
    assert [one.line for one in done.rejected] == [3, 4, 5, 6, 7]
    assert "status" in done.rejected[1].reason and "eaten" in done.rejected[1].reason
    assert "twice" in done.rejected[4].reason


def test_a_file_that_is_not_there_is_a_data_error(book: OrderBook, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl"):
        book.import_orders(tmp_path / "none.jsonl")


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_allows_what_it_should(tmp_path: Path, status: str) -> None:
    order = order_of(tmp_path, status=status, delivered="2026-10-10")
    acts: tuple[tuple[bool, Callable[[], Change]], ...] = (
        (status in ("processing", "paid"), lambda: cancel(order, RULES)),
        (status in ("processing", "paid"), lambda: readdress(order, "5 Oak Avenue, Salem")),
        (status in ("delivered", "return_requested"), lambda: send_back(order, {0: 1}, RULES, NOW)),
    )
    for allowed, act in acts:
        if allowed:
            act()
        else:
            with pytest.raises(OrderRefused, match=f"is {status} and cannot be") as refused:
                act()
            assert rule_of(refused) == "status"


def test_a_cancelled_order_gives_back_its_total_up_to_the_cap(tmp_path: Path) -> None:
    order = order_of(tmp_path)
    change = cancel(order, RULES)
    assert (change.order.status, change.amount) == ("cancelled", order.total)
    with pytest.raises(OrderRefused) as refused:
        cancel(order, Rules(refund_cap=order.total - Decimal("0.01")))
    assert refused.value.facts == {"cap": order.total - Decimal("0.01"), "amount": order.total}


def test_a_refund_cap_of_zero_is_a_cap(tmp_path: Path) -> None:
    with pytest.raises(OrderRefused, match="refunded"):
        cancel(order_of(tmp_path), Rules(refund_cap=Decimal()))


def test_a_return_is_refused_after_its_days(tmp_path: Path) -> None:
    late = order_of(tmp_path, status="delivered", delivered="2026-09-19")
    with pytest.raises(OrderRefused, match="30 days") as refused:
        send_back(late, {0: 1}, RULES, NOW)
    assert rule_of(refused) == "return_window"
    with pytest.raises(OrderRefused) as refused:
        send_back(late, {0: 1}, replace(RULES, exchange_days=45), NOW)
    assert rule_of(refused) == "return_window_only"  # it can be exchanged still
    assert send_back(late, {0: 1}, Rules(Decimal(500)), NOW).amount == 139.0
    assert send_back(replace(late, delivered="2026-09-20"), {0: 1}, RULES, NOW).amount == 139.0


def test_returns_in_parts_pass_neither_the_pieces_bought_nor_the_cap(tmp_path: Path) -> None:
    order = order_of(tmp_path, status="delivered")
    first = send_back(order, {1: 2}, RULES, NOW)
    assert (first.amount, first.order.status, first.order.items[1].returned) == (Decimal(37), "return_requested", 2)
    with pytest.raises(OrderRefused) as refused:
        send_back(first.order, {1: 2}, RULES, NOW)
    assert rule_of(refused) == "already_returned"
    with pytest.raises(OrderRefused) as capped:
        send_back(first.order, {0: 1}, Rules(refund_cap=Decimal(150)), NOW)
    assert rule_of(capped) == "refund_cap"


MONEY = st.decimals(0, 300, places=2)


@given(paid=MONEY, split=st.integers(0, 3))
def test_no_more_goes_back_than_was_paid(paid: Decimal, split: int) -> None:
    order = Order("A", "C", "", "delivered", _items(), paid, Decimal(), "", None, None, None, "2026-10-10")
    parts = [{1: split}] if split else []
    given_back = Decimal()
    for pieces in [*parts, {0: 1} | ({1: 3 - split} if split < 3 else {})]:
        change = send_back(order, pieces, RULES, NOW)
        order, given_back = change.order, given_back + change.amount
    assert given_back <= paid


@given(prices=st.lists(MONEY, min_size=1, max_size=8), order=st.permutations(range(8)))
def test_sums_of_prices_are_exact_and_pieces_sent_back_one_by_one_add_up(
    prices: list[Decimal], order: Sequence[int]
) -> None:
    items = tuple(OrderItem(str(n), str(n), 1, price, "", "") for n, price in enumerate(prices))
    total = sum(prices, Decimal())
    current = Order("A", "C", "", "delivered", items, total, Decimal(), "", None, None, None, "2026-10-10")
    rules, given_back = Rules(total), Decimal()
    for index in order:
        if index < len(prices):
            change = send_back(current, {index: 1}, rules, NOW)
            assert change.amount == prices[index]
            current, given_back = change.order, given_back + change.amount
    assert given_back == total
    with pytest.raises(OrderRefused) as refused:
        send_back(current, {0: 1}, rules, NOW)
    assert rule_of(refused) == "already_returned"


@given(paid=MONEY, fee=MONEY)
def test_money_is_a_plain_number_in_json_and_exact_again_when_read(
    tmp_path_factory: pytest.TempPathFactory, paid: Decimal, fee: Decimal
) -> None:
    shop = open_shop(tmp_path_factory.mktemp("money"), [line("AP-1", total=float(paid), shipping_fee=float(fee))])
    order = shop.orders.get("C1", "AP-1")
    assert (order.total, order.shipping_fee, order.items[1].price) == (paid, fee, Decimal("18.5"))
    written = json.loads(json.dumps(order.to_json()))
    assert (written["total"], written["shipping_fee"], written["items"][1]["price"]) == (float(paid), float(fee), 18.5)
    shop.engine.dispose()


@pytest.mark.parametrize("address", ["", "home", "12345678", "x" * 301, "\x00\x01"])
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(OrderRefused) as refused:
        readdress(order_of(tmp_path), address)
    assert rule_of(refused) == "address"


def test_an_address_is_tidied_and_must_differ(tmp_path: Path) -> None:
    order = order_of(tmp_path)
    assert readdress(order, " 5 Oak\n Avenue,\tSalem ").order.address == "5 Oak Avenue, Salem"
    assert readdress(order, "上海市南京路1号").order.address == "上海市南京路1号"
    with pytest.raises(OrderRefused, match="already"):
        readdress(order, "12 elm street,  Portland")


@pytest.mark.parametrize(
    ("wishes", "pieces"),
    [
        ((), {0: 1, 1: 3, 2: 1}),
        (("everything",), {0: 1, 1: 3, 2: 1}),
        (("the jacket",), {0: 1}),
        (("dark green jackets",), {0: 1}),
        (("the green one",), {0: 1}),
        (("jkt-1-dgr-m",), {0: 1}),
        (("2 socks",), {1: 2}),
        (("one pair of socks", "boots"), {1: 1, 2: 1}),
        (("brown leather boot",), {2: 1}),
    ],
)
def test_items_are_found_by_the_customers_words(
    tmp_path: Path, wishes: tuple[str, ...], pieces: dict[int, int]
) -> None:
    order = order_of(tmp_path, status="delivered", items=(JACKET, SOCKS, BOOTS))
    assert pieces_of(order, wishes) == pieces


@pytest.mark.parametrize("wish", ["the tent", "blue jacket", "", "size 42", "it"])
def test_items_that_fit_nothing_or_too_much_are_refused_with_the_orders_items(tmp_path: Path, wish: str) -> None:
    order = order_of(tmp_path, status="delivered", items=(JACKET, SOCKS, BOOTS))
    with pytest.raises(OrderRefused, match=r"Alpine Shell Jacket \(dark green, M\); Merino") as refused:
        pieces_of(order, (wish,))
    assert rule_of(refused) == "items"


def test_a_number_in_a_title_is_no_quantity(tmp_path: Path) -> None:
    tent = ("TNT-1", "Lakeside 2 Person Tent", 1, 200.0, "olive", "one size")
    order = order_of(tmp_path, status="delivered", items=(tent, SOCKS))
    assert pieces_of(order, ("2-person tent",)) == {0: 1}
    assert pieces_of(order, ("2 person tent",)) == {0: 1}


def _items() -> tuple[OrderItem, ...]:
    return tuple(
        OrderItem(sku, title, count, Decimal(str(price)), color, size)
        for sku, title, count, price, color, size in (JACKET, SOCKS)
    )
