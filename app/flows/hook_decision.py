"""The rulebook's word on a hook call's orders, by the same judging and storing as for `$submit`.

Everything in scope is drafted as one request and judged. What would be approved is then drafted and
judged alone, and stored as a case of its own: that is the authorization that CRD grants (2.2.1,
unsolicited determination). The same orders with the same facts lead to the same case again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app.clock import Moment
from app.determine.assertion import assertions
from app.determine.crd_eligibility import told_apart
from app.domain.case import CaseState
from app.domain.coverage import Coverage, Eligibility, NotEligible
from app.domain.crd import Assertion
from app.domain.decision import Decision, Outcome
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import PriorAuthRequest
from app.domain.values import Identifier
from app.fhir.crd.draft_claim import Asked, Line, draft_claim
from app.fhir.crd.pool import Pool
from app.fhir.read import read_request
from app.fhir.read.values import text
from app.fhir.urls import ext, system
from app.fhir.write import Envelope, write_response
from app.flows.context import Context
from app.flows.judge import EligibilitySource, judge
from app.flows.record import Intake, open_case, record
from app.flows.repeat import Mark
from app.store import Taken

Json = dict[str, Any]
_GRANTED = (Outcome.APPROVED, Outcome.MODIFIED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked about. `grants` False: the client only wants to know (what-if)."""

    asked: Asked
    lines: Sequence[Line]
    pool: Pool
    grants: bool


@dataclass(frozen=True, slots=True)
class Discerning:
    """An eligibility source that tells apart what CRD wants told apart."""

    source: EligibilitySource
    status: str

    def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
        """The coverage, or which of the three things is wrong."""
        return told_apart(request, on, self.source.find, self.status)


def decided(
    context: Context, caller: Principal, draft: Draft, guide: Guide, moment: Moment
) -> Mapping[int, Assertion] | NotEligible | None:
    """What is said about each line by its sequence; why there is no coverage; None: not to be had."""
    rulebook = context.rulebook
    source = Discerning(context.eligibility, text(draft.asked.coverage, "status") or "active")
    _, request = _drafted(draft, draft.lines, guide)
    eligibility, decision = judge(request, {}, source, rulebook, context.settings.namespace, moment)
    if not isinstance(eligibility, Coverage):
        return eligibility
    today = moment.now.astimezone(ZoneInfo(rulebook.time_zone)).date()
    said = dict(assertions(request, eligibility, decision, rulebook, today, stored=False))
    if draft.grants:
        granted = {item.sequence for item in decision.items if item.outcome in _GRANTED}
        lines = [line for line in draft.lines if line.sequence in granted]
        said |= _granted(context, caller, draft, lines, source, guide, moment, today)
    return said


def _granted(
    context: Context,
    caller: Principal,
    draft: Draft,
    lines: Sequence[Line],
    source: EligibilitySource,
    guide: Guide,
    moment: Moment,
    today: date,
) -> Mapping[int, Assertion]:
    """The lines that are approved, with the authorization that stands for them in the store."""
    if not lines:
        return {}
    rulebook = context.rulebook
    bundle, request = _drafted(draft, lines, guide)
    mark = _mark(draft, lines)
    for _ in range(2):
        earlier = _in_force(context, caller, mark, today)
        if earlier is not None:
            coverage, decision = earlier
            return assertions(request, coverage, decision, rulebook, today, stored=True)
        found, decision = judge(request, {}, source, rulebook, context.settings.namespace, moment)
        if not isinstance(found, Coverage) or any(
            item.outcome not in _GRANTED for item in decision.items
        ):
            return {}
        try:
            _store(context, caller, mark, bundle, request, found, decision, moment)
        except Taken:
            continue  # a twin was faster: its authorization is the one
        return assertions(request, found, decision, rulebook, today, stored=True)
    return {}


def _drafted(draft: Draft, lines: Sequence[Line], guide: Guide) -> tuple[Json, PriorAuthRequest]:
    key = uuid.UUID(bytes=_mark(draft, lines).sha256[:16], version=5)
    bundle = draft_claim(draft.asked, lines, draft.pool, key)
    return bundle, read_request(bundle, guide)


def _mark(draft: Draft, lines: Sequence[Line]) -> Mark:
    """The content of the draft but for the day and for what we said about it before."""
    content = [
        draft.pool.server,
        draft.asked.patient,
        draft.asked.performer,
        [[line.sequence, line.concept, text(line.resource, "id")] for line in lines],
        [[entry["fullUrl"], _without_ours(entry["resource"])] for entry in draft.pool.entries()],
    ]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    return Mark(Identifier(system.UUID, f"crd:{digest.hex()}"), digest)


def _without_ours(resource: Json) -> Json:
    listed = resource.get("extension")
    if not isinstance(listed, list):
        return resource
    kept = [
        each
        for each in listed
        if not (isinstance(each, dict) and each.get("url") == ext.COVERAGE_INFORMATION)
    ]
    bare = {name: value for name, value in resource.items() if name != "extension"}
    return {**bare, "extension": kept} if kept else bare


def _in_force(
    context: Context, caller: Principal, mark: Mark, today: date
) -> tuple[Coverage, Decision] | None:
    """The authorization that was granted for exactly this before, when it still holds."""
    with context.store.read(caller.tenant) as look:
        submission = look.submissions.find(caller.id, mark.transaction)
        if submission is None:
            return None
        case = look.cases.get(submission.case_id)
        stored = look.decisions.of(submission.case_id)
    if case is None or case.state is not CaseState.DECIDED or not stored:
        return None
    coverage, decision = stored[-1].eligibility, stored[-1].decision
    ends = [item.grant.period.end for item in decision.items if item.grant]
    if not isinstance(coverage, Coverage) or any(end is not None and end < today for end in ends):
        return None
    return coverage, decision


def _store(
    context: Context,
    caller: Principal,
    mark: Mark,
    bundle: Json,
    request: PriorAuthRequest,
    coverage: Coverage,
    decision: Decision,
    moment: Moment,
) -> None:
    case, public_id = open_case(caller, request, decision, moment), moment.new_uuid()
    envelope = Envelope(
        created=moment.now,
        response_id=str(public_id),
        address=context.base(request.guide),
        namespace=context.settings.namespace,
        case_number=case.number,
        contested=context.settings.contested_extensions,
    )
    intake = Intake(
        caller=caller,
        mark=mark,
        received=orjson.dumps(bundle),
        claim_pointer="/entry/0/resource",
        request=request,
        eligibility=coverage,
        decision=decision,
        case=case,
        public_id=public_id,
        answer=orjson.dumps(write_response(decision, request, bundle, envelope)),
    )
    record(context.store, intake, moment)
