"""Issues become one OperationOutcome."""

from __future__ import annotations

from app.errors import Issue
from app.fhir.outcome import outcome


def test_every_issue_is_one_entry_with_its_code_place_and_rule() -> None:
    issues = [
        Issue("error", "required", "min", "Bundle.entry[0]", "Missing.", "http://p", "inv-1"),
        Issue("warning", "value", "code", "", "Odd."),
    ]
    first, second = outcome(issues)["issue"]
    assert first["severity"] == "error"
    assert first["code"] == "required"
    assert first["details"]["text"] == "Missing."
    assert first["details"]["coding"][0]["code"] == "min"
    assert first["expression"] == ["Bundle.entry[0]"]
    assert first["diagnostics"] == "profile http://p, invariant inv-1"
    assert "expression" not in second
    assert "diagnostics" not in second


def test_nothing_found_is_said_in_so_many_words() -> None:
    (only,) = outcome([])["issue"]
    assert only["severity"] == "information"
    assert only["details"]["text"].startswith("All OK")
