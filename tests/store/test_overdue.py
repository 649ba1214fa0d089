"""Overdue cases are found and noted alike on both databases."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.clock import uuid7
from app.domain.case import Case, CaseState
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.store import Store

DUE = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def a_case(state: CaseState, due: datetime | None) -> Case:
    return Case(
        id=uuid7(),
        tenant="demo",
        number=f"FC-{uuid.uuid4().hex}",
        guide=Guide.V22,
        state=state,
        submitter="someone",
        requestor_npi="",
        member_id="",
        plan="",
        line="",
        received_at=DUE - timedelta(days=7),
        due=due,
    )


def event(case: Case, kind: EventKind, at: datetime) -> Event:
    return Event(uuid7(), case.id, kind, at, "machine", {})


def add(store: Store, case: Case) -> Case:
    with store.write(case.tenant) as work:
        work.cases.add(case, [], event(case, EventKind.RECEIVED, case.received_at))
    return case


def overdue(store: Store, at: datetime, tenant: str = "demo", most: int = 10) -> list[uuid.UUID]:
    with store.read(tenant) as look:
        return [case.id for case in look.cases.overdue(at, most)]


def test_only_waiting_cases_past_their_due_instant_are_overdue(store: Store) -> None:
    late = add(store, a_case(CaseState.IN_REVIEW, DUE))
    later = add(store, a_case(CaseState.AWAITING_INFORMATION, DUE + timedelta(seconds=1)))
    add(store, a_case(CaseState.DECIDED, DUE))
    add(store, a_case(CaseState.REJECTED, None))
    add(store, replace(a_case(CaseState.IN_REVIEW, DUE), tenant="another"))
    assert overdue(store, DUE) == []
    assert overdue(store, DUE + timedelta(seconds=1)) == [late.id]
    assert overdue(store, DUE + timedelta(days=1)) == [late.id, later.id]
    assert overdue(store, DUE + timedelta(days=1), most=1) == [late.id]


def test_an_expiry_before_a_later_due_instant_does_not_count(store: Store) -> None:
    """A deadline that was extended can be missed again."""
    case = add(store, a_case(CaseState.IN_REVIEW, DUE))
    with store.write("demo") as work:
        early = event(case, EventKind.CLOCK_EXPIRED, DUE - timedelta(days=1))
        work.events.append(early)
    assert overdue(store, DUE + timedelta(days=1)) == [case.id]
