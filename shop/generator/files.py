"""Files of the demo shop: JSON objects come in, bytes that are the same for the same objects go out."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from errors import StorageError


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON lines, gzipped when the name ends in .gz; the size in bytes. Raises StorageError."""
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    data = text.encode("utf-8")
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=9, mtime=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    return len(data)
