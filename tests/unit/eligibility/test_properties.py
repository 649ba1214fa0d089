"""Whatever a request and the rows say, eligibility keeps these promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.determine.eligibility import Candidate, determine
from app.domain.coverage import Coverage, EligibilityProblem, NotEligible
from app.domain.request import CoverageClaim, Person, PriorAuthRequest
from app.domain.values import Identifier
from tests.unit.eligibility.stories import (
    FAIRWATER,
    INSURER,
    MA,
    MCD,
    MEMBER_SYSTEM,
    OTHER,
    SF,
    TODAY,
    request,
    row,
)

NUMBERS = st.sampled_from(["FW1", "fw-1", "FW2", "FW3", ""])
SYSTEMS = st.sampled_from(["", MEMBER_SYSTEM, "https://hospital.example"])
DAYS = st.sampled_from([TODAY + timedelta(days=n) for n in (-400, -1, 0, 1, 400)])
IDENTIFIERS = st.builds(Identifier, SYSTEMS, NUMBERS, st.sampled_from(["MB", "MR", ""]))
PEOPLE = st.builds(
    Person,
    st.lists(IDENTIFIERS, max_size=2).map(tuple),
    family=st.sampled_from(["Kim", "KIM", "Hughes", ""]),
    given=st.sampled_from(["Grace", "Leo", ""]),
    birth_date=st.sampled_from([date(1962, 2, 28), date(2000, 1, 1), None]),
    full_url=st.just("urn:patient"),
)
CARDS = st.builds(
    CoverageClaim,
    st.lists(IDENTIFIERS, max_size=2).map(tuple),
    subscriber_id=NUMBERS,
    group=st.sampled_from(["", "A"]),
    plan=st.sampled_from(["", "FW-MA-01"]),
    payer=st.sampled_from([None, INSURER, OTHER]),
    full_url=st.just("urn:coverage"),
)


@st.composite
def rows(draw: st.DrawFn) -> Candidate:
    return row(
        draw(NUMBERS) or "FW1",
        draw(PEOPLE),
        draw(st.sampled_from([MA, MCD, SF])),
        draw(st.none() | DAYS),
        draw(st.none() | DAYS),
        key=draw(st.sampled_from(["p1", "p2", ""])),
        system=draw(SYSTEMS),
        group=draw(st.sampled_from(["", "A"])),
        order=draw(st.sampled_from([0, 1, 2])),
        subscriber_id=draw(NUMBERS),
    )


@st.composite
def requests(draw: st.DrawFn) -> PriorAuthRequest:
    made = request(
        draw(PEOPLE),
        insurer=draw(st.sampled_from([INSURER, OTHER])),
        days=tuple(draw(st.lists(st.none() | DAYS, min_size=1, max_size=3))),
    )
    return replace(made, coverage=tuple(draw(st.lists(CARDS, max_size=2))))


@given(requests(), st.lists(rows(), max_size=5))
def test_an_answer_is_a_row_or_a_problem_and_never_contradicts_the_request(
    asked: PriorAuthRequest, known: list[Candidate]
) -> None:
    answer = determine(asked, TODAY, known, (FAIRWATER,))
    if isinstance(answer, NotEligible):
        assert answer.problem in EligibilityProblem
        return
    assert isinstance(answer, Coverage)
    origins = [r for r in known if replace(r.coverage, period=answer.period) == answer]
    assert origins
    born = asked.member.birth_date
    assert born is None or answer.birth_date in (None, born)
    assert all(answer.period.covers(asked.service_day(item, TODAY)) for item in asked.items)


@given(requests(), st.lists(rows(), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_to_the_verdict(
    asked: PriorAuthRequest, known: list[Candidate], chance: object
) -> None:
    first = determine(asked, TODAY, known, (FAIRWATER,))
    shuffled = list(known)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    second = determine(asked, TODAY, shuffled, (FAIRWATER,))
    assert type(first) is type(second)
    if isinstance(first, NotEligible):
        assert first == second
    elif isinstance(second, Coverage):
        assert first.plan == second.plan


@given(requests(), st.lists(rows(), max_size=5))
def test_a_row_that_the_request_does_not_name_changes_nothing(
    asked: PriorAuthRequest, known: list[Candidate]
) -> None:
    stranger = row("ZZ999", key="stranger")
    before = determine(asked, TODAY, known, (FAIRWATER,))
    assert determine(asked, TODAY, [*known, stranger], (FAIRWATER,)) == before


@given(requests(), st.lists(rows(), max_size=5))
def test_without_rows_nobody_is_a_member(asked: PriorAuthRequest, known: list[Candidate]) -> None:
    answer = determine(asked, TODAY, [], (FAIRWATER,))
    assert isinstance(answer, NotEligible)
    assert answer.problem in (EligibilityProblem.MEMBER_NOT_FOUND, EligibilityProblem.WRONG_PAYER)
