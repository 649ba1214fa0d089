"""Every shipped policy is cited, dated and bilingual, and gives the answers that its cases expect."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app import resources
from app.determine.explain import explain
from app.rulebook import load
from app.rulebook.lint import lint
from app.rulebook.page import page
from app.rulebook.trial import Result, decided, run, uncovered

FOLDER = resources.data("policies")
BOOK = load(FOLDER)
RESULTS = list(run(FOLDER, BOOK, BOOK.policies.values()))
READ_DAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    "result", RESULTS, ids=lambda result: f"{result.policy}: {result.case.name}"
)
def test_a_case_gets_the_expected_answer(result: Result) -> None:
    assert not result.wrong, "\n".join([*result.wrong, *explain(result.decision)])


def test_earlier_cases_leave_no_trace_in_a_decision() -> None:
    """What a rulebook keeps from one request to the next is the same in every order."""
    fresh = load(FOLDER)
    for result in reversed(RESULTS):
        assert decided(result.case, fresh) == result.decision, result.case.name


@pytest.mark.parametrize("name", sorted(BOOK.policies))
def test_every_branch_of_every_criterion_has_a_case(name: str) -> None:
    own = [result for result in RESULTS if result.policy == name]
    assert own, "the policy has no cases"
    assert [f"{each.criterion} {each.truth}" for each in uncovered(BOOK.policy(name), own)] == []


@pytest.mark.parametrize("name", sorted(BOOK.policies))
def test_a_policy_has_nothing_to_mend(name: str) -> None:
    found = [advice for advice in lint(BOOK.policy(name), READ_DAY) if advice.severity == "error"]
    assert [f"{advice.where}: {advice.message}" for advice in found] == []


@pytest.mark.parametrize("name", sorted(BOOK.policies))
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_policy_reads_as_a_page(name: str, language: str) -> None:
    policy = BOOK.policy(name)
    lines = list(page(policy, language))
    assert lines[0] == policy.title[language]
    assert any(policy.sources[0].url in line for line in lines)


def plain(value: Any) -> Any:
    """YAML as JSON knows it."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("name", sorted(BOOK.policies))
def test_the_schema_for_editors_agrees(name: str) -> None:
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    path = FOLDER.parent / Path(BOOK.policy(name).file)
    content = plain(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    jsonschema.Draft202012Validator(schema).validate(content)
