"""Inferno's runs: the page says what the kept runs say, and our validator agrees with their judge."""

from __future__ import annotations

import pytest

from app.fhir.validate import Validator
from conformance.inferno import page, recorded
from conformance.inferno.suites import SUITES

KEPT = [
    name
    for name, suite in SUITES.items()
    if suite.guide.startswith("pas-") and list(recorded.read(name))
]


def test_the_page_says_what_the_kept_runs_say() -> None:
    assert page.PAGE.read_text("utf-8") == page.text(), "run `python -m conformance.inferno page`"


@pytest.mark.parametrize("suite", KEPT)
def test_our_validator_agrees_with_the_judge_of_the_run(suite: str) -> None:
    """Valid or not, for each request and answer and each of their resources, and which profile."""
    validator = Validator.load(SUITES[suite].guide.removeprefix("pas-"))
    differ, judged = [], 0
    for case in recorded.read(suite):
        judged += 1
        issues = validator.resource(case.resource, case.profile or None)
        ours = [i for i in issues if i.is_error and i.code != "extension-context"]
        if bool(case.refused) != bool(ours):
            differ.append((case.profile, case.refused[:1], ours[:1]))
    assert judged > 100
    assert differ == []
