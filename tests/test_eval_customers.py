"""Simulated customers of the eval: their plans, how they react, what they find wrong; and the estimate of pass^k."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from eval.customers.facts import ShopFacts
from eval.customers.goals import plans
from eval.customers.plan import Ask, Plan, Task, Wish
from eval.customers.play import Played, fault_of_plan, play, restore, snapshot
from eval.stage import Stages
from eval.suite import Case
from eval.suites.service import metrics, pass_power, run
from finetune.selfplay.shops.make import make_shop
from tests.eval_shop import scripted


@pytest.fixture(scope="module")
def facts(held_out: Path) -> ShopFacts:
    return ShopFacts.load(held_out)


@contextmanager
def perfect(stages: Stages, shop: Path) -> Iterator[tuple[Shopkeeper, Callable[[Ask], None]]]:
    """An agent that answers with the calls it is told to expect."""
    model = ScriptedModel()
    with stages.agent(shop) as keeper, closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
        yield Shopkeeper(keeper.services, model, SqliteSaver(connection)), lambda ask: model.expect(ask.answer)


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), max_size=5), st.integers(1, 4))
def test_pass_power_is_the_share_of_draws_of_k_tries_that_all_passed(tries: list[list[bool]], k: int) -> None:
    by_hand = [mean(all(drawn) for drawn in itertools.combinations(one, k)) for one in tries if len(one) >= k]
    assert pass_power(tries, k) == pytest.approx(mean(by_hand) if by_hand else 0.0)


def test_what_the_simulator_got_wrong_counts_for_nobody() -> None:
    def record(goal: str, ok: bool, fault: str | None = None) -> dict[str, object]:
        return {"goal": goal, "ok": ok, "simulator": fault, "tasks": ["cancel"], "language": "en", "turns": [1, 2]}

    kept = [record("a", True)] * 3 + [record("a", False)] + [record("b", False)] * 2
    figures = metrics([*kept, *[record("b", False, "impossible")] * 2])
    assert figures["pass^1"] == pytest.approx((3 / 4 + 0) / 2)
    assert figures["pass^3"] == pytest.approx(1 / 4)
    assert figures["simulator_errors"] == pytest.approx(2 / 8)
    assert figures["passed/cancel"] == pytest.approx(3 / 6)


def test_trials_of_a_goal_differ_in_their_words_alone(facts: ShopFacts) -> None:
    made = list(plans(facts, "s", 25, 3))
    assert made == list(plans(facts, "s", 25, 3))
    for goal in _by_goal(made):
        assert len({_meaning(plan) for plan in goal}) == 1
    texts = [tuple(task.first.text for task in plan.tasks) for plan in made]
    assert len(set(texts)) > 0.8 * len(texts)


def _by_goal(made: Sequence[Plan]) -> list[list[Plan]]:
    return [list(group) for _, group in itertools.groupby(made, lambda plan: plan.goal)]


def _meaning(plan: Plan) -> str:
    said = {"first", "again", "yes", "no"}
    return str([plan.customer, plan.language, [task.model_dump(exclude=said) for task in plan.tasks]])


def test_an_agent_with_the_right_calls_fulfils_the_plans(stages: Stages, held_out: Path, facts: ShopFacts) -> None:
    made = list(plans(facts, "right", 30, 1))
    with stages.agent(held_out) as keeper, snapshot(keeper.services) as start:
        faults = {plan.goal: fault for plan in made if (fault := fault_of_plan(keeper, plan, start))}
    assert len(faults) <= 1, faults
    assert len({task.name for plan in made for task in plan.tasks}) >= 9


def test_an_agent_that_does_nothing_fails_and_the_plan_is_not_to_blame(
    stages: Stages, held_out: Path, facts: ShopFacts
) -> None:
    for plan in plans(facts, "idle", 6, 1):
        with stages.agent(held_out) as keeper:
            idle = scripted(keeper, ["Sure."] * 9)
            record = run(Case(plan.goal, plan.model_dump(mode="json"), shop=held_out), idle)
        assert not record["ok"]
        assert record["simulator"] is None
        assert len(record["turns"]) == 2  # said once, said again, given up


def test_a_plan_that_cannot_be_fulfilled_is_the_simulators_fault(
    stages: Stages, held_out: Path, facts: ShopFacts
) -> None:
    customer, order = next((c, o) for c in facts.customers for o in c.orders if o.fate == "fixed")
    ask = Ask(text=f"cancel {order.id}", calls=(("cancel_order", {"order_id": order.id}),))
    task = Task(
        kind="order", name="cancel", first=ask, again=ask, wish=Wish(kind="cancel_order", order=order.id), yes="Yes."
    )
    plan = Plan(goal="impossible", trial=0, customer=customer.id, language="en", tasks=(task,))
    with perfect(stages, held_out) as (keeper, expect):
        expect(ask)
        record = run(Case("impossible", plan.model_dump(mode="json"), shop=held_out), keeper)
    assert record["simulator"] and not record["ok"]


def _cancelling(facts: ShopFacts) -> tuple[Plan, str]:
    """A plan to cancel an order, and another order of the same customer that could be cancelled too."""
    customer = next(c for c in facts.customers if sum(order.fate == "cancel" for order in c.orders) > 1)
    wanted, other = [order.id for order in customer.orders if order.fate == "cancel"][:2]
    ask = Ask(text=f"please cancel {wanted}", calls=(("cancel_order", {"order_id": wanted}),))
    wish = Wish(kind="cancel_order", order=wanted)
    task = Task(kind="order", name="cancel", first=ask, again=ask, wish=wish, yes="Yes, go ahead.", no="No, thanks.")
    return Plan(goal="cancelling", trial=0, customer=customer.id, language="en", tasks=(task,)), other


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ShopFacts]:
    """A shop with a customer who has two orders that can be cancelled."""
    folder = tmp_path_factory.mktemp("shops")
    for number in range(40):
        made = make_shop(folder / str(number), 32, number, "held-out")
        known = ShopFacts.load(made)
        if any(sum(order.fate == "cancel" for order in customer.orders) > 1 for customer in known.customers):
            return made, known
    pytest.fail("no random shop has such a customer")


def test_a_customer_agrees_to_what_was_wished_for_and_to_nothing_else(
    stages: Stages, rich: tuple[Path, ShopFacts]
) -> None:
    shop, facts = rich
    plan, other = _cancelling(facts)
    wanted = plan.tasks[0].order or (plan.tasks[0].wish or Wish(kind="cancel_order", order="")).order

    def played(order: str) -> Played:
        def slip(ask: Ask) -> None:
            calls = tuple((name, {"order_id": order}) for name, _ in ask.calls)
            expect(ask.model_copy(update={"calls": calls, "text": ask.text.replace(wanted, order)}))

        with perfect(stages, shop) as (keeper, expect):
            return play(keeper, renamed(order), slip)

    def renamed(order: str) -> Plan:
        """The customer's words name `order`, so that the agent's own checks let it through; the wish stays."""
        task = plan.tasks[0]
        asks = {name: Ask(text=f"please cancel {order}", calls=task.first.calls) for name in ("first", "again")}
        return plan.model_copy(update={"tasks": (task.model_copy(update=asks),)})

    right = played(wanted)
    assert right.wrong == []
    assert [turn["said"] for turn in right.turns][-1] == "Yes, go ahead."
    wrong = played(other)
    assert [turn["said"] for turn in wrong.turns][1::2] == ["No, thanks.", "No, thanks."]
    assert any("another proposal" in problem for problem in wrong.wrong)
    assert any(wanted in problem for problem in wrong.wrong[1:])
    assert not any(other in problem for problem in wrong.wrong[1:])  # nothing was done to it


def test_changes_nobody_wished_for_are_found(stages: Stages, rich: tuple[Path, ShopFacts]) -> None:
    shop, facts = rich
    plan, other = _cancelling(facts)
    with perfect(stages, shop) as (keeper, expect):
        services = keeper.services

        def meddle(ask: Ask) -> None:
            expect(ask)
            if ask.text.startswith("Yes"):
                proposals = services.proposals
                proposals.propose("elsewhere", plan.customer, "cancel_order", {"order_id": other})
                proposals.confirm("elsewhere", plan.customer)

        wrong = play(keeper, plan, meddle).wrong
    assert len(wrong) == 1 and other in wrong[0]


def test_a_snapshot_brings_the_database_back(stages: Stages, rich: tuple[Path, ShopFacts]) -> None:
    shop, facts = rich
    plan, _ = _cancelling(facts)
    with perfect(stages, shop) as (keeper, expect), snapshot(keeper.services) as start:
        assert play(keeper, plan, expect).wrong == []
        order = plan.tasks[0].wish.order if plan.tasks[0].wish else ""
        assert keeper.services.orders.get(plan.customer, order).status == "cancelled"
        restore(keeper.services, start)
        assert keeper.services.orders.get(plan.customer, order).status != "cancelled"


def test_no_case_sees_what_another_one_did(stages: Stages, rich: tuple[Path, ShopFacts]) -> None:
    shop, facts = rich
    plan, _ = _cancelling(facts)
    for _attempt in range(3):
        with perfect(stages, shop) as (keeper, expect):
            assert play(keeper, plan, expect).wrong == []
