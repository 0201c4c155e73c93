"""Approved answers: which template a request gets, and which requests get none.

In: `--data`, CSV files of Bitext's form; a template is made of each intent, with some of its requests as sample
questions, and the others are asked. `--set out_of_scope=PATH`: requests that no template covers, a JSON file of
CLINC150's form or a text file of one request a line. What is measured is the index a shop has, through
`Retriever.answer`, at several numbers of sample questions a template.

Where a file's name has "train" in it and others' have not, it gives the sample questions and the others are asked.
Otherwise half of the requests (`--set share=50`, in percent) are set aside for samples, by the hash of their text;
near-identical ones stay on one side. The samples taken of these are as different as there are.

Out: "choice", the share of covered requests whose surest template is the right one, however sure; "false_refusals" of
these got none; "answered_right" of the answered got the right one; "refused", the share of out-of-scope requests that
got none; "seconds" a request. All hold for the most samples (40); "choice/5" is with 5 a template.
"""

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

import yaml

from errors import DataError, StorageError
from eval.suite import Case, Options, Record, Suite, share
from finetune.corpora.bitext import Request, near_identical, read_requests
from finetune.corpora.clinc import OUTSIDE, Stranger, read_strangers
from retrieval.embedder import Embedder
from retrieval.search import Retriever

SIZES = (3, 5, 10, 20, 40)
LANGUAGE = "en"  # under which everything stands; the matcher reads the script and not this
_OPENING = Lock()


def cases(options: Options) -> Sequence[Case]:
    """Covered and out-of-scope requests, mixed by hash, so that the first N are a fair sample."""
    data = options.needs_data("CSV files with the columns instruction, intent, response")
    samples, asked = split(read_requests(data), options.integer("share", 50))
    most = options.integer("samples", SIZES[-1])
    shops = {str(size): str(_write_shop(samples, size, options.work)) for size in _sizes(most)}
    made = [_case("covered", request.text, _name(request.intent), shops) for request in asked]
    made += [_case(_kind(one), one.text, None, shops) for one in _strangers(options)]
    return sorted({case.id: case for case in made}.values(), key=lambda case: case.id.partition("-")[2])


def run(case: Case, subject: object) -> Record:
    """Ask each of the shops; `seconds` is what the one with most samples took, the embedding included."""
    text, wanted = case.data["request"], case.data["wanted"]
    choice, answered, seconds = {}, {}, 0.0
    for size, shop in reversed(case.data["shops"].items()):
        retriever = _open(Path(shop))
        started = time.perf_counter()
        hit = retriever.answer(text, LANGUAGE)
        seconds = seconds or time.perf_counter() - started
        answered[size] = hit and hit.template.id
        choice[size] = answered[size] or next(iter(retriever.index.questions.confidences(text)), None)
    got = answered[_most(answered)]
    why = "" if got == wanted else f"{text!r}: wanted {wanted or 'no answer'}, got {got or 'no answer'}"
    record: Record = {"kind": case.data["kind"], "wanted": wanted, "choice": choice, "answered": answered}
    return record | {"seconds": seconds, "ok": got == wanted, "why": why}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Figures of the shop with most samples, then by samples a template, then by kind of out-of-scope request."""
    covered = [record for record in records if record["kind"] == "covered"]
    outside = [record for record in records if record["kind"] != "covered"]
    sizes = list(records[0]["answered"]) if records else []
    by_size = {size: _figures(covered, outside, size) for size in sorted(sizes, key=int)}
    figures = dict(by_size[_most(sizes)]) if sizes else {}
    for size, part in by_size.items():
        figures |= {f"{name}/{size}": value for name, value in part.items()}
    for kind in sorted({record["kind"] for record in outside}):
        figures[f"refused/{kind}"] = share([record for record in outside if record["kind"] == kind])
    seconds = sorted(record["seconds"] for record in records)
    return figures | {
        "seconds": seconds[len(seconds) // 2] if seconds else 0.0,
        "covered": len(covered),
        "out_of_scope": len(outside),
    }


def split(requests: Sequence[Request], percent: int) -> tuple[dict[str, list[Request]], list[Request]]:
    """Sample questions by intent, the most different first, and the requests to ask.

    Raises DataError where an intent has no sample, or nothing is left to ask.
    """
    groups = near_identical(requests)
    train = {request.file for request in requests if "train" in request.file.casefold()}
    if train and train != {request.file for request in requests}:
        taught = [part for group in groups if (part := [one for one in group if one.file in train])]
        asked = [request for request in requests if request.file not in train]
    else:
        taught = [group for group in groups if _draw(group[0].intent, *sorted(one.text for one in group)) < percent]
        seen = {id(request) for group in taught for request in group}
        asked = [request for request in requests if id(request) not in seen]
    samples: dict[str, list[tuple[int, float, Request]]] = defaultdict(list)
    for group in taught:
        for turn, request in enumerate(group):
            samples[request.intent].append((turn, _draw(group[0].text), request))
    if missing := sorted({request.intent for request in asked} - samples.keys()):
        raise DataError(f"no sample questions for {', '.join(missing)}: too few requests, or none in the training file")
    if not asked:
        raise DataError(f"all {len(requests)} requests became sample questions, and none is left to ask")
    return {
        intent: [request for *_, request in sorted(found, key=lambda one: one[:2])]
        for intent, found in sorted(samples.items())
    }, asked


def _figures(covered: Sequence[Record], outside: Sequence[Record], size: str) -> dict[str, float]:
    answered = [record for record in covered if record["answered"][size]]
    figures = {
        "choice": _rate(record["choice"][size] == record["wanted"] for record in covered),
        "answered_right": _rate(record["answered"][size] == record["wanted"] for record in answered),
        "false_refusals": _rate(record["answered"][size] is None for record in covered),
    }
    return figures | ({"refused": _rate(one["answered"][size] is None for one in outside)} if outside else {})


def _rate(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else 0.0


def _sizes(most: int) -> list[int]:
    return [*(size for size in SIZES if size < most), most]


def _most(sizes: Iterable[str]) -> str:
    return max(sizes, key=int)


def _strangers(options: Options) -> list[Stranger]:
    """All of no known kind, and as many of known intents as the setting says, by hash."""
    path = options.settings.get("out_of_scope")
    if path is None:
        return []
    parts = [name for name in options.settings.get("parts", "").split(",") if name]
    found = read_strangers(Path(path), parts)
    known = sorted((one for one in found if one.intent != OUTSIDE), key=lambda one: _draw(one.text))
    return [one for one in found if one.intent == OUTSIDE] + known[: options.integer("uncovered", 500)]


def _kind(stranger: Stranger) -> str:
    return "oos" if stranger.intent == OUTSIDE else "uncovered"


def _case(kind: str, text: str, wanted: str | None, shops: Mapping[str, str]) -> Case:
    name = hashlib.sha256(f"{text}\0{wanted}".encode()).hexdigest()[:12]
    return Case(f"{kind}-{name}", {"kind": kind, "request": text, "wanted": wanted, "shops": dict(shops)}, "none")


def _name(intent: str) -> str:
    return intent.replace("/", "-")


def _draw(*texts: str) -> float:
    """0 to 100, the same for the same texts."""
    return int.from_bytes(hashlib.sha256("\0".join(texts).encode()).digest()[:6]) / 2**48 * 100


def _write_shop(samples: Mapping[str, Sequence[Request]], size: int, work: Path) -> Path:
    """A shop that has answers and nothing else; its folder is named after what is in it."""
    entries = [
        {
            "id": _name(intent),
            "samples": {LANGUAGE: [request.text for request in requests[:size]]},
            "text": {LANGUAGE: requests[0].response.replace("{", "{{").replace("}", "}}")},
        }
        for intent, requests in samples.items()
    ]
    name = f"{size}-{hashlib.sha256(json.dumps(entries).encode()).hexdigest()[:12]}"
    folder = work / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "shop.toml").write_text('name = "Answers"\n', encoding="utf-8")
        (folder / "catalog.jsonl").write_text("", encoding="utf-8")
        text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)
        (folder / "answers.yaml").write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror}") from error
    return folder


@lru_cache(maxsize=1)
def _embedder() -> Embedder:
    return Embedder()


def _open(shop: Path) -> Retriever:
    with _OPENING:
        return _opened(shop)


@lru_cache(maxsize=16)
def _opened(shop: Path) -> Retriever:
    return Retriever.open(shop, shop / "state", _embedder())


SUITE = Suite(
    "answers",
    "the template that a request gets, and the refusal of requests that none covers (Bitext's and CLINC150's forms)",
    cases,
    run,
    metrics,
    targets=("choice>=0.97", "false_refusals<=0.03", "refused>=0.9"),
    settings={
        "out_of_scope": "a file of requests that no template covers",
        "parts": "of a JSON file, comma-separated (default: those named test, else val, else all)",
        "uncovered": "most out-of-scope requests of known intents (500)",
        "samples": "most sample questions a template (40)",
        "share": "percent of the requests set aside for sample questions where no file is for training (50)",
    },
    workers=1,
)
