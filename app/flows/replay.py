"""Stored cases once more: the request as it was received, with the coverage that was found then and
the authorizations that the payer had given before.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

from app.domain.case import Case
from app.domain.coverage import Coverage
from app.domain.decision import Decision, Outcome
from app.domain.event import EventKind
from app.domain.roster import PaidLine
from app.fhir.read import read_request
from app.fhir.validate import Limits
from app.fhir.validate.text import parse
from app.flows.accept import bundle_in
from app.flows.history import with_history
from app.flows.told_facts import with_told_facts
from app.rulebook.simulate import Situation
from app.sealed import sealed
from app.store import Read, Store

_PAGE = 200


@sealed(frozen=True, slots=True)
class Past:
    """A stored case with its last decision, and what is needed to judge it again.

    `situation` is None where no coverage was found then: no rulebook would change that answer.
    """

    case: Case
    decision: Decision
    situation: Situation | None


def past_cases(store: Store, tenant: str, limits: Limits) -> Iterator[Past]:
    """Every stored case, oldest first."""
    after = uuid.UUID(int=0)
    while True:
        with store.read(tenant) as look:
            cases = look.cases.page(after, _PAGE)
            found = [past for case in cases if (past := _past(look, case, limits))]
        yield from found
        if not cases:
            return
        after = cases[-1].id


def _past(look: Read, case: Case, limits: Limits) -> Past | None:
    decisions = look.decisions.of(case.id)
    if not decisions:
        return None
    last = decisions[-1]
    situation = None
    if isinstance(last.eligibility, Coverage):
        situation = _situation(look, case, last.decision, last.eligibility, limits)
    return Past(case, last.decision, situation)


def _situation(
    look: Read, case: Case, decision: Decision, coverage: Coverage, limits: Limits
) -> Situation | None:
    """The newest version of the request, without the items that were cancelled."""
    received = [e for e in look.events.of(case.id) if e.kind is EventKind.RECEIVED]
    gone = {each.sequence for each in decision.items if each.outcome is Outcome.CANCELLED}
    for event in received[-1:]:
        document = look.documents.get(uuid.UUID(str(event.data["document"])))
        if document is not None:
            bundle, _ = bundle_in(parse(document.content, limits))
            request = read_request(bundle, case.guide)
            items = tuple(each for each in request.items if each.sequence not in gone)
            earlier = look.decisions.granted(coverage.member_id, case.received_at, case.id)
            heard = with_told_facts(replace(request, items=items), look, event.at, limits)
            told = with_history(heard, earlier, _paid(look, coverage, case))
            return Situation(case.number, told, coverage, event.at)
    return None


def _paid(look: Read, coverage: Coverage, case: Case) -> list[tuple[str, PaidLine]]:
    """What had been served when the case was received; the payer may have paid for it later."""
    day = case.received_at.date()
    return [
        (ref, service)
        for ref, service in look.members.paid(coverage)
        if service.period.start is not None and service.period.start <= day
    ]
