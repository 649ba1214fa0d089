"""Events that were told and authorizations that are long over: what subscribers and inquiries still see.

PAS 2.2.1 spec-73 wants authorizations to be found for six months after the planned end of the service
at least. Afterwards inquiries about one end; the case with its log and its documents stays.
"""

from __future__ import annotations

from datetime import date, timedelta

from app.clock import Moment
from app.domain.decision import Decision
from app.domain.event import Event, EventKind
from app.sealed import sealed
from app.store import Listed, Store

BATCH = 500
"""Member numbers in one transaction, so that nobody waits long for the only writer of SQLite."""


@sealed(frozen=True, slots=True)
class Visible:
    """For how many days: an event that a subscriber confirmed, and an authorization after its end."""

    notices: int
    inquiry: int


@sealed(frozen=True, slots=True)
class Retired:
    """How many events are gone, and how many member numbers no longer lead to a case."""

    notices: int
    numbers: int


def retire(store: Store, tenant: str, visible: Visible, moment: Moment) -> Retired:
    """End what is older than `visible` says. Raises Unavailable; what was ended stays so."""
    with store.write(tenant) as work:
        notices = work.deliveries.forget_told(moment.now - timedelta(days=visible.notices))
    until, count = moment.now - timedelta(days=visible.inquiry), 0
    last: Listed | None = None
    while True:
        with store.read(tenant) as look:
            listed = look.cases.past(until, last, BATCH)
            maybe = [each for each in listed if not each.last_day or each.last_day < until.date()]
            decided = look.decisions.in_force([each.case_id for each in maybe])
        over = [
            each
            for each in maybe
            if each.case_id in decided and _is_over(decided[each.case_id](), until.date())
        ]
        if over:
            with store.write(tenant) as work:
                for each in over:
                    work.cases.retire(each, _retired(each, moment))
        count += len(over)
        if len(listed) < BATCH:
            return Retired(notices, count)
        last = listed[-1]


def _is_over(decision: Decision, until: date) -> bool:
    """Whether nothing that was granted goes on at `until`: a grant without an end does."""
    grants = [item.stands for item in decision.items if item.stands is not None]
    granted = [grant.period.end for grant in grants]
    granted += [grant.service_period.end for grant in grants if grant.service_period]
    return all(end is not None and end < until for end in granted)


def _retired(listed: Listed, moment: Moment) -> Event:
    return Event(moment.new_id(), listed.case_id, EventKind.RETIRED, moment.now, "machine", {})
