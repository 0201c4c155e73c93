"""Requests to customer service with their intents: CSV files of Bitext's form.

In: a file, or a directory of `*.csv` files, with the columns instruction, intent, response (category and others may
stand beside them). Out: `Request`s in the order of the files, and groups of near-identical ones. Errors: a DataError
that names the file, the line and the column.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from errors import DataError

COLUMNS = ("instruction", "intent", "response")
NEAR = 90  # of 100 in rapidfuzz's ratio, over letters only: a typing error or another order number apart


@dataclass(frozen=True, slots=True)
class Request:
    """What a customer wrote, what they wanted, the answer that fits, and the name of the file it stands in."""

    text: str
    intent: str
    response: str
    file: str


def read_requests(path: Path) -> list[Request]:
    """Every request of the file, or of every .csv file of the directory, by name; a text stands once an intent."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"no .csv files in {path}; expected files with the columns {', '.join(COLUMNS)}")
    requests = {(request.text, request.intent): request for file in files for request in _read(file)}
    if not requests:
        raise DataError(f"{path}: no requests in {', '.join(file.name for file in files)}")
    return list(requests.values())


def near_identical(requests: Sequence[Request]) -> list[list[Request]]:
    """The requests in groups; two of an intent that differ by little are in one group, with all between them."""
    intents: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        intents[request.intent].append(request)
    groups: list[list[Request]] = []
    for _, alike in sorted(intents.items()):
        letters = [" ".join(re.findall(r"[^\W\d_]+", request.text.casefold())) for request in alike]
        near = process.cdist(letters, letters, scorer=fuzz.ratio, score_cutoff=NEAR)
        count, labels = connected_components(csr_matrix(near > 0), directed=False)
        made: list[list[Request]] = [[] for _ in range(count)]
        for request, label in zip(alike, labels, strict=True):
            made[label].append(request)
        groups += made
    return groups


def _read(file: Path) -> Iterator[Request]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(f"{file}, line 1: no column {', '.join(missing)}; it has: {rows.fieldnames or 'none'}")
            for row in rows:
                values = {name: (row[name] or "").strip() for name in COLUMNS}
                if empty := [name for name, value in values.items() if not value]:
                    raise DataError(f"{file}, line {rows.line_num}: {', '.join(empty)} is empty")
                yield Request(values["instruction"], values["intent"], values["response"], file.name)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: not a CSV file in UTF-8: {error}") from error
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
