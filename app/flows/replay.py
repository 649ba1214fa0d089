"""Stored cases once more: the request as it was received, with the coverage that was found then and
the authorizations that the payer had given before.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.case import Case
from app.domain.coverage import Coverage
from app.domain.decision import Decision, Outcome
from app.domain.event import EventKind
from app.domain.request import PriorAuthRequest
from app.fhir.read import read_request
from app.fhir.validate import Limits
from app.fhir.validate.text import parse
from app.flows.accept import bundle_in
from app.flows.history import Asked, OpenHistory, asks_history, with_history
from app.flows.told_facts import with_told_facts
from app.rulebook import Rulebook
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


def past_cases(
    store: Store, tenant: str, limits: Limits, rulebooks: Sequence[Rulebook]
) -> Iterator[Past]:
    """Every stored case, oldest first, with what one of these rulebooks wants to know of the past."""
    after = uuid.UUID(int=0)
    while True:
        with store.read(tenant) as look:
            cases = look.cases.page(after, _PAGE)
            found = [past for case in cases if (past := _past(look, case, limits, rulebooks))]
        yield from found
        if not cases:
            return
        after = cases[-1].id


def _past(look: Read, case: Case, limits: Limits, rulebooks: Sequence[Rulebook]) -> Past | None:
    decisions = look.decisions.of(case.id)
    if not decisions:
        return None
    last = decisions[-1]
    situation = None
    if isinstance(last.eligibility, Coverage):
        heard = _heard(look, case, last.decision, limits)
        if heard is not None:
            request, at = heard
            told = _told(look, case, request, last.eligibility, rulebooks)
            situation = Situation(case.number, told, last.eligibility, at)
    return Past(case, last.decision, situation)


def _heard(
    look: Read, case: Case, decision: Decision, limits: Limits
) -> tuple[PriorAuthRequest, datetime] | None:
    """The newest version of the request, without the items that were cancelled, and when it came."""
    received = [e for e in look.events.of(case.id) if e.kind is EventKind.RECEIVED]
    gone = {each.sequence for each in decision.items if each.outcome is Outcome.CANCELLED}
    for event in received[-1:]:
        document = look.documents.get(uuid.UUID(str(event.data["document"])))
        if document is not None:
            bundle, _ = bundle_in(parse(document.content, limits))
            request = read_request(bundle, case.guide)
            items = tuple(each for each in request.items if each.sequence not in gone)
            heard = with_told_facts(replace(request, items=items), look, event.at, limits)
            return heard, event.at
    return None


def _told(
    look: Read,
    case: Case,
    request: PriorAuthRequest,
    coverage: Coverage,
    rulebooks: Sequence[Rulebook],
) -> PriorAuthRequest:
    """The request with what was known when it came: authorizations given, and services given before
    that day, though the payer may have paid for them later.
    """
    at = case.received_at
    wanted = [asks_history(request, book, book.today(at)) for book in rulebooks]
    asked = Asked(
        any(each.authorizations for each in wanted), any(each.paid_claims for each in wanted)
    )
    history = OpenHistory(look, case.id, served_by=at.date())
    return with_history(request, *asked.of(history, coverage, at))
