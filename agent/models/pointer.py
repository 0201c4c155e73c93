"""Which published model a shop serves: the file `current.json` of its registry, which is replaced in one step.

In: a registry's folder, which `python -m finetune registry` writes. Out: `Pointer`, or None before anything was
published; and a `stamp` that changes with every change of the file, for whoever watches it.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import ModelError

REGISTRY = "registry"  # its place in a shop's state directory
POINTER = "current.json"
DEFAULT = "default"  # the version's name where the project's own model serves

Stamp = tuple[int, int, int]


class Pointer(BaseModel):
    """What serves: a version's id, and its GGUF file inside the registry (None: the project's own model)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str
    gguf: str | None = None


def read_pointer(registry: Path) -> Pointer | None:
    """The published version; None if there never was one. Raises ModelError for a file that cannot be read."""
    path = registry / POINTER
    try:
        return Pointer.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ModelError(f"{path} does not say which model to serve: {error}; publish a version again") from error


def stamp(registry: Path) -> Stamp | None:
    """What tells one state of the pointer from another, in some microseconds."""
    try:
        found = (registry / POINTER).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
