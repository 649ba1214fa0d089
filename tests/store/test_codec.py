"""What is decided is kept whole: the JSON of a decision reads back as the same decision."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.coverage import Coverage, EligibilityProblem, NotEligible
from app.domain.decision import (
    BusinessError,
    BusinessProblem,
    Decision,
    HumanReview,
    Outcome,
)
from app.domain.facts import Fact
from app.domain.values import Coding, Concept, Quantity
from app.store.codec import decode, encode
from tests.store.made import coverage, oxygen_decision


@pytest.mark.parametrize("outcome", [Outcome.APPROVED, Outcome.PENDED])
def test_a_decision_reads_back_as_itself(outcome: Outcome) -> None:
    decision = oxygen_decision(outcome)
    assert decode(Decision, encode(decision)) == decision


def test_a_refused_and_a_human_decision_read_back_as_themselves() -> None:
    text = {"en": "Not a member.", "es": "No es miembro."}
    decision = Decision(
        (),
        (BusinessError(BusinessProblem.MEMBER_NOT_FOUND, "Bundle.entry[2]", text),),
        datetime(2026, 11, 25, tzinfo=UTC),
        "b" * 64,
        human=HumanReview("chen", "1900008008", "207X00000X", datetime(2026, 11, 26, tzinfo=UTC)),
    )
    assert decode(Decision, encode(decision)) == decision


def test_a_coverage_and_its_absence_are_told_apart() -> None:
    missing = NotEligible(EligibilityProblem.NOT_ACTIVE, "Bundle.entry[3].resource")
    for value in (coverage(), missing):
        kept = decode(_Holder, encode(_Holder(value)))
        assert kept.eligibility == value
        assert type(kept.eligibility) is type(value)
    assert decode(_Holder, encode(_Holder(None))).eligibility is None


@dataclass(frozen=True, slots=True)
class _Holder:
    eligibility: Coverage | NotEligible | None


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])),
    st.builds(Quantity, st.decimals(allow_nan=False, allow_infinity=False), st.just("%")),
    st.builds(Concept, st.just((Coding("http://x", "1"),)), st.just("one")),
)


@given(SCALARS)
def test_every_kind_of_value_keeps_its_type_and_its_digits(value: object) -> None:
    fact = Fact("any", known=True, value=value)  # type: ignore[arg-type]
    kept = decode(Fact, encode(fact)).value
    assert kept == value
    assert type(kept) is type(value)
    assert str(kept) == str(value)


def test_text_that_looks_like_a_date_stays_text() -> None:
    fact = Fact("any", known=True, value="2026-11-25", at=date(2026, 11, 25))
    kept = decode(Fact, encode(fact))
    assert (kept.value, kept.at) == ("2026-11-25", date(2026, 11, 25))


def test_a_field_that_an_older_program_did_not_write_gets_its_default() -> None:
    assert decode(Fact, b'{"name":"x","known":false}') == Fact("x", known=False)


def test_a_field_that_this_program_does_not_know_is_an_error_not_a_loss() -> None:
    with pytest.raises(KeyError):
        decode(Fact, b'{"name":"x","known":false,"mood":"blue"}')


def test_what_json_cannot_hold_is_refused_when_written() -> None:
    with pytest.raises(TypeError):
        encode({"x": object()})


def test_a_type_without_a_json_form_is_refused_when_first_read() -> None:
    with pytest.raises(TypeError):
        decode(bytes, b'"x"')
    with pytest.raises(TypeError):
        decode(_Ambiguous, b'{"value":"approved"}')


@dataclass(frozen=True, slots=True)
class _Ambiguous:
    value: Outcome | EligibilityProblem | str


def test_a_decision_is_written_in_less_than_a_third_of_a_millisecond() -> None:
    decision = oxygen_decision()
    encode(decision)
    best = min(_seconds(decision) for _ in range(50))
    assert best < 0.0003, Decimal(best)


def _seconds(decision: Decision) -> float:
    began = time.perf_counter()
    encode(decision)
    return time.perf_counter() - began
