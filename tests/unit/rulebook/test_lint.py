"""Lint names what a policy that loads should still do better."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from app.rulebook import Rulebook
from app.rulebook.lint import lint, loinc_is_sound
from app.rulebook.page import page

Changed = Callable[..., Rulebook]
TODAY = date(2026, 11, 25)


def advice(book: Rulebook, severity: str = "error") -> list[str]:
    found = lint(book.policy("made-up"), TODAY)
    return [f"{each.where}: {each.message}" for each in found if each.severity == severity]


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("title: {en: Made up, es: Inventada}", "title: Made up", "title", "missing in es"),
        (
            "reviewed: 2026-01-01, next_review: 2027-01-01",
            "verified: yes",
            "sources.rule",
            "say when it was read",
        ),
        (
            "next_review: 2027-01-01",
            "next_review: 2026-11-24",
            "sources.rule",
            "read again by 2026-11-24",
        ),
        ("https://", "http://", "sources.rule", "begin with https"),
        (", cite: rule 3", "", "heavy", "needs `cite:`"),
        ("fact: kilos", "label: {en: Heavy}, fact: kilos", "heavy", "missing in es"),
        (
            "- {id: heavy, fact: kilos, at_least: 50, cite: rule 3}\n",
            "\n",
            "facts.kilos",
            "no criterion uses it",
        ),
        ("label: {en: Weight, es: Peso}", "label: Weight", "facts.kilos", "missing in es"),
        (
            "unit: kg",
            "unit: kg\n    find: [{observation: 69990-2}]",
            "facts.kilos",
            "69990-2 is no LOINC code",
        ),
        ("grant: {units: 2, period: 90 days}", "documents: []", "applies.all", "needs a `grant:`"),
        (
            "criteria:\n",
            "documents: [{id: d, label: {en: D, es: D}, loinc: 11506-4}]\ncriteria:\n",
            "documents.d",
            "11506-4 is no LOINC code",
        ),
        (
            "criteria:\n",
            "never: [{id: n, when: {fact: kilos, at_least: 3}, text: {en: N, es: N}, cite: rule}]\ncriteria:\n",
            "never.n",
            "nobody can answer kilos",
        ),
        (
            "criteria:\n",
            "clinician: [{id: c, always: yes, when: {fact: kilos, at_least: 3}, text: {en: N, es: N}}]\ncriteria:\n",
            "clinician.c",
            "nobody can answer kilos",
        ),
        (
            "criteria:\n",
            "tell: {member-approved: Yes}\ncriteria:\n",
            "tell.member-approved",
            "missing in es",
        ),
    ],
)
def test_what_should_be_better_is_named(
    changed: Changed, old: str, new: str, where: str, message: str
) -> None:
    found = advice(changed(old, new))
    assert any(where in each and message in each for each in found), found


def test_a_complete_policy_has_nothing_to_mend(changed: Changed) -> None:
    assert advice(changed("owner: Tester", "owner: Somebody")) == []


def test_what_is_not_verified_is_listed_and_shown(changed: Changed) -> None:
    mark = ", verified: no, because: one source only"
    book = changed("cite: rule 3", f"cite: rule 3{mark}")
    assert advice(book, "note") == ["heavy: not verified: one source only"]
    assert any("heavy: one source only" in line for line in page(book.policy("made-up")))


def test_a_computed_fact_is_answerable_when_its_parts_are(changed: Changed) -> None:
    never = (
        "never: [{id: n, when: {fact: double, at_least: 3}, text: {en: N, es: N}, cite: rule}]\n"
        "criteria:\n"
    )
    double = (
        "  double:\n    label: {en: D, es: D}\n    type: number\n    derive: {sum: [kilos, kilos]}\n"
        "  kilos:\n    ask: {en: Weight?, es: ¿Peso?}"
    )
    changed("criteria:\n", "criteria:\n")
    changed("  kilos:", double)
    assert advice(changed("criteria:\n", never)) == []
    assert any(
        "nobody can answer double" in each
        for each in advice(changed("    ask: {en: Weight?, es: ¿Peso?}\n", ""))
    )


def test_facts_behind_windows_operands_and_grants_count_as_used(changed: Changed) -> None:
    more = (
        "  day:\n    label: {en: D, es: D}\n    type: date\n"
        "  start:\n    label: {en: S, es: S}\n    type: date\n"
        "  most:\n    label: {en: M, es: M}\n    type: number\n"
        "  given-out:\n    label: {en: G, es: G}\n    type: number\n"
        "  kilos:"
    )
    changed("  kilos:", more)
    changed("at_least: 50", "at_least: {fact: most}")
    changed(
        "is: yes, cite: rule 2}",
        "is: yes, cite: rule 2}\n  - {id: w, fact: day, within: {of: start, from: 1 day}, cite: rule}",
    )
    assert advice(changed("units: 2", "units: {fact: given-out}")) == []


@pytest.mark.parametrize(
    ("code", "sound"),
    [
        ("59408-5", True),
        ("90562-0", True),
        ("69990-2", False),
        ("69990-0", True),
        ("abc-1", False),
        ("123", False),
    ],
)
def test_a_loinc_code_has_a_check_digit(code: str, sound: bool) -> None:
    assert loinc_is_sound(code) is sound


def test_a_page_shows_every_part_of_a_policy(changed: Changed) -> None:
    changed(
        "criteria:\n",
        "pathways:\n  - id: way\n    label: {en: Way, es: Vía}\n    when: {fact: ill, known: yes}\n"
        "    criteria: {id: guarded, fact: ill, is: no, cite: rule, from: 2026-05-01}\n"
        "    grant: {period: 1 month, text: {en: Gift, es: Regalo}}\n"
        "exempt: [{id: e, when: {fact: ill, is: yes}, text: {en: Free, es: Libre}, cite: rule}]\n"
        "documents: [{id: d, label: {en: Letter, es: Carta}, loinc: 11506-3}]\n"
        "criteria:\n",
    )
    changed("units: 2, period", "units: 2, unit: {en: days, es: días}, period")
    book = changed("services: [X1000]", "services: any, plans: [FW-MA-01], to: 2027-01-01")
    text = "\n".join(page(book.policy("made-up")))
    for words in (
        "Made up\n=======",
        "prior-authorization: any service (FW-MA-01; … – 2027-01-01)",
        "• Ill: yes [The rule 2]",
        "(looked at when)",
        "• Ill: no (2026-05-01 – …) [The rule s1]",
        "Granted: 1 month(s). Gift",
        "Needs no review",
        "ill: Ill?",
        "Letter (LOINC 11506-3)",
        "Granted: 2 days, 90 day(s)",
    ):
        assert words in text, words
    assert any(
        "Se concede: 2 días, 90 día(s)" in line for line in page(book.policy("made-up"), "es")
    )
