"""The same decision always reads the same, in both languages, with each fact and its source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.determine.explain import explain, fact_line
from app.determine.words import ELIGIBILITY, REASONS, said
from app.domain.coverage import EligibilityProblem
from app.domain.decision import BusinessError, BusinessProblem, Decision
from app.domain.facts import Fact, Source
from app.domain.values import Coding, Concept, Quantity

from .conftest import EN_ES, policy

Answer = Callable[..., Decision]


def test_an_approval_shows_policy_grant_tree_and_rulebook(answer: Answer) -> None:
    made = policy(grant={"units": 2, "period": "90 days", "next_review": "7 days"})
    lines = list(explain(answer(made, facts={"ill": "yes"}, units=2)))
    assert lines[0] == "Line 1: approved [prior-authorization]"
    assert lines[1].startswith("  Policy: Words (made-up 1 ")
    assert "  Granted: 2 units, 2026-12-01 to 2027-02-28" in lines
    assert "  next review: 2026-12-08" in lines
    assert any(line.strip() == "+ Words: yes [The rule 2]" for line in lines)
    assert any(
        "ill = yes (2026-11-25, QuestionnaireResponse urn:uuid:answers)" in line for line in lines
    )
    assert lines[-1].startswith("Rulebook: ")


def test_the_rules_that_protect_the_member_are_told_the_strictest_first(answer: Answer) -> None:
    """Kept with the decision: rule, time and citation, for a decided line too."""
    decision = answer(policy(), facts={"ill": "yes"})
    assert decision.deadline_rule == ""
    assert [each.rule for each in decision.protections] == ["ma-standard-2026", "house-last-resort"]
    law = "42 CFR 422.568 Standard timeframe for organization determinations (b)(1)"
    told = [line for line in explain(decision) if "Protected" in line]
    assert told[0] == f"Protected by: 7 days, ma-standard-2026 [{law}]"
    assert f"Protección: 7 días, ma-standard-2026 [{law}]" in list(explain(decision, "es"))


def test_where_the_funding_is_unknown_the_strictest_rule_governs(answer: Answer) -> None:
    said = {"plan": None, "line": "commercial", "funding": "unknown", "state": "TX"}
    decision = answer(policy(), **said)
    rules = [each.rule for each in decision.protections]
    assert decision.deadline_rule == rules[0] == "tx-standard"
    assert {"erisa-pre-service", "insured-pre-service"} <= set(rules)


def test_a_pended_line_shows_what_is_needed_and_when_it_is_due(answer: Answer) -> None:
    lines = list(explain(answer(policy()), "es"))
    assert lines[0] == "Línea 1: pended (missing-facts) [prior-authorization]"
    assert "  Falta: Palabras (documento 11503-0)" in lines
    assert any("ill: desconocido (missing)" in line for line in lines)
    assert any(line.startswith("Fecha límite: 2026-12-") for line in lines)


def test_a_line_without_policy_shows_its_reason(answer: Answer) -> None:
    lines = list(explain(answer(policy(), service="Z0000")))
    assert lines[0] == "Line 1: not-required [none]"
    assert lines[1] == "  clinical verdict: unknown; benefit: covered"
    opinion = list(explain(answer(policy(), facts={"ill": "yes"}, use="predetermination")))
    assert not any("Granted" in line for line in opinion)
    unlimited = list(explain(answer(policy(grant={"period": "1 day"}), facts={"ill": "yes"})))
    assert "  Granted: 2026-12-01 to 2026-12-01" in unlimited


def test_a_business_error_names_the_element() -> None:
    error = BusinessError(
        BusinessProblem.WRONG_PAYER, "Bundle.entry[3]", ELIGIBILITY[EligibilityProblem.WRONG_PAYER]
    )
    decision = Decision((), (error,), datetime(2026, 1, 1, tzinfo=UTC), "abc")
    assert next(explain(decision)) == (
        "Not answered: The request names another payer. (wrong-payer at Bundle.entry[3])"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("86.0"), "86"),
        (Decimal("158.7573295"), "158.7573"),
        (Decimal(0), "0"),
        (Decimal(1000), "1000"),
        (False, "no"),
        ("word", "word"),
        (date(2026, 1, 2), "2026-01-02"),
        (Quantity(Decimal("2.50"), "kg"), "2.5 kg"),
        (Concept((Coding("", "A"), Coding("", "B"))), "A, B"),
        (Concept((), "text"), "text"),
    ],
)
def test_values_read_as_people_write_them(value: object, shown: str) -> None:
    fact = Fact("it", True, value)  # type: ignore[arg-type]
    assert fact_line(fact) == f"it = {shown}"


def test_a_fact_shows_its_unit_day_and_sources() -> None:
    source = Source("urn:uuid:1", "Observation")
    fact = Fact("spo2", True, Decimal(86), "%", date(2026, 11, 1), (source,))
    assert fact_line(fact) == "spo2 = 86 % (2026-11-01, Observation urn:uuid:1)"


def test_every_standard_sentence_is_there_in_both_languages() -> None:
    for text in (*REASONS.values(), *ELIGIBILITY.values()):
        assert text["en"] and text["es"] and text["en"] != text["es"]


def test_sentences_are_filled_in_their_own_language() -> None:
    text = said("limit-reached", limit=EN_ES)
    assert text["en"].endswith("Words.") and text["es"].endswith("Palabras.")
    assert said("limit-reached", limit={"en": "Only English"})["es"].endswith("Only English.")
