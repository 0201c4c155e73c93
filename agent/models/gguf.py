"""A look into a GGUF file before native code reads it: a file cut short would crash the whole process there.

In: a path. Out: `GgufFacts`, or a ModelError that says what is wrong with the file and what was expected.
The layout is that of the GGUF specification, version 2 and 3 (ggml, docs/gguf.md).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from errors import ModelError, choices

ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})

# ggml tensor type -> (values per block, bytes per block)
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 30: (1, 2),
}  # fmt: skip
# metadata type -> struct code; 8 is a string and 9 an array
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the engine needs to know: the architecture's name, how many tokens it can have in view, its template; and
    what training does: the name of its splitter of text, and how many parameters it has.
    """

    architecture: str
    context_tokens: int
    chat_template: str | None = None
    splitter: str = ""
    parameters: int = 0


def read_gguf(path: Path) -> GgufFacts:
    """Check that `path` is a whole GGUF file of a known architecture; takes some 50 ms."""
    if not path.is_file():
        raise ModelError(f"no model at {path}: expected a GGUF file, such as model.gguf")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelError(f"{path} is not a GGUF file: its first four bytes should be 'GGUF'")
        try:
            metadata, needed, parameters = _read_header(file)
        except (struct.error, UnicodeDecodeError, KeyError, OverflowError, MemoryError) as error:
            raise ModelError(f"{path} is GGUF, but its header is cut short or damaged ({error!r})") from error
    size = path.stat().st_size
    if size < needed:
        raise ModelError(f"{path} is cut short: {size} bytes, expected {needed}; copy or make it again")
    architecture = str(metadata.get("general.architecture"))
    if architecture not in ARCHITECTURES:
        raise ModelError(f"{path} holds a {architecture!r} model; can be read: {choices(ARCHITECTURES)}")
    template = metadata.get("tokenizer.chat_template")
    context = int(metadata.get(f"{architecture}.context_length", 2048))
    splitter = str(metadata.get("tokenizer.ggml.pre", ""))
    return GgufFacts(architecture, context, str(template) if template else None, splitter, parameters)


def _read_header(file: BinaryIO) -> tuple[Mapping[str, Any], int, int]:
    """The scalar metadata, how many bytes the file must have for all its tensors, and how many numbers these hold."""
    _version, tensors, pairs = _read(file, "IQQ")
    metadata = {}
    for _ in range(pairs):
        key = _read_string(file).decode()
        metadata[key] = _read_value(file, *_read(file, "I"))
    ends, parameters = [0], 0
    for _ in range(tensors):
        _read_string(file)
        (dimensions,) = _read(file, "I")
        shape = _read(file, f"{dimensions}Q")
        kind, offset = _read(file, "IQ")
        per_block, block_bytes = _BLOCKS.get(kind, (256, 0))  # of an unknown type, at least the start must be there
        ends.append(offset + prod(shape) // per_block * block_bytes)
        parameters += prod(shape)
    alignment = int(metadata.get("general.alignment") or 32)
    return metadata, -(-file.tell() // alignment) * alignment + max(ends), parameters


def _read(file: BinaryIO, codes: str) -> tuple[Any, ...]:
    layout = struct.Struct("<" + codes)
    return layout.unpack(file.read(layout.size))


def _read_string(file: BinaryIO) -> bytes:
    (length,) = _read(file, "Q")
    text = file.read(length)
    if len(text) < length:
        raise struct.error("a string ends early")
    return text


def _read_value(file: BinaryIO, kind: int) -> Any:
    """A scalar or text; of an array, which the engine reads itself, only the end is found."""
    if kind == 8:
        return _read_string(file).decode(errors="replace")
    if kind != 9:
        return _read(file, _SCALARS[kind])[0]
    item, count = _read(file, "IQ")
    if item in _SCALARS:
        file.seek(struct.calcsize("<" + _SCALARS[item]) * count, 1)
    else:
        for _ in range(count):
            _read_value(file, item)
    return None
