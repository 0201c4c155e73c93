"""Fingerprints: under which conditions a record was made. A record of other conditions is never reused.

In: the model, the options, a case with its shop. Out: short hexadecimal digests. What is digested: the model's bytes
(or a server's address and model), the code that decides what the agent says and how a suite scores it, the case's data,
the files of its shop.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from eval.stage import model_file
from eval.suite import Case, Options, Suite

ROOT = Path(__file__).parent.parent
_DECIDING = ("agent", "profiles", "retrieval", "finetune/selfplay", "finetune/corpora", "eval")
_KINDS = (".py", ".yaml", ".jinja")


def conditions(suite: Suite, options: Options, model: str) -> str:
    """What holds for all cases of a run."""
    settings = dict(options.settings) | {"profile": options.profile, "replies": options.replies, "seed": options.seed}
    return _digest(model_identity(model), _code(suite.name), json.dumps(settings, sort_keys=True))


def case_print(case: Case, options: Options, common: str) -> str:
    """What one case depends on besides."""
    shop = "" if case.subject != "agent" else _shop(case.shop or options.shop)
    data = json.dumps(case.data, ensure_ascii=False, sort_keys=True)
    return _digest(common, case.subject, shop, data)


def model_identity(setting: str) -> str:
    """The bytes of a model file; a server is known by what it is called."""
    path = model_file(setting)
    return setting if path is None or not path.is_file() else _file(path, path.stat().st_mtime_ns)


@cache
def _file(path: Path, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _code(suite: str) -> str:
    files = [path for folder in _DECIDING for path in sorted((ROOT / folder).rglob("*")) if path.suffix in _KINDS]
    others = ROOT / "eval" / "suites"
    kept = [path for path in files if path.parent != others or path.stem == suite]
    return _digest(*_contents(kept))


@cache
def _shop(shop: Path) -> str:
    files = sorted(path for path in shop.iterdir() if path.is_file())
    return _digest(*_contents(files))


def _contents(files: list[Path]) -> Iterator[str]:
    for path in files:
        yield path.name
        yield hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
