"""`Claim/$submit` with an update or a cancellation (PASClaimUpdate): the next version of a request.

PAS 2.2.1 and 2.0.1, specification: updating authorization requests. What is marked is judged again,
all else keeps its findings. A business "no" (after a denial, out of date, incomplete) is an answer
that changes nothing. Judging happens before the transaction; inside it the case is held, and if it
changed meanwhile everything is done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from app.clock import Moment
from app.determine.amend import amended
from app.determine.amendment import Amendment, compared, error, hindrance
from app.domain.coverage import Eligibility
from app.domain.decision import BusinessError, BusinessProblem, Decision, Outcome
from app.domain.event import Event, EventKind
from app.domain.update import Named, Update
from app.errors import Broken, Invalid, Unavailable
from app.fhir.amended import cancelled, lines_of, with_lines
from app.fhir.read import read_request
from app.fhir.read.update import read_marks, read_update
from app.flows.accept import Sent
from app.flows.adopt import adopt
from app.flows.context import Context
from app.flows.held import NOTHING, Early, arrived, early, give, with_resources
from app.flows.history import StoredHistory
from app.flows.judge import judge
from app.flows.new_answer import Asked, Open, answer_anew, last_answer, restated, written
from app.flows.prior import NEWEST, Found, find
from app.flows.record import (
    MACHINE,
    MEDIA_TYPE,
    case_item,
    diagnosis_codes,
    eligibility_found,
    names_of,
)
from app.flows.repeat import earlier_answer
from app.flows.review import holder
from app.flows.told_facts import rulebook_for, with_told_facts
from app.sealed import sealed
from app.store import Adopted, DocumentKind, NameKind, Resource, Submission, Taken, Write

TRIES = 5
"""How often an update is judged anew because its case changed meanwhile."""


@sealed(frozen=True, slots=True)
class _Plan:
    """What will be stored: the whole request as it is now, and the decision on it or the refusal."""

    opened: Open
    decision: Decision
    amendment: Amendment
    eligibility: Eligibility | None
    waited: Early = NOTHING
    problem: BusinessProblem | None = None


def amend(context: Context, sent: Sent, moment: Moment) -> bytes:
    """The response bundle; the change is stored whole, or nothing of it.

    Raises Invalid and NotForHere for what the caller must change, Unavailable or Broken when we
    could not answer.
    """
    update = read_update(sent.bundle)
    for _ in range(TRIES):
        try:
            answer = _once(context, sent, update, moment)
        except Adopted:
            continue
        except Taken:
            if earlier := earlier_answer(context, sent.caller, sent.mark, moment):
                return earlier  # a twin was faster: its answer is the answer
            raise
        if answer is not None:
            return answer
    raise Unavailable("The request changes too fast; send the update again.")


def refuse_late(context: Context, sent: Sent, found: Found, moment: Moment) -> bytes:
    """The answer in force, for a request that comes in after its own update."""
    why = error(BusinessProblem.UPDATE_OUT_OF_DATE, "Bundle.entry[0].resource")
    plan = _no(found.opened, sent, (why,), moment)
    try:
        with context.store.write(sent.caller.tenant) as work:
            return _refuse(context, work, sent, plan, moment)
    except Taken:
        if earlier := earlier_answer(context, sent.caller, sent.mark, moment):
            return earlier
        raise


def _once(context: Context, sent: Sent, update: Update, moment: Moment) -> bytes | None:
    """The answer, or None when the case changed while we were judging."""
    tenant = sent.caller.tenant
    with context.store.read(tenant) as look:
        found = find(context, look, sent.caller, sent.request, update)
        waited = early(context, look, sent.caller, sent.request, moment)
    if found is None:
        return adopt(context, sent, update, waited, moment)
    plan = _plan(context, sent, update, found, waited, moment)
    try:
        return _commit(context, sent, update, found, plan, moment)
    except Invalid as fault:
        raise Broken("The answer to an update would break rules of its profile.") from fault


def _commit(
    context: Context, sent: Sent, update: Update, found: Found, plan: _Plan, moment: Moment
) -> bytes | None:
    with context.store.write(sent.caller.tenant) as work:
        case_id = found.opened.case.id
        work.cases.hold(case_id)
        if work.events.of(case_id)[-1].id != found.opened.events[-1].id:
            return None
        if plan.problem is not None:
            return _refuse(context, work, sent, plan, moment)
        return _store(context, work, sent, update, found, plan, moment)


def _plan(
    context: Context, sent: Sent, update: Update, found: Found, waited: Early, moment: Moment
) -> _Plan:
    opened = found.opened
    bundle, request = sent.bundle, sent.request
    if update.whole and not request.items:
        bundle = with_lines(bundle, [cancelled(line) for line in lines_of(opened.bundle)])
        request = read_request(bundle, request.guide)
    decision = opened.stored.decision
    if not found.is_current:
        why = error(BusinessProblem.UPDATE_OUT_OF_DATE)
        return _no(opened, sent, (why,), moment)
    before = read_marks(opened.bundle)
    amendment = compared(
        update, before, opened.request, request, decision, told_more=bool(waited.resources)
    )
    hindered = hindrance(update, amendment, request, decision)
    if hindered is not None:
        return _no(opened, sent, (hindered,), moment)
    told = replace(opened, request=request, bundle=bundle)
    eligibility, fresh = opened.stored.eligibility, None
    if amendment.judged:
        eligibility, fresh = _judged(context, sent, told, amendment, waited, moment)
        if fresh.errors:
            return _no(opened, sent, fresh.errors, moment)
    restarting = frozenset(each.id for each in context.rulebook.deadlines if each.restarts)
    made = amended(decision, fresh, amendment, request, restarting, moment)
    return _Plan(told, made, amendment, eligibility, waited)


def _judged(
    context: Context,
    sent: Sent,
    told: Open,
    amendment: Amendment,
    waited: Early,
    moment: Moment,
) -> tuple[Eligibility | None, Decision]:
    """What the rules say now of all items that are not cancelled, with everything attached so far.

    Items that keep their authorization count as authorized before, so that a renewal is told from a
    first request.
    """
    tenant, stored, request = sent.caller.tenant, told.stored.decision, told.request
    gone = amendment.cancelled | {
        each.sequence for each in stored.items if each.outcome is Outcome.CANCELLED
    }
    kept = tuple(e for e in stored.items if e.sequence not in amendment.judged | gone)
    with context.store.read(tenant) as look:
        more = (*arrived(context, look, told.events), *waited.resources)
        whole = with_resources(told.bundle, more, moment)
        if more:
            request = read_request(whole, request.guide)
        request = with_told_facts(request, look, moment.now, context.limits)
    items = tuple(each for each in request.items if each.sequence not in gone)
    return judge(
        replace(request, items=items),
        whole,
        context.eligibility,
        rulebook_for(request, context.in_force),
        context.settings.namespace,
        moment,
        StoredHistory(context.store, tenant, told.case.id, (replace(stored, items=kept),)),
    )


def _no(opened: Open, sent: Sent, errors: tuple[BusinessError, ...], moment: Moment) -> _Plan:
    """The answer that is in force, told to this update together with what is wrong with it."""
    bundle = with_lines(sent.bundle, lines_of(opened.bundle))
    told = replace(opened, request=read_request(bundle, opened.case.guide), bundle=bundle)
    decision = replace(opened.stored.decision, errors=errors, made_at=moment.now)
    return _Plan(told, decision, Amendment(), None, problem=errors[0].problem)


def _refuse(context: Context, work: Write, sent: Sent, plan: _Plan, moment: Moment) -> bytes:
    """Keep what was asked and answered; the case stays as it is. The answer has an id of its own."""
    opened, case = plan.opened, plan.opened.case
    assert plan.problem is not None
    request_id, answer_id, public_id = moment.new_id(), moment.new_id(), str(moment.new_uuid())
    content = written(context, opened, plan.decision, public_id, moment)
    work.documents.put(request_id, sent.raw, DocumentKind.RECEIVED, MEDIA_TYPE)
    work.documents.put(answer_id, content, DocumentKind.SENT, MEDIA_TYPE)
    work.resources.add(
        Resource(
            "ClaimResponse",
            public_id,
            case.guide,
            case.submitter,
            case.id,
            answer_id,
            "/entry/0/resource",
        )
    )
    told = {
        "document": str(answer_id),
        "received": str(request_id),
        "problem": plan.problem.value,
    }
    event = Event(
        moment.new_id(), case.id, EventKind.UPDATE_REFUSED, moment.now, sent.caller.id, told
    )
    work.submissions.claim(_submission(sent, opened, request_id, answer_id, moment), event)
    return content


def _store(
    context: Context,
    work: Write,
    sent: Sent,
    update: Update,
    found: Found,
    plan: _Plan,
    moment: Moment,
) -> bytes:
    """The new version of request and answer, and the log of both."""
    opened, case = plan.opened, plan.opened.case
    version = found.version + 1

    def log(kind: EventKind, actor: str, data: Mapping[str, object]) -> None:
        work.events.append(Event(moment.new_id(), case.id, kind, moment.now, actor, data))

    request_id = held_id = moment.new_id()
    work.documents.put(request_id, sent.raw, DocumentKind.RECEIVED, MEDIA_TYPE)
    if opened.bundle is not sent.bundle:
        held_id = moment.new_id()
        held = orjson.dumps(opened.bundle)
        work.documents.put(held_id, held, DocumentKind.RECEIVED, MEDIA_TYPE)
    log(EventKind.RECEIVED, sent.caller.id, {"document": str(held_id)})
    kind = EventKind.CANCELLED if update.whole else EventKind.UPDATED
    if who := holder(opened.events):
        log(EventKind.RELEASED, who, {"because": kind.value})
    if plan.amendment.judged:
        log(EventKind.ELIGIBILITY_CHECKED, MACHINE, eligibility_found(plan.eligibility))
    give(work, plan.waited, case, moment)
    _name(work, sent, update, found, version)
    stored = replace(opened.stored, eligibility=plan.eligibility)
    sequences = {each.sequence for each in opened.request.items}
    items = [case_item(each, opened.request, plan.decision) for each in opened.request.items]
    items += [
        each for each in restated(work, plan.decision, case) if each.sequence not in sequences
    ]
    answered = answer_anew(
        context,
        work,
        replace(opened, stored=stored),
        plan.decision,
        MACHINE,
        moment,
        asked=Asked(items, opened.request.member.birth_date, diagnosis_codes(opened.request)),
    )
    public_id = last_answer(work, opened).id
    claim = work.resources.get("Claim", public_id)
    if claim is None:
        raise Broken("A stored case has lost the address of its request.")
    work.resources.add(
        replace(claim, document=request_id, pointer=sent.pointer, version=claim.version + 1)
    )
    told = _told(request_id, version, update, plan)
    changed = Event(moment.new_id(), case.id, kind, moment.now, sent.caller.id, told)
    submission = _submission(sent, opened, request_id, answered.document, moment)
    work.submissions.claim(submission, changed)
    return answered.content


def _told(request_id: object, version: int, update: Update, plan: _Plan) -> dict[str, object]:
    """What the log says of the change: sequences of items and papers, never their content."""
    amendment = plan.amendment
    kinds = {
        str(each.sequence): each.certification_type
        for each in plan.opened.request.items
        if each.sequence in amendment.added | amendment.changed
    }
    listed = {
        name: sorted(getattr(amendment, name))
        for name in ("added", "changed", "cancelled", "informed", "unmarked", "papers")
    }
    prior = update.prior[0].full_url if update.prior else ""
    return {
        "document": str(request_id),
        "version": version,
        "prior": prior,
        "certification": kinds,
        **{name: numbers for name, numbers in listed.items() if numbers},
    }


def _name(work: Write, sent: Sent, update: Update, found: Found, version: int) -> None:
    """From now on the update's own names mean this version, and a prior Claim that was skipped (we
    never received it) the one that is over.
    """
    case = found.opened.case
    own = Named(sent.request.request_full_url, sent.request.identifiers)
    work.request_names.add(case.submitter, case.id, version, names_of(own))
    first = update.prior[0].full_url if update.prior else ""
    if not first or found.base == NEWEST:
        return
    known = work.request_names.find(case.submitter, NameKind.URL, first)
    if case.id not in {each.case_id for each in known}:
        names = [(NameKind.URL, first)]
        work.request_names.add(case.submitter, case.id, found.version, names)


def _submission(sent: Sent, opened: Open, request: Any, answer: Any, moment: Moment) -> Submission:
    return Submission(
        sent.caller.id,
        sent.mark.transaction,
        sent.mark.sha256,
        moment.now,
        opened.case.id,
        request,
        answer,
    )
