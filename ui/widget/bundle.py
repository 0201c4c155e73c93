"""The widget's program as it is served: the files in `assets/` in, two scripts out, the launcher and the panel.

The panel's files are modules that import one another; they are served as one, since seven requests are slower than one
and pack worse. Lines lose their indentation and their comments. Errors: none.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_ASSETS = Path(__file__).with_name("assets")
_MODULES = ("dom", "memory", "api", "cards", "chat", "known", "panel")  # each behind those that it imports
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|function|async function) (?!panel\b))", re.MULTILINE)
_COMMENT = re.compile(r"^(?://.*|/\*.*\*/)\n", re.MULTILINE)
_INDENT = re.compile(r"^ +", re.MULTILINE)
_LABELS, _STYLE = "const LABELS = {};", 'const STYLE = "";'


@dataclass(frozen=True)
class Script:
    """A program's text."""

    text: str

    @cached_property
    def packed(self) -> bytes:
        """As it goes over the line to a browser that takes gzip; the same bytes each time."""
        return gzip.compress(self.text.encode(), 9, mtime=0)


def launcher(labels: Mapping[str, str]) -> Script:
    """What the script tag loads. `labels`: the button's name by language."""
    words = json.dumps(labels, ensure_ascii=False, separators=(",", ":"))
    return Script(_bare(_read("widget.js").replace(_LABELS, f"const LABELS = {words};")))


def panel() -> Script:
    """What is loaded when the button is pressed, the styles in it."""
    modules = "".join(_read(f"{name}.js") for name in _MODULES)
    alone = _EXPORT.sub("", _IMPORT.sub("", modules))
    style = json.dumps(_bare(_read("style.css")))
    return Script(_bare(alone).replace(_STYLE, f"const STYLE = {style};"))


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _bare(text: str) -> str:
    return _COMMENT.sub("", _INDENT.sub("", text))
