"""Issues as one OperationOutcome: what could not be processed, or what `$validate` found.

PAS 2.2.1 asks for a single OperationOutcome with as many issues as needed (spec-35).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from app.errors import Issue

CODES = "https://forthwith.example/CodeSystem/issue"
"""The system of our stable issue codes, listed in docs/reference/issues.md."""

_ALL_OK = Issue("information", "informational", "all-ok", "", "All OK: nothing to report.")


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The OperationOutcome resource; with no issues it says that all is well."""
    found = list(issues) or [_ALL_OK]
    return {"resourceType": "OperationOutcome", "issue": [_entry(issue) for issue in found]}


def outcome_bytes(issues: Iterable[Issue]) -> bytes:
    """The same as JSON bytes."""
    return orjson.dumps(outcome(issues))


def _entry(issue: Issue) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.kind,
        "details": {"coding": [{"system": CODES, "code": issue.code}], "text": issue.message},
    }
    rule = [f"{word} {what}" for word, what in _rule(issue) if what]
    if rule:
        entry["diagnostics"] = ", ".join(rule)
    if issue.at:
        entry["expression"] = [issue.at]
    return entry


def _rule(issue: Issue) -> tuple[tuple[str, str], ...]:
    return (("profile", issue.profile), ("invariant", issue.invariant))
