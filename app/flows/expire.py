"""Deadlines that passed: a case that still waits after its due instant gets that into its log."""

from __future__ import annotations

from app.clock import Moment
from app.domain.case import Case
from app.domain.event import Event, EventKind
from app.store import Store

MOST = 200
"""Cases in one round: each has a transaction of its own, so that none holds up the others."""


def expire(store: Store, tenant: str, moment: Moment) -> tuple[Case, ...]:
    """Note each missed deadline once, and return the cases that missed theirs.

    Several workers may run at the same time. A late case stays with whom it waits for: no machine
    decides it, least of all against the member.
    """
    with store.read(tenant) as look:
        late = look.cases.overdue(moment.now, MOST)
    for case in late:
        if case.due is not None:
            event = Event(
                moment.new_id(),
                case.id,
                EventKind.CLOCK_EXPIRED,
                moment.now,
                "machine",
                {"due": case.due.isoformat()},
            )
            with store.write(tenant) as work:
                work.events.append_unless(event, since=case.due)
    return late
