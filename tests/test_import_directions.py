"""Imports point one way: each folder uses those below it, and the core of profiles none of what uses it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GROUND = frozenset({"errors", "clock"})
BELOW: dict[str, frozenset[str]] = {"language": GROUND}
BELOW |= {name: frozenset({"language"}) | GROUND for name in ("profiles", "retrieval")}
BELOW["agent"] = frozenset({"profiles", "retrieval", *BELOW["profiles"]})
BELOW["finetune"] = frozenset({"agent", *BELOW["agent"]})
BELOW["eval"] = frozenset({"finetune", *BELOW["finetune"]})
BELOW["ui"] = frozenset({"agent", *BELOW["agent"]})

# Of profiles: what uses the core; and, in the core's folders, the edges that show or load what the others have made.
USERS = ("events", "preference", "segments", "intents", "build", "commands")
EDGES = frozenset({"__main__", "card", "shop.files", "shop.imports", "privacy.commands", "privacy.export"})


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def ours() -> frozenset[str]:
    return frozenset(path.parent.name for path in ROOT.glob("*/__init__.py")) | GROUND | {"shop"}


def is_in(name: str, above: str) -> bool:
    return name == above or name.startswith(f"{above}.")


@pytest.mark.parametrize("folder", sorted(BELOW))
def test_a_folder_imports_what_is_below_it_and_nothing_else(folder: str) -> None:
    allowed = BELOW[folder] | {folder}
    against = {
        f"{module_of(path)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imported(path)
        if (top := name.partition(".")[0]) in ours() and top not in allowed
    }
    assert not against


def test_what_stands_at_the_ground_imports_nothing_of_ours() -> None:
    for name in GROUND:
        tops = {found.partition(".")[0] for found in imported(ROOT / f"{name}.py")}
        assert not tops & (ours() - GROUND)


def test_the_core_of_profiles_imports_nothing_that_uses_it() -> None:
    users = [f"profiles.{name}" for name in USERS]
    edges = {f"profiles.{name}" for name in EDGES}
    core = {
        module: path
        for path in (ROOT / "profiles").rglob("*.py")
        if not any(is_in(module := module_of(path), user) for user in users) and module not in edges
    }
    assert {"profiles.store", "profiles.fold", "profiles.validator", "profiles.privacy.retain"} <= core.keys()
    against = {
        f"{module} imports {name}"
        for module, path in core.items()
        for name in imported(path)
        if any(is_in(name, other) for other in (*users, *edges))
    }
    assert not against


def test_the_edges_are_there() -> None:
    assert {name for name in EDGES if (ROOT / "profiles" / f"{name.replace('.', '/')}.py").is_file()} == EDGES
