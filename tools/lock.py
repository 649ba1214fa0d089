"""Resolve pyproject.toml into two hashed locks, and tell whether they are still of it.

`requirements.lock` runs the program, `requirements-dev.lock` tests it. Both hold the build backend,
so that nothing is ever installed without a hash, and no address of any package index.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = {"requirements.lock": ("build",), "requirements-dev.lock": ("build", "dev")}


def digest(extras: tuple[str, ...]) -> str:
    """A fingerprint of the declared dependencies that a lock answers for."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        "python": project["requires-python"],
        "runtime": sorted(project["dependencies"]),
        **{extra: sorted(project["optional-dependencies"][extra]) for extra in extras},
    }
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()


def mark(extras: tuple[str, ...]) -> str:
    """The first line of a lock."""
    return f"# of the dependencies in pyproject.toml, sha256 {digest(extras)}"


def is_current(name: str) -> bool:
    """True when the lock was made from the dependencies that pyproject.toml declares today."""
    lock = ROOT / name
    return lock.exists() and lock.read_text().split("\n", 1)[0] == mark(EXTRAS[name])


def resolve(name: str) -> None:
    """Write one lock with uv, keeping what is pinned already where it still fits."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml"]
    command += [word for extra in EXTRAS[name] for word in ("--extra", extra)]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    command += ["--output-file", name]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 a fixed command of our own
    lock = ROOT / name
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    lock.write_text("\n".join([mark(EXTRAS[name]), "# renewed by `make lock`", *lines]) + "\n")


if __name__ == "__main__":
    for each in EXTRAS:
        resolve(each)
