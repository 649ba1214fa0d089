"""Values are frozen for the type checker and quick to make at run time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, fields, replace
from pathlib import Path

import pytest

from app.sealed import changed, sealed

ROOT = Path(__file__).resolve().parents[2]

CHANGES = """
from app.sealed import sealed

@sealed(frozen=True, slots=True)
class Case:
    number: int

Case(1).number = 2
"""


@dataclass(frozen=True, slots=True)
class Frozen:
    code: str
    units: int = 1


@sealed(frozen=True, slots=True)
class Sealed:
    code: str
    units: int = 1


def test_the_type_checker_refuses_to_change_a_value() -> None:
    asked = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=/dev/null"]
    done = subprocess.run([*asked, "-c", CHANGES], cwd=ROOT, capture_output=True, text=True)
    told = done.stdout
    assert (done.stderr, done.returncode) == ("", 1)
    assert 'Property "number" defined in "Case" is read-only' in told
    assert "Found 1 error" in told


def test_a_sealed_value_is_like_a_frozen_one_in_all_but_assignment() -> None:
    value, frozen = Sealed("E0601"), Frozen("E0601")
    assert value == Sealed("E0601") != Sealed("E0601", 2)
    assert hash(value) == hash(frozen)
    assert [each.name for each in fields(value)] == [each.name for each in fields(frozen)]
    assert replace(value, units=2) == Sealed("E0601", 2)
    assert Sealed.__match_args__ == Frozen.__match_args__
    assert repr(value) == repr(frozen).replace("Frozen", "Sealed")
    with pytest.raises(AttributeError):
        value.note = "no such field"  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        frozen.units = 2  # type: ignore[misc]


def test_what_is_not_frozen_is_not_a_value() -> None:
    with pytest.raises(ValueError, match="frozen=True"):
        sealed(frozen=False)


def test_a_change_is_that_of_replace() -> None:
    assert changed(Sealed("E0601"), units=2) == replace(Sealed("E0601"), units=2)
    assert changed(Sealed("E0601", 3), code="E0470") == Sealed("E0470", 3)
    with pytest.raises(TypeError, match="note"):
        changed(Sealed("E0601"), note="no such field")  # type: ignore[call-arg]
