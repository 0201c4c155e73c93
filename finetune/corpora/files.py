"""JSON files of a known form.

In: paths and a pydantic form. Out: the files, and what they hold, checked. Errors: a DataError that names the file,
the place in it and what was expected there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from errors import DataError, first_mistake

T = TypeVar("T")


def json_files(paths: Sequence[Path]) -> list[Path]:
    """The files given, and every .json file of the directories given, by name. Raises DataError if there is none."""
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    if not files:
        raise DataError(f"no .json files in {', '.join(map(str, paths))}")
    return files


def read_form(file: Path, form: TypeAdapter[T], what: str) -> T:
    """What a file holds; `what` says in words what was expected. Raises DataError."""
    try:
        return form.validate_json(file.read_bytes())
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError as error:
        raise DataError(f"{file}: {first_mistake(error, whole='the file')}; expected {what}") from error
