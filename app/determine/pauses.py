"""What asking does to a clock: it stands still where the rule's own law lets it, and nowhere else.

Each rule that protects the member has its own clock, so the strictest may be another one while the
first stands still. A rule's clock stands still once, for the first thing that was asked for, and never
longer than its law gives the requester to answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.determine.deadlines import Due, instant_due, strictness
from app.domain.decision import Decision
from app.domain.policy import DeadlineRule
from app.sealed import sealed

_END_OF_DAY = time(23, 59, 59)


@sealed(frozen=True, slots=True)
class Pause:
    """From the instant at which something was asked for; `end` None while it has not arrived."""

    start: datetime
    end: datetime | None = None


def due_with(
    rule: DeadlineRule, received: datetime, pause: Pause | None, zone: str, more: int = 0
) -> datetime:
    """When the time of one rule is over, with `more` days and what it stands still; while nothing has
    arrived, as if it came at the last instant.
    """
    due = _later(rule, instant_due(rule, received, zone), timedelta(days=more), zone)
    if rule.pause is None or pause is None or pause.start >= due:
        return due
    end = _end(rule, pause, zone)
    if rule.pause.then:
        then = instant_due(replace(rule, amount=rule.pause.then), end, zone)
        return _later(rule, then, timedelta(days=more), zone)
    if rule.unit == "hours":
        return due + (end - pause.start)
    local = ZoneInfo(zone)
    stood = end.astimezone(local).date() - pause.start.astimezone(local).date()
    return _later(rule, due, stood, zone)


def _later(rule: DeadlineRule, due: datetime, days: timedelta, zone: str) -> datetime:
    """Some days later: to the second for a rule in hours, else at the end of the day."""
    if not days or rule.unit == "hours":
        return due + days
    local = ZoneInfo(zone)
    last = due.astimezone(local).date() + days
    return datetime.combine(last, _END_OF_DAY, local).astimezone(due.tzinfo)


def paused_until(
    rule: DeadlineRule, received: datetime, pause: Pause, zone: str, more: int = 0
) -> datetime | None:
    """Until when the rule's clock stands still at most, None where it runs."""
    if rule.pause is None or pause.end or pause.start >= due_with(rule, received, None, zone, more):
        return None
    return _end(rule, pause, zone)


def with_pause(
    decision: Decision, rules: Iterable[DeadlineRule], received: datetime, pause: Pause, zone: str
) -> Decision:
    """A decision that waits, due when the strictest of its protecting rules says so after the pause.

    Only a clock that the law lets stand still is moved: without such a rule nothing changes.
    """
    protecting = {each.rule for each in decision.protections}
    found = [each for each in rules if each.id in protecting]
    governing = next((each for each in found if each.id == decision.deadline_rule), None)
    if decision.due is None or governing is None or governing.pause is None:
        return replace(decision, paused_until=None)
    first = strictest(decision, found, received, pause, zone)
    until = paused_until(first.rule, received, pause, zone, added(decision, first.rule))
    return replace(decision, due=first.at, deadline_rule=first.rule.id, paused_until=until)


def strictest(
    decision: Decision,
    rules: Iterable[DeadlineRule],
    received: datetime,
    pause: Pause | None,
    zone: str,
) -> Due:
    """Which of these rules ends first, with what it stands still and the days added to its clock."""
    return min(
        (Due(due_with(e, received, pause, zone, added(decision, e)), e) for e in rules),
        key=strictness,
    )


def added(decision: Decision, rule: DeadlineRule) -> int:
    """How many days were added to the clock of a rule."""
    return sum(each.days for each in decision.extensions if rule.id in each.rules)


def _end(rule: DeadlineRule, pause: Pause, zone: str) -> datetime:
    assert rule.pause is not None
    at_most = replace(rule, amount=rule.pause.most, unit=rule.pause.unit)
    latest = instant_due(at_most, pause.start, zone)
    return min(pause.end or latest, latest)
