"""The demo payer's members answer as the examples and the tour need them to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.domain.coverage import Coverage, EligibilityProblem, NotEligible
from app.domain.request import CoverageClaim, Party, Person
from app.domain.values import Identifier
from app.fhir.urls import system
from app.flows.demo import load_demo
from app.flows.eligibility import StoredMembers
from app.resources import data
from app.rulebook import load
from app.store import Store
from tests.unit.eligibility.stories import request

TODAY = date(2026, 11, 25)
MEMBERS = [
    ("FW100001", "Delgado", "1948-03-14", "FW-MA-01", "es"),
    ("FW100002", "Hughes", "1951-11-02", "FW-MA-01", "en"),
    ("FW100003", "Carter", "1979-06-21", "FW-FI-01", "en"),
    ("FW100004", "Ortiz", "1984-09-09", "FW-SF-01", "es"),
    ("FW100005", "Nair", "1990-01-30", "FW-EXC-01", "en"),
    ("FW100006", "Romero", "2013-05-05", "FW-MCD-01", "es"),
    ("FW100007", "Johnson", "2015-08-17", "FW-CHIP-01", "en"),
    ("FW100009", "Kim", "1962-02-28", "FW-MCD-01", "en"),
    ("FW100010", "Haddad", "1972-10-10", "FW-FI-01", "en"),
]


@pytest.fixture
def source(store: Store) -> StoredMembers:
    rulebook = load(data("policies"))
    assert load_demo(store, "demo", rulebook)
    assert not load_demo(store, "demo", rulebook)
    return StoredMembers(store, "demo", rulebook.plans.get)


def card(value: str) -> CoverageClaim:
    number = Identifier("https://fairwater.example/member-id", value, "MB")
    return CoverageClaim((number,), full_url="urn:c", payer=insurer())


def insurer(npi: str = "1900001003") -> Party:
    return Party("organization", "urn:insurer", identifiers=(Identifier(system.NPI, npi),))


def born(family: str, day: str, given: str = "") -> Person:
    return Person((), family, given, date.fromisoformat(day), full_url="urn:p")


def test_each_member_has_its_plan_and_language(source: StoredMembers) -> None:
    for value, family, day, plan, language in MEMBERS:
        asked = request(born(family, day), card(value), insurer=insurer())
        found = source.find(asked, TODAY)
        assert isinstance(found, Coverage), (value, found)
        assert (found.plan.id, found.language) == (plan, language)
        assert found.dependent == (value == "FW100007")


@pytest.mark.parametrize(
    ("value", "family", "day", "npi", "problem"),
    [
        ("FW999999", "Nobody", "1990-01-01", "1900001003", EligibilityProblem.MEMBER_NOT_FOUND),
        ("FW100008", "Stein", "1945-12-12", "1900001003", EligibilityProblem.NOT_ACTIVE),
        ("FW100018", "Petrov", "1970-08-11", "1900001003", EligibilityProblem.NOT_ACTIVE),
        ("FW100001", "Delgado", "1984-03-14", "1900001003", EligibilityProblem.MEMBER_MISMATCH),
        ("FW100001", "Delgado", "1948-03-14", "1234567893", EligibilityProblem.WRONG_PAYER),
    ],
)
def test_each_problem_can_be_met(
    source: StoredMembers,
    value: str,
    family: str,
    day: str,
    npi: str,
    problem: EligibilityProblem,
) -> None:
    asked = request(born(family, day), card(value), insurer=insurer(npi))
    found = source.find(asked, TODAY)
    assert isinstance(found, NotEligible) and found.problem is problem


def test_a_coverage_that_ended_still_serves_the_days_before(source: StoredMembers) -> None:
    spring = (date(2026, 3, 31),)
    asked = request(born("Stein", "1945-12-12"), card("FW100008"), insurer=insurer(), days=spring)
    assert isinstance(source.find(asked, TODAY), Coverage)


def test_a_dependent_is_found_by_the_subscribers_number(source: StoredMembers) -> None:
    family = replace(card(""), member_ids=(), subscriber_id="FW200007")
    asked = request(born("Johnson", "2015-08-17"), family, insurer=insurer())
    found = source.find(asked, TODAY)
    assert isinstance(found, Coverage) and found.member_id == "FW100007"


def test_twins_under_one_card_need_their_given_names(source: StoredMembers) -> None:
    family = replace(card(""), member_ids=(), subscriber_id="FW100015")
    emma = request(born("Brooks", "2012-09-30", "Emma"), family, insurer=insurer())
    found = source.find(emma, TODAY)
    assert isinstance(found, Coverage) and found.given == "Emma"
    unclear = request(born("Brooks", "2012-09-30"), family, insurer=insurer())
    assert source.find(unclear, TODAY) == NotEligible(
        EligibilityProblem.AMBIGUOUS, "urn:c#subscriberId"
    )


def test_of_two_plans_the_one_that_pays_first_unless_the_other_is_named(
    source: StoredMembers,
) -> None:
    charles, number = born("Whitfield", "1939-05-27"), card("FW100014")
    for named, plan in (("", "FW-MA-01"), ("FW-MCD-01", "FW-MCD-01")):
        asked = request(charles, replace(number, plan=named), insurer=insurer())
        found = source.find(asked, TODAY)
        assert isinstance(found, Coverage) and found.plan.id == plan


def test_limits_that_are_partly_used_are_known(source: StoredMembers) -> None:
    asked = request(born("Haddad", "1972-10-10"), card("FW100010"), insurer=insurer())
    found = source.find(asked, TODAY)
    assert isinstance(found, Coverage) and found.used and found.used[0].year == 2026
