"""The strictest dated rule that protects the member gives the deadline."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import resources
from app.determine.deadlines import Due, business_day, dues, holidays, instant_due, protections
from app.domain.coverage import Coverage, Funding, LineOfBusiness, Plan
from app.domain.decision import Citation, ReviewKind
from app.domain.policy import DeadlineRule
from app.domain.values import Period
from app.rulebook import Rulebook, load

ZONE = "America/New_York"
RECEIVED = datetime(2026, 11, 25, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load(resources.data("policies"))


def member(line: str, funding: str = "unknown", state: str = "") -> Coverage:
    plan = Plan("P", "Plan", "PAYER", LineOfBusiness(line), Funding(funding), state)
    return Coverage("M", plan, Period())


def due(
    rules: Any, coverage: Coverage, review: str, urgency: str, received: datetime, *more: str
) -> Due | None:
    """The strictest deadline."""
    zone = more[0] if more else ZONE
    day = received.astimezone(ZoneInfo(zone)).date()
    kept = protections(rules, coverage, day)
    return next(iter(dues(kept, review, urgency, received, *more)), None)


@pytest.mark.parametrize(
    ("coverage", "review", "urgency", "received", "rule", "day"),
    [
        (
            member("medicare-advantage"),
            "prior-authorization",
            "standard",
            RECEIVED,
            "ma-standard-2026",
            "2026-12-02",
        ),
        (
            member("medicare-advantage"),
            "prior-authorization",
            "standard",
            datetime(2025, 12, 31, 12, tzinfo=UTC),
            "ma-standard-before-2026",
            "2026-01-14",
        ),
        (
            member("medicaid", "public", "OH"),
            "concurrent",
            "expedited",
            RECEIVED,
            "medicaid-expedited",
            "2026-11-28",
        ),
        (
            member("chip"),
            "prior-authorization",
            "standard",
            RECEIVED,
            "chip-standard-2026",
            "2026-12-02",
        ),
        (
            member("commercial", "self-funded", "TX"),
            "prior-authorization",
            "standard",
            RECEIVED,
            "erisa-pre-service",
            "2026-12-10",
        ),
        (
            member("commercial", "fully-insured", "TX"),
            "prior-authorization",
            "standard",
            RECEIVED,
            "tx-standard",
            "2026-11-28",
        ),
        (
            member("exchange", "fully-insured", "MT"),
            "prior-authorization",
            "standard",
            RECEIVED,
            "insured-pre-service",
            "2026-12-10",
        ),
        (
            member("commercial", "fully-insured", "IL"),
            "post-service",
            "standard",
            RECEIVED,
            "insured-post-service",
            "2026-12-25",
        ),
    ],
)
def test_line_funding_state_and_day_choose_the_rule(
    rulebook: Rulebook,
    coverage: Coverage,
    review: str,
    urgency: str,
    received: datetime,
    rule: str,
    day: str,
) -> None:
    found = due(rulebook.deadlines, coverage, review, urgency, received, ZONE)
    assert found is not None
    assert found.rule.id == rule
    assert found.at.astimezone(ZoneInfo(ZONE)).date() == date.fromisoformat(day)


def test_unknown_funding_keeps_the_strictest_law(rulebook: Rulebook) -> None:
    found = due(
        rulebook.deadlines,
        member("commercial", "unknown", "TX"),
        "prior-authorization",
        "standard",
        RECEIVED,
        ZONE,
    )
    assert found is not None and found.rule.id == "tx-standard"


def test_every_rule_that_protects_a_member_is_named(rulebook: Rulebook) -> None:
    found = protections(
        rulebook.deadlines, member("commercial", "unknown", "TX"), date(2026, 11, 25)
    )
    names = {rule.id for rule in found}
    assert {"tx-standard", "erisa-pre-service", "insured-urgent"} <= names
    assert not {"ma-expedited", "il-urgent"} & names


def test_no_rule_gives_no_deadline(rulebook: Rulebook) -> None:
    assert due((), member("chip"), "none", "standard", RECEIVED, ZONE) is None


def rule(amount: int, unit: str, **more: frozenset[str]) -> DeadlineRule:
    return DeadlineRule("r", amount, unit, Citation("Law"), **more)


def test_days_end_with_their_last_day_in_the_payers_zone() -> None:
    late = datetime(2026, 11, 26, 3, tzinfo=UTC)  # still the 25th in New York
    assert instant_due(rule(7, "days"), late, ZONE) == datetime(2026, 12, 3, 4, 59, 59, tzinfo=UTC)


def test_hours_run_from_the_instant_of_receipt() -> None:
    assert instant_due(rule(24, "hours"), RECEIVED, ZONE) == datetime(2026, 11, 26, 15, tzinfo=UTC)


def test_business_days_skip_weekends_and_holidays() -> None:
    assert business_day(date(2026, 11, 25), 1) == date(2026, 11, 27)
    assert business_day(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert instant_due(rule(2, "business-days"), RECEIVED, ZONE).astimezone(UTC).date() == date(
        2026, 12, 1
    )


def test_a_rule_for_some_policies_is_for_those_only() -> None:
    some = rule(5, "business-days", policies=frozenset({"power-mobility"}))
    assert due([some], member("chip"), "x", "standard", RECEIVED, ZONE, "power-mobility")
    assert due([some], member("chip"), "x", "standard", RECEIVED, ZONE, "home-oxygen") is None


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2026, "2026-01-19"),
        (2026, "2026-05-25"),
        (2026, "2026-07-03"),
        (2026, "2026-11-26"),
        (2021, "2021-12-31"),
        (2022, "2022-12-26"),
        (2027, "2027-05-31"),
    ],
)
def test_federal_holidays_are_kept_on_working_days(year: int, day: str) -> None:
    assert date.fromisoformat(day) in holidays(year)
    assert len(holidays(year)) in (10, 11, 12)


def test_whatever_waits_has_a_deadline(rulebook: Rulebook) -> None:
    """A case that waits for a person or for information always has one."""
    urgencies = ("standard", "expedited", "drug-standard", "drug-expedited")
    for line, funding, review, urgency in product(LineOfBusiness, Funding, ReviewKind, urgencies):
        found = due(
            rulebook.deadlines,
            member(line, funding, "TX"),
            str(review),
            urgency,
            RECEIVED,
            rulebook.time_zone,
        )
        assert found is not None, (line, funding, review, urgency)


def test_laws_come_before_the_house_clock(rulebook: Rulebook) -> None:
    found = due(
        rulebook.deadlines, member("medicare-advantage"), "post-service", "standard", RECEIVED, ZONE
    )
    assert found is not None and found.rule.id == "ma-payment"


@pytest.mark.parametrize(
    ("line", "funding", "rule", "days"),
    [
        ("medicare-advantage", "public", "ma-payment", 60),
        ("medicare-ffs", "public", "ffs-opd-2025", 7),
        ("medicaid", "public", "medicaid-standard-2026", 7),
        ("chip", "public", "chip-standard-2026", 7),
        ("exchange", "fully-insured", "insured-post-service", 30),
        ("commercial", "fully-insured", "insured-post-service", 30),
        ("commercial", "self-funded", "erisa-post-service", 30),
        ("commercial", "unknown", "erisa-post-service", 30),
    ],
)
def test_each_line_of_business_has_its_clock_after_the_service(
    rulebook: Rulebook, line: str, funding: str, rule: str, days: int
) -> None:
    """Even in states whose own laws are about requests before the service."""
    found = due(
        rulebook.deadlines,
        member(line, funding, "TX"),
        "post-service",
        "standard",
        RECEIVED,
        ZONE,
    )
    assert found is not None and found.rule.id == rule
    assert (found.at.astimezone(ZoneInfo(ZONE)).date() - date(2026, 11, 25)).days == days
