"""The kept trees are those of the fact files, and a server never parses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import resources
from app.fhir.validate.fhirpath import BadExpression
from app.fhir.validate.fhirpath.grow import trees_of
from app.fhir.validate.fhirpath.parse import parse
from app.fhir.validate.fhirpath.trees import Trees
from tests.unit.fhirpath.generated import invariants

PROFILES = resources.data("profiles")


def test_kept_trees_are_current() -> None:
    """trees.jsonl is what `profiles extract` makes of the fact files."""
    files = sorted(PROFILES.glob("*/*/*.jsonl"))
    made = trees_of(path.read_bytes() for path in files)
    assert made == (PROFILES / "trees.jsonl").read_bytes()


def test_every_invariant_has_a_kept_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """No invariant of the facts needs the parser."""

    def refuse(text: str) -> None:
        raise AssertionError(text)

    monkeypatch.setattr("app.fhir.validate.fhirpath.trees._parse", refuse)
    kept = Trees.read(PROFILES / "trees.jsonl")
    for key, _, expression, _ in invariants():
        assert kept.tree(key, expression)


def test_another_expression_is_parsed_when_asked_for(tmp_path: Path) -> None:
    """A profile that came later still works, and text that is no expression is refused."""
    none = Trees.read(tmp_path / "missing.jsonl")
    assert none.tree("own-1", "name.exists()") == parse("name.exists()")
    with pytest.raises(BadExpression):
        none.tree("own-2", "name.")


def test_a_validator_does_not_import_the_parser() -> None:
    """ANTLR and fhirpathpy cost 0.2 s and some megabytes: a server is spared them."""
    code = (
        "import sys; from app.fhir.validate.invariants import Invariants; Invariants();"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'antlr4', 'fhirpathpy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
