"""A fact is a value with its source, or unknown with the reason; nothing is assumed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.determine.facts import Facts, fitted
from app.determine.sought import Sought
from app.determine.subject import gather, subject
from app.domain.facts import Fact
from app.domain.policy import FactSpec, FactType, Option
from app.domain.values import Coding, Concept, Quantity
from app.rulebook import Rulebook
from app.rulebook.cases import Case

from .conftest import EN_ES, policy

Look = Callable[..., Fact]


@pytest.fixture
def look(book: Callable[..., Rulebook], case: Callable[..., Case]) -> Look:
    """The fact `it` of a policy, from evidence and answers."""

    def found(specs: dict[str, Any], /, name: str = "it", **said: Any) -> Fact:
        known = {key: {"label": EN_ES, **spec} for key, spec in specs.items()}
        tests = [{"fact": key, "known": True} for key in known]
        rulebook = book(policy(facts=known, criteria=tests))
        made = case(rulebook, **said)
        line = subject(
            made.request,
            made.request.items[0],
            made.coverage,
            date(2026, 11, 25),
            rulebook.terms,
            gather(made.request, rulebook.terms),
        )
        version = rulebook.policy("made-up").versions[0]
        return Facts(line, Sought("made-up", version.facts)).find(name)

    return found


WEIGHT = {"it": {"type": "number", "unit": "kg", "find": [{"observation": ["29463-7"]}]}}


def weight(value: float, at: str = "2026-11-01", **more: Any) -> dict[str, Any]:
    return {"observation": "29463-7", "value": value, "unit": "kg", "at": at, **more}


def test_a_fact_names_the_resource_that_gave_it(look: Look) -> None:
    fact = look(WEIGHT, evidence=[weight(81)])
    assert (fact.known, fact.value, fact.unit, fact.at) == (True, 81, "kg", date(2026, 11, 1))
    assert fact.sources[0].kind == "Observation"


def test_the_latest_value_counts(look: Look) -> None:
    fact = look(WEIGHT, evidence=[weight(81), weight(79, "2026-11-20"), weight(90, "2026-01-01")])
    assert fact.value == 79


@pytest.mark.parametrize(
    ("take", "expected"),
    [("first", 90), ("lowest", 79), ("highest", 90), ("count", 3), ("sum", 250)],
)
def test_another_value_counts_where_the_policy_says_so(
    look: Look, take: str, expected: int
) -> None:
    facts = {"it": {**WEIGHT["it"], "take": take}}
    evidence = [weight(81), weight(79, "2026-11-20"), weight(90, "2026-01-01")]
    assert look(facts, evidence=evidence).value == expected


def test_units_are_converted(look: Look) -> None:
    fact = look(WEIGHT, evidence=[{**weight(350), "unit": "[lb_av]"}])
    assert fact.value == Decimal("158.7573295")


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        ([], "missing"),
        ([{**weight(81), "unit": "cm"}], "wrong-unit"),
        ([{"observation": "29463-7", "value": 81, "at": "2026-11-01"}], "no-unit"),
        ([{"observation": "29463-7", "at": "2026-11-01"}], "missing"),
        ([{"observation": "29463-7", "value": "heavy", "at": "2026-11-01"}], "not-an-option"),
        ([weight(81), weight(99)], "conflict"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_says_why(
    look: Look, evidence: list[dict[str, Any]], why: str
) -> None:
    fact = look(WEIGHT, evidence=evidence)
    assert (fact.known, fact.value, fact.why_unknown) == (False, None, why)


def test_two_equal_values_at_one_time_are_no_conflict(look: Look) -> None:
    assert look(WEIGHT, evidence=[weight(81), weight(81)]).value == 81


def test_an_implausible_value_is_unknown(look: Look) -> None:
    facts = {"it": {**WEIGHT["it"], "plausible": [1, 500]}}
    assert look(facts, evidence=[weight(8100)]).why_unknown == "implausible"


def test_a_place_that_has_something_wins_over_later_places(look: Look) -> None:
    facts = {
        "it": {
            "type": "number",
            "unit": "kg",
            "find": [{"observation": ["29463-7"]}, {"observation": ["3141-9"]}],
        }
    }
    evidence = [{**weight(70, "2026-11-20"), "observation": "3141-9"}, weight(81)]
    assert look(facts, evidence=evidence).value == 81


def test_the_answer_to_our_own_question_is_the_last_resort(look: Look) -> None:
    assert look(WEIGHT, facts={"it": "82"}).value == 82
    assert look(WEIGHT, facts={"it": "82"}, evidence=[weight(81)]).value == 81


def test_the_answer_comes_first_where_the_policy_lists_it_first(look: Look) -> None:
    facts = {
        "it": {
            "type": "number",
            "unit": "kg",
            "find": [{"answer": ["another-form/weight"]}, {"observation": ["29463-7"]}],
        }
    }
    assert look(facts, facts={"it": "82"}, evidence=[weight(81)]).value == 82


@pytest.mark.parametrize(
    ("at", "known", "why"),
    [
        ("2026-09-01", True, ""),
        ("2026-08-31", False, "too-old"),
        ("2026-12-02", False, "in-future"),
        (None, False, "no-date"),
    ],
)
def test_a_look_back_includes_its_first_day(
    look: Look, at: str | None, known: bool, why: str
) -> None:
    facts = {"it": {**WEIGHT["it"], "look_back": "3 months"}}
    evidence = weight(81, at or "")
    if at is None:
        del evidence["at"]
    fact = look(facts, evidence=[evidence])
    assert (fact.known, fact.why_unknown) == (known, why)


def test_a_look_back_may_count_from_another_fact(look: Look) -> None:
    facts = {
        "it": {**WEIGHT["it"], "look_back": "10 days", "look_back_from": "ordered"},
        "ordered": {"type": "date"},
    }
    assert look(facts, evidence=[weight(81)], facts={"ordered": "2026-11-11"}).known
    assert not look(facts, evidence=[weight(81)], facts={"ordered": "2026-11-12"}).known
    assert look(facts, evidence=[weight(81)]).why_unknown == "no-date"


def test_periods_count_each_day_once_and_only_inside_the_window(look: Look) -> None:
    facts = {
        "it": {
            "type": "number",
            "unit": "wk",
            "take": "duration",
            "find": [{"procedure": ["97110"]}],
            "look_back": "14 days",
        }
    }
    evidence = [
        {"procedure": "97110", "from": "2026-11-01", "to": "2026-11-20"},
        {"procedure": "97110", "from": "2026-11-18", "to": "2026-11-23"},
        {"procedure": "97110", "from": "2026-11-24"},
    ]
    assert look(facts, evidence=evidence).value == 1


def test_only_values_beyond_a_bound_are_counted(look: Look) -> None:
    glucose = {
        "type": "number",
        "take": "count",
        "unit": "mg/dL",
        "find": [{"observation": ["2345-7"], "only": {"less_than": 54}}],
    }

    def low(*values: int) -> Fact:
        evidence = [
            {"observation": "2345-7", "value": value, "unit": "mg/dL", "at": f"2026-11-{day:02d}"}
            for day, value in enumerate(values, 1)
        ]
        return look({"it": glucose}, evidence=evidence)

    assert low(52, 50, 54).value == 2
    assert low(54).value == 0
    assert not low().known
    assert look({"it": glucose}, facts={"it": "3"}).value == 3


@pytest.mark.parametrize(
    ("operator", "count"), [("at_most", 2), ("less_than", 1), ("at_least", 2), ("more_than", 1)]
)
def test_each_bound_counts_its_own_side(look: Look, operator: str, count: int) -> None:
    facts = {
        "it": {
            "type": "number",
            "unit": "kg",
            "take": "count",
            "find": [{"observation": ["29463-7"], "only": {operator: 80}}],
        }
    }
    evidence = [weight(79), weight(80, "2026-11-02"), weight(81, "2026-11-03")]
    assert look(facts, evidence=evidence).value == count


def test_nothing_left_to_compare_is_unknown(look: Look) -> None:
    place = {"observation": ["29463-7"], "only": {"more_than": 100}}
    facts = {"it": {"type": "number", "unit": "kg", "take": "highest", "find": [place]}}
    assert look(facts, evidence=[weight(81)]).why_unknown == "missing"


def test_a_fallback_holds_only_when_nothing_is_found(look: Look) -> None:
    facts = {"it": {**WEIGHT["it"], "otherwise": 70}}
    assert look(facts).value == 70
    assert look(facts, evidence=[{**weight(81), "unit": "cm"}]).why_unknown == "wrong-unit"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("code", "X1000"), ("date", date(2026, 11, 1)), ("start", date(2026, 11, 1)), ("end", None)],
)
def test_a_place_gives_its_code_or_its_days(look: Look, value: str, expected: object) -> None:
    kind = "code" if value == "code" else "date"
    facts = {"it": {"type": kind, "find": [{"order": ["X1000"], "value": value}]}}
    fact = look(facts, evidence=[{"order": "X1000", "from": "2026-11-01"}])
    found = fact.value.codings[0].code if isinstance(fact.value, Concept) else fact.value
    assert found == expected


def test_an_attribute_may_be_the_value(look: Look) -> None:
    facts = {"it": {"type": "text", "find": [{"order": ["X1000"], "value": "priority"}]}}
    assert (
        look(facts, evidence=[{"order": "X1000", "with": {"priority": "urgent"}}]).value == "urgent"
    )
    facts = {"it": {"type": "number", "find": [{"observation": ["85354-9"], "value": "8480-6"}]}}
    evidence = [{"observation": "85354-9", "with": {"component:8480-6": 130}}]
    assert look(facts, evidence=evidence).value == 130


def test_present_means_that_it_is_there(look: Look) -> None:
    facts = {"it": {"type": "yes-no", "find": [{"document": ["11506-3"]}]}}
    assert look(facts, evidence=[{"document": "11506-3", "at": "2026-11-01"}]).value is True
    assert not look(facts).known


@pytest.mark.parametrize(
    ("attributes", "known"),
    [
        ({"component:activity": "rest"}, True),
        ({"component:activity": "128975004"}, True),
        ({"method": "256235009"}, False),
        ({}, False),
    ],
)
def test_a_qualifier_must_be_said(look: Look, attributes: dict[str, str], known: bool) -> None:
    place = {"observation": ["29463-7"], "where": {"activity": "rest"}}
    facts = {"it": {"type": "number", "unit": "kg", "find": [place]}}
    assert look(facts, evidence=[weight(81, **{"with": attributes})]).known is known


@pytest.mark.parametrize(
    ("attributes", "known"),
    [({}, True), ({"component:activity": "rest"}, True), ({"component:activity": "sleep"}, False)],
)
def test_an_optional_qualifier_may_be_absent(
    look: Look, attributes: dict[str, str], known: bool
) -> None:
    place = {"observation": ["29463-7"], "where": {"activity?": "rest"}}
    facts = {"it": {"type": "number", "unit": "kg", "find": [place]}}
    assert look(facts, evidence=[weight(81, **{"with": attributes})]).known is known


@pytest.mark.parametrize(
    ("attributes", "known"),
    [
        ({"component:3150-0": 21}, True),
        ({"component:3150-0": 28}, False),
        ({"component:3151-8": 0}, True),
        ({"component:3151-8": 2}, False),
    ],
)
def test_a_measured_number_can_say_the_condition(
    look: Look, attributes: dict[str, Any], known: bool
) -> None:
    place = {"observation": ["29463-7"], "where": {"oxygen": "room-air"}}
    facts = {"it": {"type": "number", "unit": "kg", "find": [place]}}
    assert look(facts, evidence=[weight(81, **{"with": attributes})]).known is known


def test_an_unnamed_qualifier_is_the_attribute_itself(look: Look) -> None:
    place = {"observation": ["29463-7"], "where": {"fasting": "yes"}}
    facts = {"it": {"type": "number", "unit": "kg", "find": [place]}}
    assert look(facts, evidence=[weight(81, **{"with": {"fasting": True}})]).known
    assert not look(facts, evidence=[weight(81, **{"with": {"fasting": False}})]).known


def test_diagnoses_match_by_beginning_pattern_and_range(look: Look) -> None:
    def has(codes: list[str], diagnosis: str) -> bool:
        facts = {"it": {"type": "yes-no", "find": [{"diagnosis": codes}]}}
        return look(facts, diagnoses=[diagnosis]).known

    assert has(["J44.-"], "J44.9")
    assert not has(["J44.-"], "J45.9")
    assert has(["L89.xx3"], "L89.153")
    assert not has(["L89.xx3"], "L89.152")
    assert has(["E08-E13"], "E11.9")
    assert has(["Z68.35-Z68.45"], "Z68.41")
    assert not has(["Z68.35-Z68.45"], "Z68.34")


def test_history_of_the_requested_service_is_found(look: Look) -> None:
    place = {"history": ["requested"], "where": {"kind": "authorization"}}
    facts = {"it": {"type": "date", "find": [place]}}
    evidence = [{"history": "X1000", "at": "2026-10-01", "with": {"kind": "authorization"}}]
    assert look(facts, evidence=evidence).value == date(2026, 10, 1)
    assert not look(facts, service="X2000", evidence=evidence).known


def test_given_facts_come_from_request_member_and_coverage(look: Look) -> None:
    def given(kind: str, field: str, type_: str, **said: Any) -> object:
        return look({"it": {"type": type_, "find": [{kind: field}]}}, **said).value

    assert given("request", "units", "number", units=4) == 4
    assert given("member", "age", "number", born="1948-03-14") == 78
    assert given("member", "age-months", "number", born="2026-03-02") == 8
    assert given("request", "npi", "text", npi="7") == "7"
    assert given("request", "service-days", "number", service_end="2026-12-03") == 3
    assert given("request", "service-days", "number") is None
    assert given("request", "admission-day", "date", admission="2026-11-30") == date(2026, 11, 30)
    assert given("member", "sex", "text", sex="female") == "female"
    assert given("member", "months-covered", "number", covered_from="2026-01-01") == 11
    assert given("request", "urgency", "text") == "standard"
    assert given("member", "tag/homebound", "yes-no", tags=["homebound"]) is True
    assert given("coverage", "used/visits", "number", used={"visits": 7}) == 7
    assert given("coverage", "state", "text") == "OH"


def test_values_of_every_type_are_fitted_or_refused() -> None:
    def spec(kind: FactType, **more: Any) -> FactSpec:
        return FactSpec("it", EN_ES, kind, **more)

    yes = Concept((Coding("", "Y"),))
    both = Concept((Coding("", "Y"), Coding("", "N")))
    assert fitted(yes, spec(FactType.YES_NO), True) == (True, "")
    assert fitted(Concept((Coding("", "LA32-8"),)), spec(FactType.YES_NO), True) == (False, "")
    assert fitted(both, spec(FactType.YES_NO), True) == (None, "not-an-option")
    assert fitted("x", spec(FactType.DATE), True) == (None, "not-an-option")
    assert fitted("x", spec(FactType.INSTANT), True) == (None, "not-an-option")
    assert fitted("x", spec(FactType.CODE), True) == (None, "not-an-option")
    assert fitted(True, spec(FactType.NUMBER), True) == (None, "not-an-option")
    assert fitted(3, spec(FactType.NUMBER, unit="{events}"), False) == (3, "")
    assert fitted(Quantity(Decimal(3)), spec(FactType.NUMBER, unit="kg"), True) == (3, "")
    assert fitted(Quantity(Decimal(3)), spec(FactType.NUMBER, unit="kg"), False) == (
        None,
        "no-unit",
    )
    assert fitted(Quantity(Decimal(3)), spec(FactType.NUMBER, unit="{events}/h"), False) == (3, "")
    option = Option("two", EN_ES, frozenset({"2"}))
    choice = spec(FactType.CHOICE, options=(option,))
    assert fitted(Quantity(Decimal(2)), choice, True) == ("two", "")
    assert fitted("three", choice, True) == (None, "not-an-option")
    text = spec(FactType.TEXT)
    assert fitted(Concept((), "words"), text, True) == ("words", "")
    assert fitted(yes, text, True) == ("Y", "")
    assert fitted(Quantity(Decimal("2.5")), text, True) == ("2.5", "")


def test_a_place_may_have_its_own_look_back(look: Look) -> None:
    place = {"observation": ["29463-7"], "look_back": "1 month"}
    facts = {"it": {"type": "number", "unit": "kg", "look_back": "1 year", "find": [place]}}
    assert look(facts, evidence=[weight(81, "2026-10-31")]).why_unknown == "too-old"
    assert look(facts, evidence=[weight(81)]).known


def test_a_diagnosis_of_the_request_is_current(look: Look) -> None:
    facts = {"it": {"type": "yes-no", "look_back": "1 month", "find": [{"diagnosis": ["J44.-"]}]}}
    assert look(facts, diagnoses=["J44.9"]).value is True
    assert look(facts, evidence=[{"diagnosis": "J44.9"}]).why_unknown == "no-date"


def test_both_sides_of_a_comparison_are_asked_for(answer: Callable[..., Any]) -> None:
    facts = {name: {"label": EN_ES, "type": "date", "ask": EN_ES} for name in ("a", "b")}
    test = {"fact": "a", "within": {"of": "b", "from": "1 day"}, "cite": "rule"}
    needed = answer(policy(facts=facts, criteria=[test])).items[0].needed
    assert [each.fact for each in needed] == ["a", "b"]
    number = {name: {"label": EN_ES, "type": "number", "ask": EN_ES} for name in ("a", "b")}
    test = {"fact": "a", "at_least": {"fact": "b"}, "cite": "rule"}
    needed = answer(policy(facts=number, criteria=[test])).items[0].needed
    assert [each.fact for each in needed] == ["a", "b"]


def test_all_days_count_without_a_look_back(look: Look) -> None:
    facts = {
        "it": {
            "type": "number",
            "unit": "d",
            "take": "duration",
            "find": [{"procedure": ["97110"]}],
        }
    }
    evidence = [{"procedure": "97110", "from": "2024-11-01", "to": "2024-11-10"}]
    assert look(facts, evidence=evidence).value == 10


def test_a_code_may_be_answered(look: Look) -> None:
    fact = look({"it": {"type": "code"}}, facts={"it": "X7000"})
    assert isinstance(fact.value, Concept)
    assert fact.value.codings[0].code == "X7000"


def test_an_option_may_name_codes_with_open_ends(look: Look) -> None:
    options = [
        {"code": "stage-3", "label": EN_ES, "also": ["L89.xx3"]},
        {"code": "copd", "label": EN_ES, "also": ["J44.-", "SNOMED-x"]},
    ]
    place = {"diagnosis": ["L89.-", "J44.-"], "value": "code"}
    facts = {"it": {"type": "choice", "options": options, "find": [place]}}
    assert look(facts, diagnoses=["L89.153"]).value == "stage-3"
    assert look(facts, diagnoses=["J44.9"]).value == "copd"
    assert look(facts, diagnoses=["L89.152"]).why_unknown == "not-an-option"
