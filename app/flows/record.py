"""One transaction for one submission: request, case, decision, events, clocks and answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from app.clock import Moment
from app.determine.eligibility import number_key, numbers
from app.domain.case import Case, CaseState
from app.domain.coverage import Coverage, Eligibility
from app.domain.decision import Decision, ItemDecision, Outcome, PendCause
from app.domain.event import Event, EventKind
from app.domain.principal import Principal
from app.domain.request import Item, PriorAuthRequest, Use
from app.domain.update import Named
from app.fhir.read.inquiry import provider_npis
from app.flows.hand_over import hand_over
from app.flows.held import NOTHING, Early, give
from app.flows.repeat import Mark
from app.sealed import sealed
from app.store import CaseItem, DocumentKind, NameKind, Resource, Store, Submission, Write

MEDIA_TYPE = "application/fhir+json"
MACHINE = "machine"
CAME_BY = "came_by"
"""In the event of the arrival: how, where no Claim was sent."""
FIRST, UNSEEN = 1, 0
"""Versions of a request: the first that we received, and one before it that we never saw."""
_PREFIXES = {Use.PREAUTHORIZATION: "FC", Use.PREDETERMINATION: "FP"}
"""A predetermination is a case with a reference of its own, never mistaken for an authorization."""


@sealed(frozen=True, slots=True)
class Adoption:
    """A request that came as the update of one that we never saw: `prior` is what it names.

    `mark` says who means which member, so that of one prior request only one case is made. `held` is
    the document from which the answer was written, where it is not what was received.
    """

    prior: Named
    mark: str
    held: bytes | None = None


@sealed(frozen=True, slots=True)
class Intake:
    """Everything about one submission that will be stored, and the keys under which it will be.

    `public_id` is the id of both readable resources, `ClaimResponse/{id}` and `Claim/{id}`;
    `claim_pointer` says where the Claim stands in `received` (RFC 6901). `assertions` are the ids of
    what CRD said before about the orders, `waited` what came before the request and was held for it.
    `came_by` is set where the provider sent no Claim: `received` was written here then.
    """

    caller: Principal
    mark: Mark
    received: bytes
    claim_pointer: str
    request: PriorAuthRequest
    eligibility: Eligibility | None
    decision: Decision
    case: Case
    public_id: uuid.UUID
    answer: bytes
    assertions: tuple[str, ...] = ()
    waited: Early = NOTHING
    adopted: Adoption | None = None
    came_by: str = ""


def open_case(
    caller: Principal,
    request: PriorAuthRequest,
    decision: Decision,
    moment: Moment,
) -> Case:
    """The head of a new case; its history is what `record` stores with it."""
    return Case(
        id=moment.new_id(),
        tenant=caller.tenant,
        number=moment.new_number(_PREFIXES[request.use]),
        guide=request.guide,
        state=state_after(decision),
        submitter=caller.id,
        requestor_npi=request.submitter.npi,
        member_id=decision.member_id,
        plan=decision.plan,
        line=decision.line,
        received_at=moment.now,
        due=decision.due,
        authorization_number=decision.number,
        rulebook=decision.rulebook,
        review=decision.review,
    )


def state_after(decision: Decision) -> CaseState:
    """Where a first decision leaves the case: what waits for information waits for that first."""
    if decision.errors and not decision.items:
        return CaseState.REJECTED
    waiting = [item for item in decision.items if item.outcome is Outcome.PENDED]
    causes = {item.pend_cause for item in waiting}
    if decision.items and all(each.outcome is Outcome.CANCELLED for each in decision.items):
        return CaseState.CANCELLED
    if not waiting:
        return CaseState.DECIDED
    if PendCause.MISSING_FACTS in causes:
        return CaseState.AWAITING_INFORMATION
    return CaseState.WITH_DELEGATE if causes == {PendCause.DELEGATE} else CaseState.IN_REVIEW


def record(store: Store, intake: Intake, moment: Moment) -> None:
    """Store the whole submission or nothing.

    Raises Taken when the same caller's identifier was stored by somebody else meanwhile.
    """
    case, log = intake.case, _Log(intake.case.id, moment)
    request_id, decision_id, answer_id = moment.new_id(), moment.new_id(), moment.new_id()
    held_id = moment.new_id() if intake.adopted and intake.adopted.held else request_id
    with store.write(case.tenant) as work:
        work.documents.put(request_id, intake.received, DocumentKind.RECEIVED, MEDIA_TYPE)
        work.cases.add(
            case,
            [case_item(item, intake.request, intake.decision) for item in intake.request.items],
            log.event(EventKind.RECEIVED, intake.caller.id, _received(intake, held_id)),
            _members(intake),
            intake.request.member.birth_date,
            diagnosis_codes(intake.request),
        )
        if intake.request.use is Use.PREAUTHORIZATION:
            own = Named(intake.request.request_full_url, intake.request.identifiers)
            work.request_names.add(case.submitter, case.id, FIRST, names_of(own))
        if intake.adopted:
            _adopt(work, intake, log, held_id, request_id)
        work.hooks.lead_to_case(intake.assertions, case.id)
        give(work, intake.waited, case, moment)
        hand_over(work, case, intake.decision, moment)
        covered = eligibility_found(intake.eligibility)
        work.events.append(log.event(EventKind.ELIGIBILITY_CHECKED, MACHINE, covered))
        decided = _decided(decision_id, intake.decision) | _guided(intake.request)
        work.decisions.add(
            decision_id,
            intake.decision,
            intake.eligibility,
            log.event(EventKind.DECIDED, MACHINE, decided),
        )
        for kind, data in _what_waits(intake.decision):
            work.events.append(log.event(kind, MACHINE, data))
        work.documents.put(answer_id, intake.answer, DocumentKind.SENT, MEDIA_TYPE)
        work.resources.add(_readable(intake, "ClaimResponse", answer_id, "/entry/0/resource"))
        if not intake.came_by:
            work.resources.add(_readable(intake, "Claim", request_id, intake.claim_pointer))
        work.submissions.claim(
            _submission(intake, request_id, answer_id),
            log.event(EventKind.ANSWERED, MACHINE, {"document": str(answer_id)}),
        )


def _received(intake: Intake, document: uuid.UUID) -> dict[str, object]:
    told: dict[str, object] = {"document": str(document)}
    return told | ({CAME_BY: intake.came_by} if intake.came_by else {})


def diagnosis_codes(request: PriorAuthRequest) -> frozenset[str]:
    """The codes by which a request is searched for."""
    return frozenset(code for each in request.diagnoses for _, code in each.concept.codes())


def names_of(named: Named) -> Iterator[tuple[NameKind, str]]:
    """The names under which a Claim is found again when an update speaks of it."""
    if named.full_url:
        yield NameKind.URL, named.full_url
    for each in named.identifiers:
        yield NameKind.IDENTIFIER, f"{each.system}|{each.value}"


def _adopt(
    work: Write, intake: Intake, log: _Log, held_id: uuid.UUID, request_id: uuid.UUID
) -> None:
    """Note that the request before this one was not known here; its names lead here from now on."""
    adopted, case = intake.adopted, intake.case
    assert adopted is not None
    if adopted.held:
        work.documents.put(held_id, adopted.held, DocumentKind.RECEIVED, MEDIA_TYPE)
    names = [*names_of(adopted.prior), (NameKind.ADOPTED, adopted.mark)]
    work.request_names.add(case.submitter, case.id, UNSEEN, names)
    told = {"document": str(request_id), "prior": adopted.prior.full_url}
    work.events.append(log.event(EventKind.ADOPTED, intake.caller.id, told))


def _readable(intake: Intake, kind: str, document: uuid.UUID, pointer: str) -> Resource:
    case = intake.case
    name = str(intake.public_id)
    return Resource(kind, name, case.guide, case.submitter, case.id, document, pointer)


def _submission(intake: Intake, request: uuid.UUID, answer: uuid.UUID) -> Submission:
    case, mark = intake.case, intake.mark
    return Submission(
        case.submitter, mark.transaction, mark.sha256, case.received_at, case.id, request, answer
    )


@sealed(frozen=True, slots=True)
class _Log:
    case_id: uuid.UUID
    moment: Moment

    def event(self, kind: EventKind, actor: str, data: Mapping[str, object]) -> Event:
        return Event(self.moment.new_id(), self.case_id, kind, self.moment.now, actor, data)


def eligibility_found(eligibility: Eligibility | None) -> dict[str, object]:
    """What the look-up of the coverage gave, for the log."""
    if eligibility is None:
        return {"found": False, "problem": "not-reached"}
    if isinstance(eligibility, Coverage):
        return {"found": True, "plan": eligibility.plan.id}
    return {"found": False, "problem": eligibility.problem.value}


def _decided(decision_id: uuid.UUID, decision: Decision) -> dict[str, object]:
    return {
        "decision": str(decision_id),
        "rulebook": decision.rulebook,
        "items": {str(item.sequence): item.outcome.value for item in decision.items},
        "errors": [error.problem.value for error in decision.errors],
    }


def _guided(request: PriorAuthRequest) -> dict[str, object]:
    """By which earlier CRD guidance lines were judged: `sequence` → assertion id, policy, version."""
    told = {str(each.sequence): each.guidance for each in request.items if each.guidance}
    kept = {
        name: {"assertion": each.key, "policy": each.policy, "version": each.version}
        for name, each in told.items()
    }
    return {"guided_by": kept} if kept else {}


def _what_waits(decision: Decision) -> Iterator[tuple[EventKind, dict[str, object]]]:
    """What was asked for, and the clock that runs until the pended items must be decided."""
    needed = {
        str(item.sequence): [need.fact for need in item.needed]
        for item in decision.items
        if item.needed and item.outcome is Outcome.PENDED
    }
    if needed:
        yield EventKind.INFORMATION_REQUESTED, {"facts": needed}
    yield from started(decision)


def started(decision: Decision) -> Iterator[tuple[EventKind, dict[str, object]]]:
    """What the log says of a clock that begins to run, and that it stands still at once."""
    if decision.due is not None:
        yield (
            EventKind.CLOCK_STARTED,
            {"due": decision.due.isoformat(), "rule": decision.deadline_rule},
        )
    if decision.paused_until is not None:
        yield EventKind.CLOCK_PAUSED, paused(decision)


def paused(decision: Decision) -> dict[str, object]:
    """What the log says of a clock that stands still."""
    until = decision.paused_until.isoformat() if decision.paused_until else ""
    return {"rule": decision.deadline_rule, "until": until}


def case_item(item: Item, request: PriorAuthRequest, decision: Decision) -> CaseItem:
    """An item as it can be asked for: what was requested, and where it stands."""
    decided = next((d for d in decision.items if d.sequence == item.sequence), None)
    service = item.service.first()
    starts, ends = _days(item, request)
    asked = CaseItem(
        sequence=item.sequence,
        service_system=service.system if service else "",
        service_code=service.code if service else "",
        starts=starts,
        ends=ends,
        ordering_npis=provider_npis([request.submitter]),
        rendering_npis=provider_npis(
            [
                *[member.party for member in item.care_team],
                *[member.party for member in request.care_team if member.overall],
            ]
        ),
        traces=item.trace_numbers,
    )
    return _answered(asked, decided) if decided else asked


def _answered(asked: CaseItem, decided: ItemDecision) -> CaseItem:
    policy = decided.policy
    return replace(
        asked,
        outcome=decided.outcome,
        authorization_number=decided.stands.number if decided.stands else "",
        review_reference=decided.review_reference,
        policy_id=policy.id if policy else "",
        policy_version=policy.version if policy else "",
        policy_sha256=policy.sha256 if policy else "",
    )


def _days(item: Item, request: PriorAuthRequest) -> tuple[date | None, date | None]:
    """The days of the service as asked for; an end before its start is left out."""
    period = item.serviced or request.event
    if period is None:
        return None, None
    if period.start and period.end and period.end < period.start:
        return period.start, None
    return period.start, period.end


def _members(intake: Intake) -> tuple[str, ...]:
    """The member numbers under which others find the case: the payer's own and those sent.

    An opinion is found by nobody: it is no authorization.
    """
    if intake.request.use is not Use.PREAUTHORIZATION:
        return ()
    sent = [each.key for each in numbers(intake.request) if each.is_member_number]
    keys = dict.fromkeys([number_key(intake.decision.member_id), *sent])
    return tuple([key for key in keys if key])
