"""A difference between rulebooks is said in words, and nothing else is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app import resources
from app.rulebook import Rulebook, load
from app.rulebook.diff import differences

Changed = Callable[..., Rulebook]


def said(before: Rulebook, after: Rulebook) -> list[str]:
    return [each.sentence() for each in differences(before, after)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "at_least: 50",
            "at_least: 55",
            "made-up: version 1, criterion heavy: was Weight ≥ 50 kg (kilos at least 50) [The rule 3]; "
            "is Weight ≥ 55 kg (kilos at least 55) [The rule 3]",
        ),
        (
            "units: 2",
            "units: 3",
            "made-up: version 1, grant: was 2 for 90 days, beyond: clinician; is 3 for 90 days, beyond: clinician",
        ),
        (
            "services: [X1000]",
            "services: [X1000, X2000], plans: [FW-MA-01]",
            "is prior-authorization of X1000, X2000 (plans FW-MA-01)",
        ),
        ("owner: Tester", "owner: Other", "made-up: owner: was Tester; is Other"),
        (
            "criteria:\n",
            "tell: {member-approved: {en: Yes, es: Sí}}\ncriteria:\n",
            "made-up: version 1, told as member-approved: new: Yes",
        ),
        (
            "criteria:\n",
            "clinician: [{id: gap, always: yes, when: {fact: kilos, at_most: 9}, text: {en: Gap, es: Hueco}, offer: {service: X3, text: {en: O, es: O}}}]\ncriteria:\n",
            "version 1, clinician gap: new: Gap (always); offers X3",
        ),
        (
            "at_least: 50",
            "at_least: [{value: 50, states: [TX], to: 2026-12-31}, {value: 60}]",
            "kilos at least 50 (states TX), from ever to 2026-12-31; 60",
        ),
        (
            "fact: ill, is: yes",
            "fact: service-day, within: {of: request-day, from: -3 days}",
            "service-day from -3 days to … around request-day",
        ),
        (
            "unit: kg",
            "unit: kg\n    look_back: 1 month\n    find: [{observation: 2708-6}]",
            "from observation 2708-6, not older than 1 month",
        ),
        ("unit: kg", "derive: {first-known: [units]}", "computed by first-known"),
        ("at_least: 50", "at_least: {fact: units, plus: 2}", "kilos at least units × 1 + 2"),
    ],
)
def test_a_change_is_said_in_words(
    folder: Path, changed: Changed, old: str, new: str, expected: str
) -> None:
    before = load(folder)
    lines = said(before, changed(old, new))
    assert any(expected in line for line in lines), lines


def test_equal_rulebooks_differ_in_nothing(folder: Path) -> None:
    assert said(load(folder), load(folder)) == []
    shipped = load(resources.data("policies"))
    assert said(shipped, load(resources.data("policies"))) == []


def test_new_and_removed_policies_are_named(folder: Path) -> None:
    before = load(folder)
    path = folder / "made-up" / "policy.yaml"
    path.write_text(path.read_text().replace("id: made-up", "id: another"))
    lines = said(before, load(folder))
    assert "another: title: new: Made up" in lines
    assert "made-up: title: gone: Made up" in lines


def test_shared_tables_are_compared_too(folder: Path) -> None:
    before = load(folder)
    path = folder / "_plans" / "FW-FI-01.yaml"
    path.write_text(path.read_text().replace("amount: 30", "amount: 25"))
    lines = said(before, load(folder))
    assert len(lines) == 1
    assert lines[0].startswith(
        "shared tables: plan FW-FI-01, limit therapy-visits: was 30 visits of"
    )
    everything = said(before, load(resources.data("policies")))
    assert any("gold card" in line for line in everything)
    assert any("technology digital-behavioral-therapy" in line for line in everything)
