"""Criteria are three-valued: unknown spreads only as far as it can still change the result."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from app.determine.criteria import combined
from app.domain.decision import Decision
from app.domain.facts import Truth

from .conftest import EN_ES, policy

M, U, N = Truth.MET, Truth.UNMET, Truth.UNKNOWN
Answer = Callable[..., Decision]


@pytest.mark.parametrize(
    ("kind", "truths", "expected"),
    [
        ("all", [M, M], M),
        ("all", [M, N], N),
        ("all", [U, N], U),
        ("all", [], M),
        ("any", [U, M], M),
        ("any", [U, N], N),
        ("any", [U, U], U),
        ("none", [U, U], M),
        ("none", [U, N], N),
        ("none", [M, N], U),
        ("if", [U, U], M),
        ("if", [U, N], M),
        ("if", [M, U], U),
        ("if", [M, N], N),
        ("if", [N, M], M),
        ("if", [N, U], N),
    ],
)
def test_combinations_follow_kleene(kind: str, truths: list[Truth], expected: Truth) -> None:
    assert combined(kind, truths) is expected


@pytest.mark.parametrize("truths", list(product([M, U, N], repeat=3)))
def test_at_least_n_is_decided_when_the_unknown_cannot_change_it(truths: tuple[Truth, ...]) -> None:
    sure, possible = truths.count(M), truths.count(M) + truths.count(N)
    expected = M if sure >= 2 else (U if possible < 2 else N)
    assert combined("at-least", truths, 2) is expected


@pytest.fixture
def truth(answer: Answer) -> Callable[..., Truth | None]:
    """The clinical verdict of a policy with one criterion over one fact `it`."""

    def found(
        criterion: dict[str, Any], spec: dict[str, Any], value: object = None, **said: Any
    ) -> Truth | None:
        facts = {"it": {"label": EN_ES, "ask": EN_ES, **spec}}
        facts.update(
            {name: {"label": EN_ES, **more} for name, more in said.pop("more", {}).items()}
        )
        given = dict(said.pop("given", {}))
        if value is not None:
            given["it"] = str(value)
        made = policy(facts=facts, criteria=[{"cite": "rule", **criterion}])
        return answer(made, facts=given, **said).items[0].clinical

    return found


NUMBER: dict[str, Any] = {"type": "number"}


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("at_most", "88", M),
        ("at_most", "88.1", U),
        ("less_than", "87.9", M),
        ("less_than", "88", U),
        ("at_least", "88", M),
        ("at_least", "87.9", U),
        ("more_than", "88.1", M),
        ("more_than", "88", U),
        ("equals", "88.0", M),
        ("equals", "88.4", U),
        ("not_equals", "88", U),
        ("not_equals", "89", M),
    ],
)
def test_thresholds_are_exact(
    truth: Callable[..., Truth], operator: str, value: str, expected: Truth
) -> None:
    assert truth({"fact": "it", operator: 88}, NUMBER, value) is expected
    assert truth({"fact": "it", operator: 88}, NUMBER) is N


def test_lists_of_values(truth: Callable[..., Truth]) -> None:
    assert truth({"fact": "it", "one_of": [1, 2]}, NUMBER, 2) is M
    assert truth({"fact": "it", "one_of": [1, 2]}, NUMBER, 3) is U
    assert truth({"fact": "it", "none_of": [1, 2]}, NUMBER, 3) is M
    assert truth({"fact": "it", "none_of": [1, 2]}, NUMBER, 2) is U


def test_options_compare_in_their_written_order(truth: Callable[..., Truth]) -> None:
    options = [{"code": code, "label": EN_ES} for code in ("k1", "k2", "k3")]
    choice = {"type": "choice", "options": options}
    assert truth({"fact": "it", "at_least": "k2"}, choice, "k3") is M
    assert truth({"fact": "it", "at_least": "k2"}, choice, "k1") is U
    assert truth({"fact": "it", "is": "k2"}, choice, "k2") is M


@pytest.mark.parametrize(
    ("day", "value", "expected"),
    [("2022-09-26", 60, M), ("2022-09-26", 61, U), ("2022-09-25", 45, U), ("2022-09-25", 40, M)],
)
def test_a_dated_value_is_chosen_by_the_day_of_service(
    truth: Callable[..., Truth], day: str, value: int, expected: Truth
) -> None:
    rows = [{"value": 60, "from": "2022-09-26"}, {"value": 40, "to": "2022-09-25"}]
    assert truth({"fact": "it", "at_most": rows}, NUMBER, value, service_day=day) is expected


def test_a_day_or_place_without_a_value_is_unknown(truth: Callable[..., Truth]) -> None:
    rows = [{"value": 60, "to": "2025-12-31"}]
    assert truth({"fact": "it", "at_most": rows}, NUMBER, 1) is N
    by_state = [{"value": 42, "states": ["NY"]}, {"value": 90, "states": ["OH"]}]
    line: dict[str, Any] = {"plan": None, "line": "commercial"}
    assert truth({"fact": "it", "at_least": by_state}, NUMBER, 60, state="NY", **line) is M
    assert truth({"fact": "it", "at_least": by_state}, NUMBER, 60, state="OH", **line) is U
    assert truth({"fact": "it", "at_least": by_state}, NUMBER, 60, **line) is N


def test_a_fact_may_be_compared_with_another(truth: Callable[..., Truth]) -> None:
    criterion = {"fact": "it", "less_than": {"fact": "other", "times": 2, "plus": -5}}
    more = {"other": {"type": "number"}}
    assert truth(criterion, NUMBER, 14, more=more, given={"other": "10"}) is M
    assert truth(criterion, NUMBER, 15, more=more, given={"other": "10"}) is U
    assert truth(criterion, NUMBER, 15, more=more) is N


def test_a_text_may_be_compared_with_another_fact(truth: Callable[..., Truth]) -> None:
    criterion = {"fact": "it", "equals": {"fact": "other"}}
    more = {"other": {"type": "text"}}
    assert truth(criterion, {"type": "text"}, "k2", more=more, given={"other": "k2"}) is M
    assert truth(criterion, {"type": "text"}, "k2", more=more, given={"other": "k3"}) is U


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2026-04-30", U), ("2026-05-01", M), ("2026-11-01", M), ("2026-11-02", U)],
)
def test_a_window_includes_both_ends(
    truth: Callable[..., Truth], value: str, expected: Truth
) -> None:
    criterion = {"fact": "it", "within": {"of": "ordered", "from": "-6 months", "to": "0 days"}}
    given = {"given": {"ordered": "2026-11-01"}, "more": {"ordered": {"type": "date"}}}
    assert truth(criterion, {"type": "date"}, value, **given) is expected


def test_an_open_window_has_one_end(truth: Callable[..., Truth]) -> None:
    given: dict[str, Any] = {
        "given": {"ordered": "2026-11-01"},
        "more": {"ordered": {"type": "date"}},
    }
    after = {"fact": "it", "within": {"of": "ordered", "from": "1 day"}}
    assert truth(after, {"type": "date"}, "2030-01-01", **given) is M
    before = {"fact": "it", "within": {"of": "ordered", "to": "-1 day"}}
    assert truth(before, {"type": "date"}, "2026-11-01", **given) is U
    assert truth(before, {"type": "date"}, "2026-11-01", more=given["more"]) is N


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-10-03T15:00", M),
        ("2026-10-03T14:59", U),
        ("2026-10-05T15:00", M),
        ("2026-10-05T15:01", U),
        ("2026-10-04", N),
    ],
)
def test_hours_need_instants(truth: Callable[..., Truth], value: str, expected: Truth) -> None:
    criterion = {"fact": "it", "within": {"of": "in", "from": "-48 hours", "to": "0 hours"}}
    given = {"given": {"in": "2026-10-05T15:00"}, "more": {"in": {"type": "instant"}}}
    assert truth(criterion, {"type": "instant"}, value, **given) is expected


def test_days_and_instants_compare(truth: Callable[..., Truth]) -> None:
    assert truth({"fact": "it", "at_most": "2026-11-01"}, {"type": "date"}, "2026-11-01") is M
    early = {"fact": "it", "at_most": "2026-11-01T12:00"}
    assert truth(early, {"type": "instant"}, "2026-11-01T12:01") is U


def test_codes_compare_with_lists(truth: Callable[..., Truth]) -> None:
    some = {"label": EN_ES, "type": "yes-no"}
    assert truth({"fact": "service", "code_in": ["X1000-X1005"]}, some) is M
    assert truth({"fact": "service", "code_not_in": ["X1000"]}, some) is U
    assert truth({"fact": "diagnosis", "code_in": ["J44.-"]}, some, diagnoses=["J44.9"]) is M
    assert truth({"fact": "diagnosis", "code_in": ["J44.-"]}, some) is N
    assert truth({"fact": "modifiers", "code_in": ["KX"]}, some, modifiers=["KX"]) is M
    assert truth({"fact": "modifiers", "code_in": ["KX"]}, some) is U
    assert truth({"fact": "place", "code_in": ["12"]}, some, place="12") is M
    assert (
        truth({"fact": "specialty", "code_in": ["2084N0400X"]}, some, specialty=["2084N0400X"]) is M
    )
    assert truth({"fact": "other-services", "code_in": ["64615"]}, some, also=["64615"]) is M


def test_known_is_never_unknown(truth: Callable[..., Truth]) -> None:
    assert truth({"fact": "it", "known": True}, NUMBER) is U
    assert truth({"fact": "it", "known": False}, NUMBER) is M
    assert truth({"fact": "it", "known": True}, NUMBER, 3) is M


def test_a_criterion_outside_its_days_is_left_out(truth: Callable[..., Truth]) -> None:
    ill = {"fact": "it", "is": True}
    dated = {"all": [ill, {"fact": "it", "is": False, "from": "2027-01-01"}]}
    assert truth(dated, {"type": "yes-no"}, "yes") is M
    only = {"all": [{**ill, "from": "2027-01-01"}]}
    assert truth(only, {"type": "yes-no"}, "yes") is N
    half = {"if": ill, "then": {**ill, "from": "2027-01-01"}}
    assert truth({"all": [half]}, {"type": "yes-no"}, "yes") is N


@pytest.mark.parametrize(
    ("expression", "given", "expected"),
    [
        ({"bmi": ["a", "b"]}, {"a": "101.2", "b": "170"}, "35.02"),
        ({"percent": ["a", 30]}, {"a": "21"}, "70"),
        ({"percent-fall": ["a", "b"]}, {"a": "20", "b": "12"}, "40"),
        ({"difference": ["a", "b"]}, {"a": "20", "b": "12"}, "8"),
        ({"sum": ["a", "b", 1]}, {"a": "20", "b": "12"}, "33"),
        ({"ceiling": [{"ratio": [{"product": ["a", 5]}, 10]}]}, {"a": "81"}, "41"),
        ({"lowest": ["a", "b"]}, {"a": "20", "b": "12"}, "12"),
        ({"highest": ["a", "b"]}, {"a": "20", "b": "12"}, "20"),
        ({"first-known": ["b", "a"]}, {"a": "20"}, "20"),
    ],
)
def test_facts_are_computed_from_facts(
    truth: Callable[..., Truth], expression: dict[str, Any], given: dict[str, str], expected: str
) -> None:
    more = {"a": {"type": "number"}, "b": {"type": "number"}}
    spec = {"type": "number", "derive": expression}
    low, high = float(expected) - 0.01, float(expected) + 0.01
    tree = {"all": [{"fact": "it", "at_least": low}, {"fact": "it", "at_most": high}]}
    assert truth(tree, spec, given=given, more=more) is M


@pytest.mark.parametrize(
    ("operation", "a", "b", "expected"),
    [
        ("days-between", "2026-10-01", "2026-11-12", 42),
        ("months-between", "2026-01-31", "2026-07-30", 5),
        ("years-between", "1976-12-02", "2026-12-01", 49),
        ("hours-between", "2026-10-05T15:00", "2026-10-06T03:30", 12.5),
    ],
)
def test_time_between_two_facts(
    truth: Callable[..., Truth], operation: str, a: str, b: str, expected: float
) -> None:
    kind = "instant" if "T" in a else "date"
    more = {"a": {"type": kind}, "b": {"type": kind}}
    spec = {"type": "number", "derive": {operation: ["a", "b"]}}
    assert truth({"fact": "it", "equals": expected}, spec, given={"a": a, "b": b}, more=more) is M


def test_midnight_after_and_day_of_an_instant(truth: Callable[..., Truth]) -> None:
    more = {"in": {"type": "instant"}, "day": {"type": "date", "derive": {"day-of": "in"}}}
    spec = {"type": "instant", "derive": {"midnight-after": "in"}}
    given = {"in": "2026-10-05T15:00"}
    exact = {
        "all": [
            {"fact": "it", "at_least": "2026-10-06T00:00"},
            {"fact": "it", "at_most": "2026-10-06T00:00"},
        ]
    }
    assert truth(exact, spec, given=given, more=more) is M
    assert (
        truth({"fact": "day", "equals": "2026-10-05"}, {"type": "yes-no"}, given=given, more=more)
        is M
    )
    assert truth(exact, spec, given={"in": "2026-10-05"}, more=more) is N


@pytest.mark.parametrize(
    ("expression", "given"),
    [
        ({"ratio": ["a", "b"]}, {"a": "1", "b": "0"}),
        ({"sum": ["a", "b"]}, {"a": "1"}),
        ({"first-known": ["a", "b"]}, {}),
        ({"sum": ["a", "words"]}, {"a": "1", "words": "x"}),
        ({"days-between": ["a", "a"]}, {"a": "1"}),
        ({"hours-between": ["day", "day"]}, {"day": "2026-01-01"}),
        ({"day-of": ["a"]}, {"a": "1"}),
    ],
)
def test_what_cannot_be_computed_is_unknown(
    truth: Callable[..., Truth], expression: dict[str, Any], given: dict[str, str]
) -> None:
    more = {
        "a": {"type": "number"},
        "b": {"type": "number"},
        "words": {"type": "text"},
        "day": {"type": "date"},
    }
    spec = {"type": "number", "derive": expression}
    assert truth({"fact": "it", "at_least": 0}, spec, given=given, more=more) is N
