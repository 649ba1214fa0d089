"""Each rule's clock stands still by its own law; the strictest one after the pause counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.determine.pauses import Pause, due_with, with_pause
from app.domain.decision import Citation, Decision, Protection
from app.domain.policy import ClockPause, DeadlineRule

ZONE = "America/New_York"
RECEIVED = datetime(2026, 11, 25, 15, tzinfo=UTC)
CITED = (Citation("a law"),)
URGENT = DeadlineRule(
    "urgent", 72, "hours", CITED[0], pause=ClockPause(48, "hours", CITED, then=48)
)
COMPLETE = DeadlineRule(
    "complete", 7, "days", CITED[0], pause=ClockPause(45, "days", CITED, then=7)
)
LEFT = DeadlineRule("left", 72, "hours", CITED[0], pause=ClockPause(45, "days", CITED))
NEVER = DeadlineRule("never", 15, "days", CITED[0])


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_an_urgent_request_has_48_hours_from_the_answer_or_from_the_end_of_its_48_hours() -> None:
    """29 CFR 2560.503-1(f)(2)(i)."""
    asked = RECEIVED + hours(20)
    assert due_with(URGENT, RECEIVED, Pause(asked), ZONE) == asked + hours(96)
    assert due_with(URGENT, RECEIVED, Pause(asked, asked + hours(5)), ZONE) == asked + hours(53)
    assert due_with(URGENT, RECEIVED, Pause(asked, asked + hours(500)), ZONE) == asked + hours(96)


def test_where_time_begins_with_completeness_the_whole_of_it_follows_the_arrival() -> None:
    arrived = RECEIVED + timedelta(days=10)
    due = due_with(COMPLETE, RECEIVED, Pause(RECEIVED, arrived), ZONE)
    assert due == datetime(2026, 12, 13, 4, 59, 59, tzinfo=UTC)


def test_hours_that_were_left_are_left_afterwards() -> None:
    asked, arrived = RECEIVED + hours(1), RECEIVED + hours(31.5)
    assert due_with(LEFT, RECEIVED, Pause(asked, arrived), ZONE) == RECEIVED + hours(72 + 30.5)


def test_who_asks_after_the_deadline_gains_nothing() -> None:
    late = RECEIVED + hours(73)
    assert due_with(URGENT, RECEIVED, Pause(late), ZONE) == RECEIVED + hours(72)


def test_the_strictest_rule_after_the_pause_counts_and_no_pause_helps_beside_one_that_runs() -> (
    None
):
    rules = (COMPLETE, NEVER)
    protections = tuple(Protection(e.id, e.amount, e.unit, e.citation) for e in rules)
    due = due_with(COMPLETE, RECEIVED, Pause(RECEIVED, RECEIVED), ZONE)
    waits = Decision(
        (), (), RECEIVED, "", due=due, deadline_rule="complete", protections=protections
    )
    found = with_pause(waits, rules, RECEIVED, Pause(RECEIVED), ZONE)
    assert (found.deadline_rule, found.paused_until) == ("never", None)
    assert found.due == datetime(2026, 12, 11, 4, 59, 59, tzinfo=UTC)
    runs = replace(waits, deadline_rule="never")
    assert with_pause(runs, rules, RECEIVED, Pause(RECEIVED), ZONE) == runs
