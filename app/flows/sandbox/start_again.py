"""The demo as it was at the start: what is open is withdrawn, members are as in their file again.

The log is append-only, so nothing of a case is deleted: its items become cancelled, by an event and a
new version of its answer, and so count for nothing that is decided later. Only cases of the demo payer's
members are touched, and only rows that the demo's file names; what others imported, the rulebook,
subscriptions and registered EHR servers stay.
"""

from __future__ import annotations

import uuid

import orjson

from app import resources
from app.clock import Moment
from app.determine.amend import withdrawn
from app.determine.eligibility import number_key
from app.domain.case import CaseState
from app.domain.decision import Outcome
from app.domain.event import EventKind
from app.fhir.read.values import parts, text
from app.flows.context import Context
from app.flows.demo import FILE
from app.flows.members_import import Import, import_members
from app.flows.new_answer import answer_anew, open_stored
from app.sealed import sealed
from app.store import Write

ACTOR = "sandbox"
_LIVE = frozenset({Outcome.APPROVED, Outcome.MODIFIED, Outcome.PENDED, Outcome.NOT_REQUIRED})
_OVER = frozenset({CaseState.REJECTED, CaseState.CANCELLED})


@sealed(frozen=True, slots=True)
class Reset:
    """How many cases were withdrawn and arrivals forgotten, and how many rows of members changed."""

    cases: int
    arrivals: int
    members: int


def start_again(context: Context, moment: Moment) -> Reset:
    """Put the demo back to its start; only where there is one."""
    settings, store = context.settings, context.store
    with store.read(settings.tenant) as look:
        found = [each.case.id for each in look.cases.of_members(_keys())]
    gone = sum(_withdraw(context, case_id, moment) for case_id in found)
    plans = context.rulebook.plans.get
    path = resources.data("examples") / FILE
    report = import_members(Import(store, settings.tenant, plans), path)
    with store.write(settings.tenant) as work:
        arrivals = work.arrivals.forget()
    return Reset(gone, arrivals, report.changed)


def _keys() -> list[str]:
    """The numbers of the demo's members, as they are compared."""
    lines = (resources.data("examples") / FILE).read_bytes().splitlines()
    people = [each for line in lines if (each := orjson.loads(line))["resourceType"] == "Patient"]
    return [
        number_key(text(number, "value")) for each in people for number in parts(each, "identifier")
    ]


def _withdraw(context: Context, case_id: uuid.UUID, moment: Moment) -> bool:
    """Cancel what of a case is decided in favour, or waits; False when there is nothing."""
    with context.store.write(context.settings.tenant) as work:
        work.cases.hold(case_id)
        return _cancel(context, work, case_id, moment)


def _cancel(context: Context, work: Write, case_id: uuid.UUID, moment: Moment) -> bool:
    case = work.cases.get(case_id)
    if case is None or case.state in _OVER:
        return False
    opened = open_stored(context, work, case)
    decision = opened.stored.decision
    live = frozenset(each.sequence for each in decision.items if each.outcome in _LIVE)
    if not live:
        return False
    told: list[tuple[EventKind, dict[str, object]]] = [
        (EventKind.CANCELLED, {"because": "reset", "items": sorted(live)})
    ]
    if work.events.holders([case_id]):
        told.insert(0, (EventKind.RELEASED, {"because": "reset"}))
    answer_anew(context, work, opened, withdrawn(decision, live, moment), ACTOR, moment, told)
    return True
