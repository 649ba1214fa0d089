"""From what a request says and the payer's rows to one coverage, or why there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.determine.eligibility import (
    Candidate,
    determine,
    is_ours,
    number_key,
    numbers,
    service_days,
)
from app.domain.coverage import Coverage, EligibilityProblem, NotEligible
from app.domain.request import CoverageClaim, Party
from app.domain.values import Identifier, Period
from tests.unit.eligibility.stories import (
    CARD,
    FAIRWATER,
    INSURER,
    MA,
    MCD,
    NPI,
    OTHER,
    ROSA,
    SF,
    TIN,
    TODAY,
    named,
    number,
    request,
    row,
)

US = (FAIRWATER,)
P = EligibilityProblem


def no(problem: EligibilityProblem, at: str = "") -> NotEligible:
    return NotEligible(problem, at)


def test_number_name_and_birth_date_give_the_coverage() -> None:
    one = row()
    assert determine(request(), TODAY, [one], US) == one.coverage


# -- the payer


def test_an_insurer_with_another_number_in_our_system_is_somebody_else() -> None:
    answer = determine(request(insurer=OTHER), TODAY, [row()], US)
    assert answer == no(P.WRONG_PAYER, "urn:other#identifier")


def test_a_coverage_of_another_payer_is_somebody_elses() -> None:
    card = replace(CARD, payer=OTHER)
    assert determine(request(ROSA, card), TODAY, [row()], US) == no(
        P.WRONG_PAYER, "urn:other#identifier"
    )


def test_of_two_coverages_only_ours_names_the_member() -> None:
    """A number that another payer issued may be one of ours by chance."""
    theirs = replace(CARD, payer=OTHER, member_ids=(number("FW100002"),))
    rows = [row(), row("FW100002", named(ROSA, family="Hughes"))]
    assert isinstance(determine(request(ROSA, theirs, CARD), TODAY, rows, US), Coverage)


@pytest.mark.parametrize(
    ("identifiers", "expected"),
    [
        ((Identifier(NPI, "1900001003"),), True),
        ((Identifier(TIN, "123456789"),), True),
        ((Identifier("", "fairwater"),), True),
        ((Identifier(NPI, "1234567893"), Identifier(TIN, "12-3456789")), True),
        ((Identifier(NPI, "1234567893"),), False),
        ((Identifier("https://clearinghouse.example/payers", "60054"),), None),
        ((Identifier(NPI, ""),), None),
        ((Identifier("", "60054"),), None),
        ((), None),
    ],
)
def test_who_an_insurer_is(identifiers: tuple[Identifier, ...], expected: bool | None) -> None:
    assert is_ours(Party("organization", identifiers=identifiers), US) is expected


def test_an_insurer_about_whom_nothing_is_known_is_accepted() -> None:
    stranger = Party("organization", identifiers=(Identifier("https://x.example", "1"),))
    assert isinstance(determine(request(insurer=stranger), TODAY, [row()], US), Coverage)
    assert isinstance(determine(request(insurer=OTHER), TODAY, [row()], ()), Coverage)


# -- the number


@pytest.mark.parametrize(
    "card",
    [
        CoverageClaim((number("FW100001"),)),
        CoverageClaim((number("fw-100 001"),)),
        CoverageClaim((number("FW100001", system=""),)),
        CoverageClaim((number("FW100001", system="HTTPS://Fairwater.example/member-id/"),)),
        CoverageClaim((), subscriber_id="FW100001"),
    ],
)
def test_each_way_of_naming_the_member_is_understood(card: CoverageClaim) -> None:
    assert isinstance(determine(request(ROSA, card), TODAY, [row()], US), Coverage)


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        (number("FW100001"), True),
        (number("FW100001", kind=""), True),
        (number("FW100001", system="", kind="MB"), True),
        (number("FW100001", system="", kind="MR"), True),
        (number("FW100001", system="https://hospital.example/mrn", kind="MR"), True),
        (number("FW100009"), False),
    ],
)
def test_patient_identifiers_name_the_member_too(identifier: Identifier, found: bool) -> None:
    member = named(ROSA, identifiers=(identifier,))
    answer = determine(request(member, CoverageClaim(())), TODAY, [row()], US)
    assert isinstance(answer, Coverage) is found


@pytest.mark.parametrize("changes", [{"birth_date": None}, {"family": ""}, {"family": "Hughes"}])
def test_a_record_number_that_is_a_member_number_by_chance_needs_confirmation(
    changes: dict[str, object],
) -> None:
    """A hospital's number under its own system counts only with birth date and family name."""
    record = number("FW100001", system="https://hospital.example/mrn", kind="MR")
    member = named(ROSA, identifiers=(record,), **changes)
    answer = determine(request(member, CoverageClaim(())), TODAY, [row()], US)
    assert answer == no(P.MEMBER_NOT_FOUND, "urn:patient#identifier")


def test_a_member_number_under_a_foreign_system_needs_confirmation() -> None:
    card = CoverageClaim((number("FW100001", system="https://old.example"),), full_url="urn:c")
    assert isinstance(determine(request(ROSA, card), TODAY, [row()], US), Coverage)
    stranger = named(ROSA, family="Hughes")
    assert determine(request(stranger, card), TODAY, [row()], US) == no(
        P.MEMBER_NOT_FOUND, "urn:c#identifier"
    )


def test_an_unknown_number_is_not_found_where_it_stands() -> None:
    assert determine(request(), TODAY, [], US) == no(P.MEMBER_NOT_FOUND, "urn:coverage#identifier")
    card = CoverageClaim((), subscriber_id="FW999999", full_url="urn:c")
    assert determine(request(ROSA, card), TODAY, [], US) == no(
        P.MEMBER_NOT_FOUND, "urn:c#subscriberId"
    )


def test_a_request_without_any_number_is_not_found_at_its_coverage() -> None:
    card = CoverageClaim((number(" - "),), full_url="urn:c")
    assert numbers(request(ROSA, card)) == ()
    assert determine(request(ROSA, card), TODAY, [row()], US) == no(
        P.MEMBER_NOT_FOUND, "urn:c#identifier"
    )
    bare = replace(request(), coverage=())
    assert determine(bare, TODAY, [row()], US) == no(P.MEMBER_NOT_FOUND)


def test_member_numbers_are_looked_up_before_other_identifiers() -> None:
    member = named(ROSA, identifiers=(number("MRN", kind="MR"), number("FW1")))
    assert [n.key for n in numbers(request(member))] == ["FW100001", "FW1", "MRN"]
    assert number_key("fw-1 é") == "FW1É"


# -- the person


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"birth_date": date(1948, 3, 15)}, "birthDate"),
        ({"family": "Hughes"}, "name"),
        ({"birth_date": date(1948, 3, 15), "family": "Hughes"}, "birthDate"),
    ],
)
def test_a_contradicting_person_is_a_mismatch(changes: dict[str, object], element: str) -> None:
    answer = determine(request(named(ROSA, **changes)), TODAY, [row()], US)
    assert answer == no(P.MEMBER_MISMATCH, f"urn:patient#{element}")


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "DELGADO-RUIZ"},
        {"family": ""},
        {"birth_date": None},
        {"gender": "male"},
        {"given": "Rosita"},
        {"given": ""},
    ],
)
def test_what_is_missing_or_not_compared_is_no_contradiction(changes: dict[str, object]) -> None:
    assert isinstance(determine(request(named(ROSA, **changes)), TODAY, [row()], US), Coverage)


MAYA = named(ROSA, family="Johnson", given="Maya", birth_date=date(2015, 8, 17))
LEO = named(MAYA, given="Leo")
PARENT = named(MAYA, given="Dana", birth_date=date(1985, 1, 1))
FAMILY = [
    row("FW200007", PARENT, subscriber_id="FW200007"),
    row("FW100007", MAYA, subscriber_id="FW200007", dependent=True),
]
FAMILY_CARD = CoverageClaim((number("FW200007"),), full_url="urn:c")


@pytest.mark.parametrize(
    "card", [FAMILY_CARD, CoverageClaim((), subscriber_id="FW200007", full_url="urn:c")]
)
def test_a_dependent_is_found_by_the_subscribers_number(card: CoverageClaim) -> None:
    for person, expected in ((MAYA, "FW100007"), (PARENT, "FW200007")):
        answer = determine(request(person, card), TODAY, FAMILY, US)
        assert isinstance(answer, Coverage) and answer.member_id == expected


def test_a_child_that_the_family_does_not_have_is_a_mismatch() -> None:
    unborn = named(MAYA, birth_date=date(2026, 11, 1))
    assert determine(request(unborn, FAMILY_CARD), TODAY, FAMILY, US) == no(
        P.MEMBER_MISMATCH, "urn:patient#birthDate"
    )


def test_twins_are_told_apart_by_their_given_names() -> None:
    twins = [*FAMILY, row("FW100008", LEO, subscriber_id="FW200007", dependent=True)]
    answer = determine(request(LEO, FAMILY_CARD), TODAY, twins, US)
    assert isinstance(answer, Coverage) and answer.member_id == "FW100008"
    for given in ("", "Lena"):
        unclear = request(named(LEO, given=given), FAMILY_CARD)
        assert determine(unclear, TODAY, twins, US) == no(P.AMBIGUOUS, "urn:c#identifier")


def test_a_familys_number_under_a_foreign_system_does_not_name_the_family() -> None:
    card = CoverageClaim((number("FW200007", system="https://other.example"),), full_url="urn:c")
    answer = determine(request(MAYA, card), TODAY, FAMILY[1:], US)
    assert answer == no(P.MEMBER_NOT_FOUND, "urn:c#identifier")


# -- the plan


@pytest.mark.parametrize(
    ("start", "end", "active"),
    [
        (TODAY, None, True),
        (date(2026, 11, 26), None, False),
        (None, TODAY, True),
        (None, date(2026, 11, 24), False),
        (None, None, True),
    ],
)
def test_both_ends_of_the_period_are_included(
    start: date | None, end: date | None, active: bool
) -> None:
    answer = determine(request(), TODAY, [row(start=start, end=end)], US)
    assert isinstance(answer, Coverage) is active
    if not active:
        assert answer == no(P.NOT_ACTIVE, "urn:coverage#")


def test_the_service_day_counts_not_the_day_of_asking() -> None:
    ended = row(end=date(2026, 3, 31))
    march = request(days=(date(2026, 3, 31),))
    assert isinstance(determine(march, TODAY, [ended], US), Coverage)
    assert determine(request(days=(None,)), TODAY, [ended], US) == no(P.NOT_ACTIVE, "urn:coverage#")


def test_every_service_day_must_be_covered() -> None:
    days = (TODAY, date(2027, 1, 2), TODAY)
    assert service_days(request(days=days), TODAY) == (TODAY, date(2027, 1, 2))
    assert determine(request(days=days), TODAY, [row(end=date(2026, 12, 31))], US) == no(
        P.NOT_ACTIVE, "urn:coverage#"
    )


def test_periods_of_one_plan_that_touch_are_one() -> None:
    days = (TODAY, date(2027, 1, 2))
    years = [row(start=date(2027, 1, 1)), row(end=date(2026, 12, 31))]
    answer = determine(request(days=days), TODAY, years, US)
    assert isinstance(answer, Coverage) and answer.period == Period(date(2024, 1, 1), None)
    gap = [row(start=date(2027, 1, 2)), row(end=date(2026, 12, 31))]
    assert isinstance(determine(request(days=days), TODAY, gap, US), NotEligible)


def test_a_period_inside_another_does_not_shorten_it() -> None:
    rows = [row(end=date(2027, 6, 30)), row(start=date(2024, 2, 1), end=date(2024, 3, 1))]
    answer = determine(request(), TODAY, rows, US)
    assert isinstance(answer, Coverage) and answer.period.end == date(2027, 6, 30)


def both(**more: object) -> list[Candidate]:
    return [row(group="A", key="r"), row(plan=MCD, group="B", key="r", **more)]


def test_of_two_active_plans_the_named_one_is_taken() -> None:
    for card, plan in (
        (replace(CARD, plan="fw-mcd-01"), MCD),
        (replace(CARD, plan="Fairwater Medicare Advantage"), MA),
        (replace(CARD, group="b"), MCD),
    ):
        answer = determine(request(ROSA, card), TODAY, both(), US)
        assert isinstance(answer, Coverage) and answer.plan == plan


def test_the_named_plan_is_taken_even_when_it_pays_second() -> None:
    rows = [row(key="r", order=1), row(plan=MCD, key="r", order=2)]
    answer = determine(request(ROSA, replace(CARD, plan=MCD.id)), TODAY, rows, US)
    assert isinstance(answer, Coverage) and answer.plan == MCD


def test_of_two_active_plans_the_one_that_pays_first_is_taken() -> None:
    answer = determine(request(), TODAY, both(order=1), US)
    assert isinstance(answer, Coverage) and answer.plan == MCD


def test_two_active_plans_that_nothing_tells_apart_are_ambiguous() -> None:
    assert determine(request(), TODAY, both(), US) == no(P.AMBIGUOUS, "urn:coverage#class")
    two = [row(order=1, key="r"), row(plan=MCD, order=1, key="r")]
    assert determine(request(), TODAY, two, US) == no(P.AMBIGUOUS, "urn:coverage#class")


def test_a_named_plan_that_the_member_does_not_have_changes_nothing() -> None:
    card = replace(CARD, plan=SF.id, payer=replace(INSURER, identifiers=()))
    answer = determine(request(ROSA, card), TODAY, [row()], US)
    assert isinstance(answer, Coverage) and answer.plan == MA
