"""The environment that the peers run in: a small one of their own, on top of the project's.

In: nothing, ``python -m eval.peers.environment`` after `make model`. Out: `.venv-peers`, which holds what
requirements.txt here pins and reads everything else (torch, the engine, LangChain) from `.venv`. Where both have a
package, it has the peers' version; `.venv` is not touched. Errors: ConfigError.

    python -m eval.peers.environment
    .venv-peers/bin/python -m eval run profile --set extractor=eval.peers.langmem:extract --data DIR
"""

import argparse
import subprocess
import sys
import sysconfig
import venv
from importlib import import_module
from pathlib import Path
from typing import Any

from errors import ConfigError, ShopkeeperError

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
LAYER = "shopkeeper.pth"  # Python adds the folder that it names after the environment's own


def make_environment(home: Path = HOME, below: Path | None = None) -> None:
    """Make the environment (90 MB, a minute). `below`: the packages that it reads; this Python's own by default.

    Raises ConfigError if pip fails.
    """
    venv.create(home, with_pip=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    (packages / LAYER).write_text(f"{below or sysconfig.get_path('purelib')}\n", encoding="utf-8")
    # No dependencies: the list is whole, and one that .venv has in another version must not be fetched again.
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--no-deps", "-r", str(REQUIREMENTS)]
    if subprocess.run(command, check=False).returncode:
        raise ConfigError(f"pip install failed in {home}: delete the folder and try again")


def library(name: str) -> Any:
    """A peer's module, which no type checker of ours sees. Raises ConfigError where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{name} cannot be imported ({error}): run python -m eval.peers.environment, and then this command with "
            f"{HOME.name}/bin/python"
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    argparse.ArgumentParser(
        prog="python -m eval.peers.environment",
        description=f"Install the peers into {HOME.name}, on top of the environment that runs this command.",
        epilog="Exit codes: 0 done, 2 pip failed.",
    ).parse_args(arguments)
    try:
        make_environment()
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
