"""The dialogues of a YAML file, or of all below a directory, checked against the shop that they are about.

In: a path, the shop's directory. Out: `Told` dialogues, the files by name and each in its own order. Errors: one
`DataError` with every fault that there is: its file, dialogue and turn, what is wrong, and what would be valid. A
condition that no product of the shop meets is a fault of the file: no agent could ever fulfil it.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from errors import DataError, choices
from eval.dialogues.form import LISTED, NOBODY, RANGE, Condition, Dialogue, WantedProducts
from eval.dialogues.products import Fields, fields, meets
from profiles.shop.files import read_lines
from retrieval.catalog import load_catalog
from retrieval.search import CATALOG

ENDINGS = (".yaml", ".yml")
_SHOWN = 30  # of the faults


@dataclass(frozen=True, slots=True)
class Told:
    """A dialogue, as it is `written` in YAML too, and its file by the path below the directory that was named."""

    file: str
    written: Mapping[str, Any]
    dialogue: Dialogue


@dataclass(frozen=True, slots=True)
class ShopSide:
    """What a shop has that dialogues may speak of."""

    products: Sequence[Fields]
    customers: frozenset[str]

    @classmethod
    def load(cls, shop: Path) -> "ShopSide":
        """Errors: `ConfigError`, `DataError`, `StorageError`."""
        products = load_catalog(shop / CATALOG).products
        customers = (str(line["id"]) for line in read_lines(shop / "customers.jsonl"))
        return cls([fields(product) for product in products], frozenset(customers))


def read_dialogues(path: Path, shop: Path) -> list[Told]:
    """All dialogues of a file or directory. Raises DataError."""
    root = path if path.is_dir() else path.parent
    files = sorted(one for one in path.rglob("*") if one.suffix in ENDINGS) if path.is_dir() else [path]
    told: list[Told] = []
    faults: list[str] = []
    side = ShopSide.load(shop)
    for file in files:
        name = file.relative_to(root).as_posix()
        for place, raw in enumerate(_entries(file), 1):
            spot = f"{name}, {_called(raw, place)}"
            try:
                dialogue = Dialogue.model_validate(raw)
            except ValidationError as error:
                faults += _mistakes(error, raw, spot)
                continue
            told.append(Told(name, raw, dialogue))
            faults += _against(side, dialogue, spot)
    faults += _twice(told)
    if faults:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        counted = f"{path}: {len(faults)} {'fault' if len(faults) == 1 else 'faults'}"
        raise DataError("\n  ".join([counted, *faults[:_SHOWN], *more]))
    return told


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would forget the first, and what it expects with it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _entries(file: Path) -> list[Any]:
    try:
        loaded = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DataError(f"{file}{line}: {error.problem}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    if loaded is not None and not isinstance(loaded, list):
        raise DataError(f"{file} must be a list of dialogues (`- dialogue: NAME`), not {type(loaded).__name__}")
    return loaded or []


def _called(raw: Any, place: int) -> str:
    name = raw.get("dialogue") if isinstance(raw, Mapping) else None
    return f"dialogue {name}" if isinstance(name, str) and name else f"dialogue {place} of the file"


def _turn(number: int, said: object) -> str:
    return f"turn {number + 1} ({str(said)!r:.50})"


def _mistakes(error: ValidationError, raw: Any, spot: str) -> Iterator[str]:
    for one in error.errors():
        match one["loc"]:
            case ("turns", int() as number, *rest):
                turn = raw["turns"][number]
                where = [spot, _turn(number, turn.get("say") if isinstance(turn, Mapping) else turn)]
            case rest:
                where = [spot]
        place = ".".join(str(part) for part in rest if part not in (RANGE, LISTED))
        got = "" if isinstance(one["input"], Mapping | list | tuple) else f" (got {one['input']!r:.60})"
        yield f"{', '.join([*where, place] if place else where)}: {one['msg']}{got}"


def _against(side: ShopSide, dialogue: Dialogue, spot: str) -> Iterator[str]:
    """What the shop does not have."""
    if dialogue.customer != NOBODY and dialogue.customer not in side.customers:
        yield f"{spot}, customer: the shop has no {dialogue.customer!r}; it has {choices(side.customers, limit=5)}"
    for number, turn in enumerate(dialogue.turns):
        if turn.expect and turn.expect.products:
            for fault in _unmet(side, turn.expect.products):
                yield f"{spot}, {_turn(number, turn.say)}, expect.products.{fault}"


def _unmet(side: ShopSide, wanted: WantedProducts) -> Iterator[str]:
    known = {name for product in side.products for name in product}
    kind: Condition = {"category": wanted.category} if wanted.category else {}
    for place, condition in wanted.conditions():
        if unknown := [name for name in condition if name not in known]:
            yield f"{place}: products have no {unknown[0]!r}; they have {choices(known, limit=40)}"
        elif place != "none" and condition and not any(meets(p, kind) and meets(p, condition) for p in side.products):
            yield f"{place}: no product of the shop meets it"
    skus = {product["sku"][0] for product in side.products}
    if wanted.sku and skus.isdisjoint(wanted.sku):
        yield f"sku: the shop has no product {' or '.join(wanted.sku)}"


def _twice(told: Sequence[Told]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for one in told:
        if (key := (one.file, one.dialogue.dialogue)) in seen:
            yield f"{one.file}, dialogue {one.dialogue.dialogue}: there are two of this name"
        seen.add(key)
