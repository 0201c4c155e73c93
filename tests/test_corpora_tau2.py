"""tau2-bench's retail form: what is read, what the tools do, what is held out, and what invented errands promise."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ConfigError, DataError
from finetune.__main__ import main
from finetune.corpora.tau2.data import Action, Task, held_out, held_out_customers, read_retail, split_tasks
from finetune.corpora.tau2.history import WRITES, steps
from finetune.corpora.tau2.possible import possible
from finetune.corpora.tau2.synthetic import synthetic_samples, task
from finetune.corpora.tau2.tools import RetailTools
from finetune.corpora.tau2.wishes import growing
from finetune.corpora.tau2.world import customer_worlds, invented_world
from finetune.samples import read_samples
from tests.tau2_data import write_tau2

HOME = {"address1": "1 Quay", "address2": "", "city": "Reno", "state": "NV", "country": "USA", "zip": "89501"}
GIFT = {"source": "gift_card", "id": "gift_card_1", "balance": 30.0}
CARD = {"source": "credit_card", "id": "credit_card_2", "brand": "visa", "last_four": "1234"}


def small_db() -> dict[str, Any]:
    """One customer, a delivered and a pending order, a kettle in three colours of which one is sold out."""
    variants = {
        number: {"item_id": number, "options": {"color": color}, "available": there, "price": price}
        for number, color, there, price in (
            ("1000000001", "red", True, 20.0),
            ("1000000002", "blue", True, 60.0),
            ("1000000003", "black", False, 25.0),
        )
    }
    item = {"name": "Kettle", "product_id": "9000000001", "item_id": "1000000001", "price": 20.0}
    item["options"] = {"color": "red"}

    def order(order_id: str, status: str, method: str) -> dict[str, Any]:
        paid = {"transaction_type": "payment", "amount": 20.0, "payment_method_id": method}
        return {
            "order_id": order_id,
            "user_id": "ada_berg_1",
            "address": HOME,
            "items": [dict(item)],
            "status": status,
            "payment_history": [paid],
        }

    user = {
        "user_id": "ada_berg_1",
        "name": {"first_name": "Ada", "last_name": "Berg"},
        "address": HOME,
        "email": "ada.berg@example.com",
        "payment_methods": {"gift_card_1": dict(GIFT), "credit_card_2": CARD},
        "orders": ["#W1", "#W2"],
    }
    return {
        "products": {"9000000001": {"name": "Kettle", "product_id": "9000000001", "variants": variants}},
        "users": {"ada_berg_1": user},
        "orders": {"#W1": order("#W1", "delivered", "credit_card_2"), "#W2": order("#W2", "pending", "gift_card_1")},
    }


def change(order_id: str, new: str, method: str = "credit_card_2", old: str = "1000000001") -> dict[str, Any]:
    return {"order_id": order_id, "item_ids": [old], "new_item_ids": [new], "payment_method_id": method}


def payment(method: str) -> dict[str, Any]:
    return {"order_id": "#W2", "payment_method_id": method}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("find_user_id_by_email", {"email": "ADA.berg@example.com"}, "ada_berg_1"),
        ("find_user_id_by_name_zip", {"first_name": "ada", "last_name": "berg", "zip": "89501"}, "ada_berg_1"),
        ("find_user_id_by_name_zip", {"first_name": "Ada", "last_name": "Berg", "zip": "1"}, "error: no such user"),
        ("get_order_details", {"order_id": "W1"}, "error: no such order"),
        ("calculate", {"expression": "20 - 5.5 * 2"}, "9.00"),
        ("calculate", {"expression": "__import__('os')"}, "error: cannot calculate \"__import__('os')\""),
        ("cancel_pending_order", {"order_id": "#W1", "reason": "no longer needed"}, "error: #W1 is delivered"),
        ("cancel_pending_order", {"order_id": "#W2", "reason": "bored"}, "error: reason 'bored' is none of"),
        ("exchange_delivered_order_items", change("#W2", "1000000002"), "error: #W2 is pending, not delivered"),
        ("exchange_delivered_order_items", change("#W1", "1000000003"), "error: 1000000003 is not available"),
        ("exchange_delivered_order_items", change("#W1", "1000000002", "gift_card_1"), "error: gift_card_1 has 30.0"),
        ("exchange_delivered_order_items", change("#W1", "1000000002", "paypal_9"), "error: no such payment method"),
        ("exchange_delivered_order_items", change("#W1", "1000000002", old="7"), "error: #W1 has 0 of item 7"),
        ("exchange_delivered_order_items", change("#W1", "1000000002"), "#W1 exchange requested, difference 40.0"),
        ("modify_pending_order_items", change("#W2", "1000000002"), "#W2 items modified"),
        (
            "modify_pending_order_payment",
            {"order_id": "#W2", "payment_method_id": "gift_card_1"},
            "error: #W2 is already",
        ),
        (
            "modify_pending_order_payment",
            {"order_id": "#W2", "payment_method_id": "credit_card_2"},
            "#W2 payment modified",
        ),
        ("modify_user_address", {"user_id": "ada_berg_1", **HOME}, "ada_berg_1 address modified"),
        ("get_user_details", {}, "error: get_user_details takes user_id"),
        ("sing", {}, "error: no tool sing"),
    ],
)
def test_tools_check_their_preconditions_and_name_the_reason(
    name: str, arguments: dict[str, Any], expected: str
) -> None:
    assert RetailTools(small_db()).execute(name, arguments).startswith(expected)


def test_a_refund_goes_to_the_order_s_own_method_or_a_gift_card() -> None:
    db = small_db()
    db["users"]["ada_berg_1"]["payment_methods"]["paypal_3"] = {"source": "paypal", "id": "paypal_3"}

    def back(method: str) -> str:
        arguments = {"order_id": "#W1", "item_ids": ["1000000001"], "payment_method_id": method}
        return RetailTools(db).execute("return_delivered_order_items", arguments)

    assert back("paypal_3") == "error: refund to paypal_3 is not possible: expected a gift card or credit_card_2"
    assert back("gift_card_1") == "#W1 return requested, refund to gift_card_1"
    assert back("credit_card_2") == "#W1 return requested, refund to credit_card_2"


def test_changes_stay_on_the_copy_and_show_in_later_results() -> None:
    db = small_db()
    before = json.dumps(db)
    tools = RetailTools(db)
    tools.execute("modify_pending_order_items", change("#W2", "1000000002", "credit_card_2"))
    shown = tools.execute("get_order_details", {"order_id": "#W2"})
    assert shown.startswith("#W2 pending (item modified)")
    assert "- Kettle [9000000001]: blue, 60.0 = 1000000002" in shown
    assert tools.execute("cancel_pending_order", {"order_id": "#W2", "reason": "no longer needed"}).startswith("error")
    assert json.dumps(db) == before


def test_a_product_lists_what_can_be_bought_from_cheap_to_dear() -> None:
    assert RetailTools(small_db()).execute("get_product_details", {"product_id": "9000000001"}).splitlines() == [
        "Kettle [9000000001]: color",
        "- red, 20.0 = 1000000001",
        "- blue, 60.0 = 1000000002",
        "1 more are not available",
    ]


def test_lookups_that_annotators_left_out_are_given_and_marked() -> None:
    wish = Task("t", "Swap the kettle in #W1 for a blue one.", "You are Ada Berg, zip 89501.", "", "", ())
    action = Action("exchange_delivered_order_items", change("#W1", "1000000002"))
    bare = Task(wish.id, wish.reason, wish.known, "", "", (action,))
    done = steps(small_db(), bare)
    assert [(step.action.name, step.given) for step in done] == [
        ("find_user_id_by_name_zip", True),
        ("get_user_details", True),
        ("get_order_details", True),
        ("get_order_details", True),
        ("get_product_details", True),
        ("exchange_delivered_order_items", False),
    ]
    known = possible(RetailTools(small_db()), bare, done[:-1])
    assert known["exchange_delivered_order_items.new_item_ids"] == ["1000000001", "1000000002"]
    assert known["exchange_delivered_order_items.order_id"] == ["#W1"]
    assert known["cancel_pending_order.order_id"] == ["#W2"]
    assert known["return_delivered_order_items.payment_method_id"] == ["gift_card_1", "credit_card_2"]
    assert known["get_order_details.order_id"] == known["find_user_id_by_name_zip.zip"] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_invented_errands_can_be_done_within_what_is_possible(seed: int) -> None:
    rng = random.Random(seed)
    world = invented_world(rng)
    found = task(world, rng, "x")
    if found is None:
        return
    made, done = found
    assert [step.action for step in done if not step.given] == list(made.actions)
    changed = [
        step.action.arguments["order_id"]
        for step in done
        if step.action.name in WRITES and "address" not in step.action.name
    ]
    assert len(changed) == len(set(changed))
    tools = RetailTools(world.db)
    for place, step in enumerate(done):
        known = possible(tools, made, done[:place])
        for name, value in step.action.arguments.items():
            if f"{step.action.name}.{name}" in known:
                values = value if isinstance(value, list) else [value]
                assert set(values) <= set(known[f"{step.action.name}.{name}"])
        tools.execute(step.action.name, step.action.arguments)


@given(st.sets(st.integers(1, 999), min_size=2, max_size=6))
def test_values_with_a_unit_grow_by_their_number(numbers: set[int]) -> None:
    assert growing({f"{number} cm" for number in numbers}) == [f"{number} cm" for number in sorted(numbers)]


def test_values_without_an_order_do_not_grow() -> None:
    assert growing({"red", "blue"}) == []
    assert growing({"5 cm", "2 m"}) == []
    assert growing({"XL", "S", "M"}) == ["S", "M", "XL"]


def test_a_directory_is_read_whole_and_a_repeated_task_counts_once(tmp_path: Path) -> None:
    retail = read_retail(write_tau2(tmp_path / "data", customers=6))
    assert [one.id for one in retail.tasks] == ["0", "1", "2", "3", "4", "5"]
    assert retail.policy.startswith("# Rules")
    assert all(one.reason and one.known for one in retail.tasks)


def test_tasks_of_a_customer_are_held_out_together_and_from_what_is_invented(tmp_path: Path) -> None:
    folder = write_tau2(tmp_path / "data", customers=30)
    again = json.loads((folder / "tasks_one.json").read_text())
    for row in again:
        row["id"] = f"again-{row['id']}"
    (folder / "tasks_three.json").write_text(json.dumps(again))
    retail = read_retail(folder)
    kept_out = held_out(retail)
    assert all((row["id"] in kept_out) == (row["id"].removeprefix("again-") in kept_out) for row in again)
    parts = [{one.id for one in split_tasks(retail, split)} for split in ("train", "held-out")]
    assert parts[0] | parts[1] == {one.id for one in retail.tasks}
    assert not parts[0] & parts[1]
    assert parts[1]
    without = held_out_customers(retail)
    assert all(world.user["user_id"] not in without for world in customer_worlds(retail.db, without))
    with pytest.raises(ConfigError, match="no split 'test': expected all, train, held-out"):
        split_tasks(retail, "test")


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("db.json", None, "has no db.json"),
        ("db.json", "{", "db.json is not JSON"),
        ("db.json", '{"products": {}, "users": {}}', "db.json: orders: Field required"),
        ("tasks_one.json", '{"a": 1}', "tasks_one.json: expected a list of tasks, not dict"),
        ("tasks_one.json", '[{"id": "1"}]', "tasks_one.json: task 1: user_scenario: Field required"),
    ],
)
def test_broken_files_are_told_with_their_place(tmp_path: Path, file: str, text: str | None, expected: str) -> None:
    folder = write_tau2(tmp_path / "data", customers=2)
    (folder / file).unlink() if text is None else (folder / file).write_text(text)
    with pytest.raises(DataError, match=expected):
        read_retail(folder)


def test_a_directory_without_tasks_is_told(tmp_path: Path) -> None:
    folder = write_tau2(tmp_path / "data", customers=2)
    for file in folder.glob("tasks*.json"):
        file.unlink()
    with pytest.raises(DataError, match="has no tasks"):
        read_retail(folder)


def test_the_commands_write_samples_and_the_same_seed_the_same_ones(tmp_path: Path) -> None:
    data = write_tau2(tmp_path / "data", customers=12)
    retail = read_retail(data)
    out = tmp_path / "tau2.jsonl"
    assert main(["corpus", "tau2", "--data", str(data), "--out", str(out)]) == 0
    kept = {str(sample.meta["task"]) for sample in read_samples(out)}
    assert kept == {one.id for one in split_tasks(retail, "train")}
    texts = []
    for name in ("a", "b"):
        out = tmp_path / f"{name}.jsonl"
        arguments = ["corpus", "tau2-synthetic", "--count", "20", "--seed", "3", "--data", str(data), "--out", str(out)]
        assert main(arguments) == 0
        texts.append(out.read_text())
    assert texts[0] == texts[1]
    assert len(texts[0].splitlines()) == 20


def test_samples_end_with_a_call_and_what_was_filled_in_is_not_learnt() -> None:
    for sample in synthetic_samples(40, 5):
        assert sample.messages[-1]["tool_calls"]
        unlearnt = [message for message in sample.messages if message.get("learn") is False]
        names = [message["tool_calls"][0]["function"]["name"] for message in unlearnt]
        assert not set(names) & WRITES


@pytest.mark.skipif(
    "TAU2_RETAIL" not in os.environ, reason="TAU2_RETAIL names no directory of tau2-bench's retail domain"
)
def test_the_real_tasks_can_be_executed() -> None:
    retail = read_retail(Path(os.environ["TAU2_RETAIL"]))
    results = [step.result for one in retail.tasks for step in steps(retail.db, one)]
    assert sum(result.startswith("error") for result in results) < len(results) / 20
    assert len(held_out(retail)) >= len(retail.tasks) / 4
