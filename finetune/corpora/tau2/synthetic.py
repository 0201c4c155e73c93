"""Invented tasks of the tau2 retail form: errands of random customers, with the calls that an annotator would make.

In: a seed, a number, and optionally a database whose products and customers are used too. Out: samples. What the calls
come to is checked by executing them: a task in which one is refused is thrown away.

The order of the calls is the one that annotators keep to: find the customer; where no order's id was given, read the
profile and then the orders as the profile lists them, until all that was spoken of is found; before each change read
the products of its items; then change.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from finetune.corpora.tau2.data import Action, Json, Task
from finetune.corpora.tau2.errand import Errand
from finetune.corpora.tau2.errands import draw_errands
from finetune.corpora.tau2.history import Step, find_user, sample, steps
from finetune.corpora.tau2.world import World, customer_worlds, digits, invented_world, words
from finetune.samples import Sample

_EASY = ("find_user_id_by_email", "find_user_id_by_name_zip", "get_user_details")
_TAUGHT = 0.3  # share of the samples in which these are learnt
_REAL = 0.1  # share of tasks on the given database


def synthetic_samples(
    count: int, seed: int, db: Json | None = None, without: frozenset[str] = frozenset()
) -> Iterator[Sample]:
    """So many samples; with `db` one in ten is on it, about customers whose ids are not in `without`."""
    rng = random.Random(seed)
    real = list(customer_worlds(db, without)) if db else []
    made = 0
    while made < count:
        world = rng.choice(real) if real and rng.random() < _REAL else invented_world(rng)
        found = task(world, rng, f"{seed}-{made}")
        if found:
            yield sample(found[0], _spare(rng, found[1]), "tau2-synthetic")
            made += 1


def _spare(rng: random.Random, done: Sequence[Step]) -> list[Step]:
    """The steps, whose easy beginning is mostly not learnt: a few repetitions are enough of it."""
    if rng.random() < _TAUGHT:
        return list(done)
    return [replace(step, given=step.given or step.action.name in _EASY) for step in done]


def task(world: World, rng: random.Random, name: str) -> tuple[Task, list[Step]] | None:
    """A task about this customer with its executed steps; None if nothing came of it."""
    errands = draw_errands(world, rng, rng.choices((1, 2, 3, 4), (4, 4, 3, 2))[0])
    if not errands:
        return None
    by_email, known, first_try = _known(rng, world.user)
    actions = [*first_try, find_user(world.user, by_email)]
    bare = rng.random() < 0.2  # as annotators do who wrote down only the changes: the lookups are filled in
    if bare:
        actions = [write for errand in errands for write in errand.writes]
        if not actions:
            return None
    else:
        actions += _lookups(world, errands, rng)
        actions += _changes(errands)
    unknown = "" if by_email else rng.choice(words()["unknown"])
    made = Task(name, _reason(rng, errands), known, unknown, _manner(rng), tuple(actions))
    done = steps(world.db, made)
    failed = any(step.result.startswith("error") for step in done if step.action not in first_try)
    return None if failed else (made, done)


def _lookups(world: World, errands: Sequence[Errand], rng: random.Random) -> list[Action]:
    """The profile and the orders, as far as they are needed."""
    needs = [order_id for errand in errands for order_id in errand.needs]
    if all(errand.named for errand in errands) and not (any(errand.profile for errand in errands)):
        return [Action("get_order_details", {"order_id": order_id}) for order_id in dict.fromkeys(needs)]
    orders = world.user["orders"]
    profile = Action("get_user_details", {"user_id": world.user["user_id"]})
    if all(errand.named for errand in errands):
        read = list(dict.fromkeys(needs))
    elif any(errand.every_order for errand in errands):
        read = orders
    else:
        read = orders[: max((orders.index(order_id) for order_id in needs), default=-1) + 1]
    return [profile, *(Action("get_order_details", {"order_id": order_id}) for order_id in read)]


def _changes(errands: Sequence[Errand]) -> list[Action]:
    """The changes in order, each behind the products that it needs and that were not read before."""
    actions: list[Action] = []
    for errand in errands:
        for product_id in errand.products:
            lookup = Action("get_product_details", {"product_id": product_id})
            if lookup not in actions:
                actions.append(lookup)
        actions += errand.writes
    return actions


def _reason(rng: random.Random, errands: Sequence[Errand]) -> str:
    parts = [rng.choice(words()["stories"])]
    for number, errand in enumerate(errands):
        join = words()["first_join" if number == 0 else "joins"]
        parts += [errand.text if errand.whole else rng.choice(join).format(clause=errand.text), errand.after]
    return " ".join(part for part in parts if part)


def _known(rng: random.Random, user: Json) -> tuple[bool, str, list[Action]]:
    """Whether the e-mail address is known, what the customer says of themselves, and lookups that find nobody."""
    kind = rng.choices(("zip", "email", "both", "two", "late"), (67, 24, 4, 3, 2))[0]
    name = user["name"]
    wrong = f"{name['last_name']}{digits(rng, 4)}@example.com".lower()
    place = user["address"]
    other = place["zip"][:-2] + digits(rng, 2)
    text = rng.choice(words()["known"][kind]).format(
        name=f"{name['first_name']} {name['last_name']}", user_id=user["user_id"], email=user["email"], wrong=wrong,
        zip=place["zip"], city=place["city"], state=place["state"], other=other,
    )  # fmt: skip
    vain = {
        "two": [Action("find_user_id_by_email", {"email": wrong})],
        "late": [Action("find_user_id_by_name_zip", {**name, "zip": other})],
    }
    return kind not in ("zip", "late"), text, vain.get(kind, [])


def _manner(rng: random.Random) -> str:
    chosen = rng.sample(words()["manners"], rng.randint(1, 4))
    return str(rng.choice(words()["manner_forms"])).format(manners=", ".join(chosen), first=chosen[0])
