"""By when a decision is due: the strictest of the dated, cited rules that protect this member.

The day of receipt is day 0; a deadline in days ends with its last day in the payer's time zone; hours
run from the instant of receipt; business days skip weekends and federal holidays (5 USC 6103).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.domain.coverage import Coverage, Funding
from app.domain.policy import DeadlineRule
from app.sealed import sealed

_END_OF_DAY = time(23, 59, 59)


@sealed(frozen=True, slots=True)
class Due:
    """When an answer is due, and the rule that says so."""

    at: datetime
    rule: DeadlineRule


def dues(
    rules: Iterable[DeadlineRule],
    review: str,
    urgency: str,
    received: datetime,
    zone: str,
    policy: str = "",
) -> list[Due]:
    """What each of a member's `protections` that applies says, the strictest first."""
    found = [
        Due(instant_due(rule, received, zone), rule)
        for rule in rules
        if (not rule.reviews or review in rule.reviews)
        and (not rule.urgencies or urgency in rule.urgencies)
        and (not rule.policies or policy in rule.policies)
    ]
    return sorted(found, key=strictness)


def strictness(found: Due) -> tuple[datetime, str]:
    """What sorts the strictest deadline first, and always the same one."""
    return found.at, found.rule.id


def protections(
    rules: Iterable[DeadlineRule], coverage: Coverage, day: date
) -> tuple[DeadlineRule, ...]:
    """Every rule that protects this member on `day`: federal, state and plan.

    Where the funding of the plan is unknown, the rules of every funding count (the strictest wins).
    """
    plan = coverage.plan
    line, funding, state = str(plan.line), str(plan.funding), plan.state or coverage.state
    any_funding = plan.funding is Funding.UNKNOWN
    return tuple(
        [
            rule
            for rule in rules
            if (not rule.lines or line in rule.lines)
            and (not rule.states or state in rule.states)
            and (any_funding or not rule.funding or funding in rule.funding)
            and rule.period.covers(day)
        ]
    )


def instant_due(rule: DeadlineRule, received: datetime, zone: str) -> datetime:
    """The instant at which the time of one rule is over, in UTC as `received` is."""
    if rule.unit == "hours":
        return received + timedelta(hours=rule.amount)
    local = ZoneInfo(zone)
    day = received.astimezone(local).date()
    if rule.unit == "days":
        day += timedelta(days=rule.amount)
    else:
        day = business_day(day, rule.amount)
    return datetime.combine(day, _END_OF_DAY, local).astimezone(received.tzinfo)


def business_day(day: date, amount: int) -> date:
    """The `amount`-th business day after `day`."""
    while amount:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays(day.year):
            amount -= 1
    return day


@lru_cache(maxsize=16)
def holidays(year: int) -> frozenset[date]:
    """The federal holidays as kept in `year`: on Friday for a Saturday, on Monday for a Sunday."""
    fixed = [
        date(year, 1, 1),
        date(year, 6, 19),
        date(year, 7, 4),
        date(year, 11, 11),
        date(year, 12, 25),
        date(year + 1, 1, 1),
    ]
    moved = [
        _nth(year, 1, 0, 3),
        _nth(year, 2, 0, 3),
        _nth(year, 6, 0, 1) - timedelta(days=7),
        _nth(year, 9, 0, 1),
        _nth(year, 10, 0, 2),
        _nth(year, 11, 3, 4),
    ]
    kept = {5: -1, 6: 1}
    observed = {day + timedelta(days=kept.get(day.weekday(), 0)) for day in fixed}
    return frozenset(day for day in {*observed, *moved} if day.year == year)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
