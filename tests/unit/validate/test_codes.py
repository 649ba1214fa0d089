"""Issue codes: those that checks report are those that the reference lists."""

from __future__ import annotations

import re
from pathlib import Path

from app.fhir.validate import codes

_SOURCES = Path(codes.__file__).parent.glob("*.py")
_ISSUE_TYPES = [
    "structure",
    "required",
    "value",
    "invariant",
    "code-invalid",
    "extension",
    "not-found",
    "duplicate",
    "business-rule",
    "incomplete",
    "too-costly",
]


def _reported() -> set[str]:
    found: set[str] = set()
    for path in _SOURCES:
        if path.name != "codes.py":
            strings = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', path.read_text("utf-8")))
            found |= strings & set(codes.CODES)
            calls = re.findall(r'run\.error\(\s*"([a-z-]+)"', path.read_text("utf-8"))
            calls += re.findall(r'run\.add\(\s*"\w+",\s*"([a-z-]+)"', path.read_text("utf-8"))
            assert set(calls) <= set(codes.CODES), path.name
    return found


def test_every_listed_code_is_reported_somewhere() -> None:
    assert set(codes.CODES) - _reported() == set()


def test_every_code_has_a_fhir_issue_type_and_advice() -> None:
    for code in codes.CODES:
        assert codes.kind(code) in _ISSUE_TYPES
        assert codes.advice(code)
