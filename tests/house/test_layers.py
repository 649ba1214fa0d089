"""Imports go down the staircase only, and the contracts that say so catch who climbs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# file → what it wrongly holds → the contract that must break
CLIMBERS = {
    "app/domain/climb.py": ("import app.determine", "one staircase"),
    "app/services.py": ("", "one staircase"),
    "app/store/speak_fhir.py": ("import app.fhir.urls", "one staircase"),
    "app/fhir/read/circle_a.py": ("import app.fhir.write.circle_b", "no cycles"),
    "app/fhir/write/circle_b.py": ("import app.fhir.read.circle_a", "no cycles"),
    "app/web/decide_itself.py": ("import app.determine", "web and jobs are only the edge"),
    "app/flows/tables.py": ("import app.store.tables", "tables are private to the store"),
    "app/flows/flask_inside.py": ("import flask", "Flask and marshmallow stay in web and factory"),
    "app/domain/sql.py": ("import sqlalchemy", "SQL stays in store"),
    "app/fhir/fetch.py": ("import requests", "requests stays in clients"),
    "app/fhir/read/models.py": ("import fhir.resources", "one door to FHIR models"),
}


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the `app` of a folder, with our own contracts."""
    script = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [str(script), "--no-logo", "--no-cache", str(folder / "pyproject.toml"), *contracts],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        check=False,
    )


def test_every_contract_is_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def climbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says about a copy of the program with every violation in it."""
    folder = tmp_path_factory.mktemp("climbed")
    shutil.copytree(
        ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__", "_data")
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, (line, _) in CLIMBERS.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{line}\n", "utf-8")
    done = lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("contract", sorted({contract for _, contract in CLIMBERS.values()}))
def test_the_contract_breaks_under_a_deliberate_violation(climbed: str, contract: str) -> None:
    assert f"{contract} BROKEN" in climbed


@pytest.mark.parametrize(
    "name", sorted(name for name, (_, broken) in CLIMBERS.items() if broken != "no cycles")
)
def test_the_violation_is_named(climbed: str, name: str) -> None:
    """A cycle is named by its packages only, so the two files of the circle are left out."""
    assert name.removesuffix(".py").replace("/", ".") in climbed
