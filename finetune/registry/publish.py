"""Publish a version through the gate, or go back to the one before.

In: a registry, a version, the shop whose suites are run. Out: the figures, and a version that serves. A process that
serves (`python -m ui`, `python -m agent`) takes the new one for the answers that begin after the switch. Errors:
`Refused` with the reason, for a version that is tainted, cannot be served or does not pass; those of the gate.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.models.pointer import DEFAULT
from errors import Refused
from finetune.build import build
from finetune.merge import DEFAULT_ADAPTER, DEFAULT_DIR
from finetune.methods import find_method, require_merging
from finetune.registry.adapter_files import read_adapter
from finetune.registry.gate import Figure, Gate, compare, measure, table
from finetune.registry.lora_server import LoraServer
from finetune.registry.registry import MODEL, Registry
from finetune.registry.version import Entry, SuiteResult
from finetune.weights import file_sha256
from profiles.privacy.excluded import WHO

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version ready to answer: the setting that opens it, and the hash of its weights. `gguf`: not on a server."""

    version: str
    model: str
    sha256: str
    gguf: Path | None = None


def publish(
    registry: Registry,
    name: str,
    shop: Path,
    gate: Gate,
    *,
    server: LoraServer | None = None,
    reason: str = "",
    tell: Tell = print,
) -> Entry:
    """Build a version, measure it against the one that serves, and let it serve if nothing got worse.

    `server`: where the shop's model runs, if not in the embedded engine. Stopped half-way, it goes on with the suite
    that it was at. Raises `Refused`; then nothing has changed but the log.
    """
    version, now = registry.get(name).id, registry.current
    if version == now:
        raise Refused(f"version {version} serves already")
    _refuse_tainted(registry, version)
    before, after = (ready(registry, each, server, tell) for each in (now, version))
    figures = _through(registry, gate, shop, before, after, tell)
    tell(table(figures))
    if wrong := [f"{each.suite} {each.metric} {each.after:.3f}: {each.wrong}" for each in figures if each.wrong]:
        registry.note("refuse", version, reason="; ".join(wrong))
        _forget(registry, server, {now})
        raise Refused(f"version {version} is not published: {'; '.join(wrong)}")
    entry = registry.switch(
        "publish", version, expected=now, sha256=after.sha256, with_gguf=after.gguf is not None, reason=reason
    )
    _forget(registry, server, {version, now})
    return entry


def rollback(
    registry: Registry,
    *,
    to: str | None = None,
    server: LoraServer | None = None,
    reason: str = "",
    tell: Tell = print,
) -> Entry:
    """Let the version serve again that served before, or `to`, which must have been published once.

    The weights are the same bytes as then, and so are the answers. Tainted versions are passed over.
    """
    now, published = registry.current, [e for e in registry.log() if e.action == "publish"]
    if to is None:
        wanted = next((each for each in reversed(_served_before(registry)) if not registry.taint(each)), "")
        if not wanted:
            raise Refused(f"nothing served before {now}")
    else:
        wanted = to if to == DEFAULT else registry.get(to).id
        if wanted == now:
            raise Refused(f"version {wanted} serves already")
        if wanted != DEFAULT and wanted not in {entry.version for entry in published}:
            raise Refused(f"version {wanted} was never published: publish it through the gate")
        _refuse_tainted(registry, wanted)
    target = ready(registry, wanted, server, tell)
    then = [entry.sha256 for entry in published if entry.version == wanted]
    if then and target.gguf and target.sha256 != then[-1]:
        tell(f"{target.gguf} is not the file that was published: building it again")
        shutil.rmtree(registry.build(wanted))
        target = ready(registry, wanted, server, tell)
        if target.sha256 != then[-1]:
            raise Refused(f"version {wanted} cannot be built as it was published: with this code it is another model")
    return registry.switch(
        "rollback", wanted, expected=now, sha256=target.sha256, with_gguf=target.gguf is not None, reason=reason
    )


def ready(registry: Registry, version: str, server: LoraServer | None = None, tell: Tell = print) -> Candidate:
    """A version that can answer: built for the embedded engine, or loaded into the server."""
    adapter = DEFAULT_ADAPTER if version == DEFAULT else registry.adapter(version)
    if server is None:
        folder = DEFAULT_DIR if version == DEFAULT else registry.build(version)
        if not (folder / MODEL).is_file():
            tell(f"building {version}: merged weights and GGUF")
        gguf = build(adapter, folder)
        return Candidate(version, str(gguf), file_sha256(gguf), gguf)
    if _is_loaded(registry, version):
        server.load(version, adapter)
    elif version not in server.models():
        require_merging(adapter)
        raise Refused(
            f"{server.url} loads plain LoRA only, and version {version} is {registry.get(version).method}: serve its "
            f"merged weights there, under the name {version} (vLLM's --served-model-name)"
        )
    return Candidate(version, f"{server.url}#{version}", read_adapter(adapter).weights)


def _through(
    registry: Registry, gate: Gate, shop: Path, before: Candidate, after: Candidate, tell: Tell
) -> list[Figure]:
    """Every suite on both; each result is kept in the log as it comes."""
    figures = list[Figure]()
    for suite in gate.suites:
        results = dict[str, SuiteResult]()
        for each in (before, after) if suite.compares else (after,):
            tell(f"{suite.suite} on {each.version}")
            # One folder for both, so that the suite's cases are the same; a later version gets new ones.
            result = measure(gate, suite, shop, each.model, registry.folder / "evals" / after.version)
            registry.note("eval", each.version, results=[result])
            results[each.version] = result
        figures += compare(suite, results.get(before.version), results[after.version])
    return figures


def _refuse_tainted(registry: Registry, version: str) -> None:
    if taint := registry.taint(version):
        raise Refused(
            f"version {version} is tainted: {len(taint)} samples are of {WHO}, the first: {taint[0]}; "
            "train again without them"
        )


def _served_before(registry: Registry) -> list[str]:
    """What served before the current version, the newest last, without what was rolled back."""
    stack = [DEFAULT]
    for entry in registry.log():
        if entry.action == "publish":
            stack.append(entry.version)
        elif entry.action == "rollback":
            stack = stack[: stack.index(entry.version) + 1] if entry.version in stack else [*stack, entry.version]
    return stack[:-1]


def _forget(registry: Registry, server: LoraServer | None, kept: set[str]) -> None:
    """Drop what neither serves nor served just before: 420 MB a version on the disk, an adapter in the server."""
    for version in (each.id for each in registry.versions()):
        if version not in kept:
            shutil.rmtree(registry.build(version), ignore_errors=True)
            if server is not None and _is_loaded(registry, version):
                server.unload(version)


def _is_loaded(registry: Registry, version: str) -> bool:
    """Whether a server takes the version as an adapter beside its base."""
    return version == DEFAULT or find_method(registry.get(version).method).vllm.startswith("adapter")
