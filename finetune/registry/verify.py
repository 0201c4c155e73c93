"""Is everything in the registry still what it was? Every file's SHA-256, every record, what serves.

In: a registry. Out: what is wrong, a line each; none if all is well.
"""

from agent.models.pointer import DEFAULT
from errors import ShopkeeperError
from finetune.registry.registry import Registry
from finetune.registry.version import Version
from finetune.weights import file_sha256


def verify(registry: Registry) -> list[str]:
    """Reads every byte; some 50 ms per 100 MB."""
    problems: list[str] = []
    try:
        versions = registry.versions()
        for version in versions:
            problems += _files(registry, version) + _parents(version, {each.id for each in versions})
            registry.lineage(version.id)
        problems += _served(registry)
        registry.log()
    except ShopkeeperError as error:
        problems.append(str(error))
    return problems


def _files(registry: Registry, version: Version) -> list[str]:
    problems = []
    folder = registry.adapter(version.id)
    for file in version.files:
        path = folder / file.name
        if not path.is_file():
            problems.append(f"{path} is missing")
        elif (found := file_sha256(path)) != file.sha256:
            problems.append(f"{path} has SHA-256 {found}, expected {file.sha256}")
    extra = sorted({path.name for path in folder.iterdir()} - {file.name for file in version.files})
    return problems + [f"{folder / name} was not there when the version was added" for name in extra]


def _parents(version: Version, known: set[str]) -> list[str]:
    lost = version.parent not in (None, DEFAULT, *known)
    return [f"version {version.id} was trained on from {version.parent}, which is not in the registry"] * lost


def _served(registry: Registry) -> list[str]:
    """The file that answers must be the one that the switch named."""
    served = registry.served
    if served is None or served.gguf is None:
        return []
    path = registry.folder / served.gguf
    if not path.is_file():
        return [f"{path} serves, and is missing: publish or roll back"]
    found = file_sha256(path)
    return [f"{path} serves with SHA-256 {found}, expected {served.entry.sha256}"] * (found != served.entry.sha256)
