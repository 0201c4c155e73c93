"""Which code made something: the project's version, and the commit where this is a clone.

In: nothing. Out: ``"0.1.0+3f2c1ab"``, with ``.changed`` behind it if files differ from the commit.
"""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def code_version() -> str:
    """The version in pyproject.toml, with the commit if git knows it."""
    version = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return version
    return f"{version}+{commit}{'.changed' if _git('status', '--porcelain', '--untracked-files=no') else ''}"


def _git(*arguments: str) -> str:
    if not (ROOT / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
