"""What an update does to clocks and to what was authorized before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from app.clock import Moment, moment
from app.determine.amend import amended
from app.determine.amendment import Amendment
from app.domain.decision import Decision, Grant, ItemDecision, Outcome, PendCause, ReviewKind
from app.domain.guide import Guide
from app.domain.request import Item, PriorAuthRequest
from app.domain.values import Concept, Period, Quantity
from app.fhir.read import read_request
from tests.world import example

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)
OLD_DUE, NEW_DUE = NOW + timedelta(days=2), NOW + timedelta(days=7)
CHANGED = Amendment(changed=frozenset({1}))


def at() -> Moment:
    return replace(moment(), now=NOW)


def grant(units: int) -> Grant:
    period = Period(date(2026, 12, 1), date(2027, 11, 30))
    return Grant(f"FA-{units}", NOW.date(), period, Quantity(Decimal(units), "months"))


def item(outcome: Outcome, units: int = 0) -> ItemDecision:
    cause = PendCause.CLINICAL_REVIEW if outcome is Outcome.PENDED else None
    granted = grant(units) if units else None
    return ItemDecision(
        1, outcome, ReviewKind.PRIOR_AUTHORIZATION, (), grant=granted, pend_cause=cause
    )


def decision(one: ItemDecision, due: datetime | None, rule: str) -> Decision:
    waits = one.outcome is Outcome.PENDED
    return Decision((one,), (), NOW, "book", due=due if waits else None, deadline_rule=rule)


def after() -> PriorAuthRequest:
    whole = read_request(example("no-authorization-needed", Guide.V22), Guide.V22)
    return replace(whole, items=(Item(1, Concept()),))


def test_a_changed_item_that_waits_keeps_its_time_unless_the_rule_starts_it_anew() -> None:
    old = decision(item(Outcome.PENDED), OLD_DUE, "old")
    new = decision(item(Outcome.PENDED), NEW_DUE, "new")
    kept = amended(old, new, CHANGED, after(), frozenset(), at())
    assert (kept.due, kept.deadline_rule) == (OLD_DUE, "old")
    restarted = amended(old, new, CHANGED, after(), frozenset({"new"}), at())
    assert (restarted.due, restarted.deadline_rule) == (NEW_DUE, "new")


def test_a_decided_item_that_is_changed_and_waits_has_a_time_of_its_own() -> None:
    old = decision(item(Outcome.APPROVED, 36), None, "")
    new = decision(item(Outcome.PENDED), NEW_DUE, "new")
    made = amended(old, new, CHANGED, after(), frozenset(), at())
    assert (made.due, made.deadline_rule) == (NEW_DUE, "new")
    assert made.items[0].replaces == "FA-36"
    assert [each.code for each in made.items[0].reasons] == ["earlier-stands"]


def test_no_machine_gives_less_than_was_authorized() -> None:
    old = decision(item(Outcome.APPROVED, 36), None, "")
    for fresh in (item(Outcome.MODIFIED, 12), item(Outcome.NOT_COVERED)):
        made = amended(old, decision(fresh, None, ""), CHANGED, after(), frozenset(), at())
        (one,) = made.items
        assert (one.outcome, one.pend_cause) == (Outcome.PENDED, PendCause.CLINICAL_REVIEW)
        assert made.due is not None


def test_asking_for_less_is_granted_as_asked() -> None:
    old = decision(item(Outcome.APPROVED, 36), None, "")
    new = decision(item(Outcome.APPROVED, 12), None, "")
    made = amended(old, new, CHANGED, after(), frozenset(), at())
    assert made.items[0].grant == grant(12)
