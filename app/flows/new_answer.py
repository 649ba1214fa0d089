"""A new answer on a stored case: decision, head, readable version and log, in the caller's transaction.

Earlier answers stay readable by their version, and a repeated submit still gets the first one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import orjson

from app.clock import Moment
from app.determine.extend import Running
from app.determine.pauses import Pause, with_pause
from app.domain.case import Case, CaseState, allows
from app.domain.decision import Decision
from app.domain.event import Event, EventKind
from app.domain.request import PriorAuthRequest
from app.errors import Broken, Conflict, Invalid
from app.fhir.read import read_request
from app.fhir.urls import profile
from app.fhir.validate.text import parse
from app.fhir.write import Envelope, write_response
from app.flows.accept import bundle_in
from app.flows.context import Context
from app.flows.hand_over import hand_over
from app.flows.notify import tell
from app.flows.record import CAME_BY, MEDIA_TYPE, paused, started, state_after
from app.sealed import sealed
from app.store import CaseItem, DocumentKind, Read, Resource, StoredDecision, Write


@sealed(frozen=True, slots=True)
class Answered:
    """A case as it is after a new answer, the document that holds the answer, and its bytes."""

    case: Case
    document: uuid.UUID
    content: bytes


@sealed(frozen=True, slots=True)
class Asked:
    """What an update asks for, as it is searched for: its items, and what the head of a case has."""

    items: Sequence[CaseItem]
    born: date | None
    diagnoses: frozenset[str]


@sealed(frozen=True, slots=True)
class Open:
    """A case as it stands: what was asked (as read and as received), the decision in force, the log."""

    case: Case
    request: PriorAuthRequest
    bundle: Mapping[str, Any]
    stored: StoredDecision
    events: tuple[Event, ...]


def open_stored(context: Context, look: Read | Write, case: Case) -> Open:
    """The case with all that a new answer needs; in a writing block, hold the case first."""
    events = look.events.of(case.id)
    (*_, name) = [e.data["document"] for e in events if e.kind is EventKind.RECEIVED]
    received = look.documents.get(uuid.UUID(str(name)))
    if received is None:
        raise Broken("A stored case has lost its request.")
    bundle, _ = bundle_in(parse(received.content, context.limits))
    stored = look.decisions.of(case.id)[-1]
    return Open(case, read_request(bundle, case.guide), bundle, stored, events)


def answer_anew(
    context: Context,
    work: Write,
    opened: Open,
    decision: Decision,
    actor: str,
    moment: Moment,
    told: Sequence[tuple[EventKind, Mapping[str, object]]] = (),
    asked: Asked | None = None,
) -> Answered:
    """Store `decision` as the one in force, and its answer as the next version of the ClaimResponse.

    `told` are further events of the same change, `asked` what is asked for where an update says it
    anew. Raises Conflict when the state of the case does not allow it, Invalid when the answer would
    break its profile.
    """
    before = opened.case
    state = state_after(decision)
    _check_state(before.state, state)
    decision, clock = _clocked(context, opened, decision, state, moment)
    case = replace(
        before,
        state=state,
        due=decision.due,
        authorization_number=decision.number or before.authorization_number,
        rulebook=decision.rulebook,
        review=decision.review,
    )

    def event(kind: EventKind, data: Mapping[str, object]) -> Event:
        return Event(moment.new_id(), case.id, kind, moment.now, actor, data)

    decision_id, answer_id = moment.new_id(), moment.new_id()
    outcomes = {str(item.sequence): item.outcome.value for item in decision.items}
    data = {"decision": str(decision_id), "rulebook": decision.rulebook, "items": outcomes}
    work.decisions.add(
        decision_id, decision, opened.stored.eligibility, event(EventKind.DECIDED, data)
    )
    for kind, more in [*told, *clock]:
        work.events.append(event(kind, more))
    if decision.due is None and before.due is not None:
        work.events.append(event(EventKind.CLOCK_STOPPED, {"due": before.due.isoformat()}))
    hand_over(work, case, decision, moment, known=True)
    last = last_answer(work, opened)
    content = written(context, opened, decision, last.id, moment)
    work.documents.put(answer_id, content, DocumentKind.SENT, MEDIA_TYPE)
    answer = replace(last, document=answer_id, version=last.version + 1)
    work.resources.add(answer)
    tell(work, answer, opened.request, opened.bundle, moment)
    answered = {"document": str(answer_id), "version": answer.version}
    log = event(EventKind.ANSWERED, answered)
    if asked is None:
        work.cases.change(case, restated(work, decision, case), log)
    else:
        work.cases.change(case, asked.items, log, (asked.born, asked.diagnoses))
    return Answered(case, answer_id, content)


def _check_state(before: CaseState, after: CaseState) -> None:
    if before is not after and not allows(before, after):
        raise Conflict(f"A case that is {before} cannot become {after}.")


def _clocked(
    context: Context, opened: Open, decision: Decision, state: CaseState, moment: Moment
) -> tuple[Decision, list[tuple[EventKind, Mapping[str, object]]]]:
    """The decision with its clock paused, running again or as it was, and what the log says of that.

    An update may start the clock anew; what it stood still before does not count then.
    """
    if decision.due is None:
        return decision, []
    before = opened.stored.decision
    if len(decision.extensions) > len(before.extensions):
        return decision, [(EventKind.CLOCK_EXTENDED, _extended(decision))]
    anew = decision.due != before.due
    received, since = (moment.now, ()) if anew else _clock(opened)
    began = _first(since, EventKind.CLOCK_PAUSED)
    ended = _first(since, EventKind.CLOCK_RESUMED)
    asks = state is CaseState.AWAITING_INFORMATION
    if began is not None or asks:
        pause = Pause(began or moment.now, ended or (None if asks else moment.now))
        rulebook = context.rulebook
        decision = with_pause(decision, rulebook.deadlines, received, pause, rulebook.time_zone)
    elif not anew:
        return decision, []
    if anew:
        return decision, list(started(decision))
    if began is None and decision.paused_until:
        return decision, [(EventKind.CLOCK_PAUSED, paused(decision))]
    if began and pause.end and not ended and decision.due:
        due = {"rule": decision.deadline_rule, "due": decision.due.isoformat()}
        return decision, [(EventKind.CLOCK_RESUMED, due)]
    return decision, []


def _extended(decision: Decision) -> dict[str, object]:
    """What the log says of time that was added; the words for it stand in the decision."""
    told = decision.extensions[-1]
    return {
        "rule": decision.deadline_rule,
        "rules": list(told.rules),
        "days": told.days,
        "asked_by": told.asked_by.value,
        "due": decision.due.isoformat() if decision.due else "",
        "member_must_be_told": bool(told.notice),
    }


def running(opened: Open) -> Running:
    """The clock that runs: when it was started, and its pause if it had one."""
    received, since = _clock(opened)
    began = _first(since, EventKind.CLOCK_PAUSED)
    ended = _first(since, EventKind.CLOCK_RESUMED)
    return Running(received, Pause(began, ended) if began else None)


def _clock(opened: Open) -> tuple[datetime, tuple[Event, ...]]:
    """When the clock that runs was started, and what happened since."""
    places = [n for n, e in enumerate(opened.events) if e.kind is EventKind.CLOCK_STARTED]
    if not places:
        return opened.case.received_at, opened.events
    return opened.events[places[-1]].at, opened.events[places[-1] :]


def _first(events: tuple[Event, ...], kind: EventKind) -> datetime | None:
    return next((event.at for event in events if event.kind is kind), None)


def last_answer(work: Write, opened: Open) -> Resource:
    """The newest version of the ClaimResponse of the case, its pointer that of our own bundles."""
    (*_, name) = [e.data["document"] for e in opened.events if e.kind is EventKind.ANSWERED]
    document = work.documents.get(uuid.UUID(str(name)))
    if document is None:
        raise Broken("A stored case has lost its answer.")
    public_id = orjson.loads(document.content)["entry"][0]["resource"]["id"]
    found = work.resources.get("ClaimResponse", public_id)
    if found is None:
        raise Broken("A stored case has lost the address of its answer.")
    return found


def written(
    context: Context, opened: Open, decision: Decision, response_id: str, moment: Moment
) -> bytes:
    """The answer as JSON bytes, checked. Raises Invalid when it would break its profile."""
    envelope = Envelope(
        created=moment.now,
        response_id=response_id,
        address=context.base(opened.case.guide),
        namespace=context.settings.namespace,
        case_number=opened.case.number,
        attachments_url=context.attachments(opened.case.guide),
        contested=context.settings.contested_extensions,
        by_claim=_by_claim(opened),
    )
    answer = write_response(decision, opened.request, opened.bundle, envelope)
    if "meta" in answer:  # an opinion has no profile
        found = context.validators[opened.case.guide].bundle(answer, profile.RESPONSE_BUNDLE)
        if any(issue.is_error for issue in found):
            raise Invalid("The answer would break rules of its profile.", found)
    return orjson.dumps(answer)


def _by_claim(opened: Open) -> bool:
    """Whether the provider sent a Claim, with the request or with its last update."""
    (*_, last) = [e for e in opened.events if e.kind is EventKind.RECEIVED]
    return CAME_BY not in last.data


def restated(work: Write, decision: Decision, case: Case) -> list[CaseItem]:
    """The stored items of a case with what was decided on them now."""
    made = {each.sequence: each for each in decision.items}
    return [
        replace(
            item,
            outcome=made[item.sequence].outcome,
            authorization_number=grant.number if (grant := made[item.sequence].stands) else "",
            review_reference=made[item.sequence].review_reference,
        )
        for item in work.cases.items(case.id)
        if item.sequence in made
    ]
