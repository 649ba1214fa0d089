"""An update of a request that we never saw: its case begins with what the update brings along.

The request before it may have come by fax, by a portal, or to the payer's earlier system. Without it
in the bundle there is nothing to update, which is a business error.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from app.clock import Moment
from app.determine.amend import withdrawn
from app.determine.amendment import error
from app.domain.coverage import Eligibility
from app.domain.decision import BusinessProblem, Decision
from app.domain.request import PriorAuthRequest
from app.domain.update import Change, Update
from app.fhir.amended import cancelled, with_lines
from app.fhir.crd.assertion_ids import assertion_ids
from app.fhir.read import read_request
from app.fhir.read.update import prior_items
from app.fhir.write import Envelope, write_response
from app.flows.accept import Sent
from app.flows.context import Context
from app.flows.held import Early, with_resources
from app.flows.history import StoredHistory
from app.flows.judge import judge
from app.flows.prior import adoption_mark
from app.flows.record import Adoption, Intake, open_case, record
from app.flows.told_facts import rulebook_for, with_told_facts


def adopt(context: Context, sent: Sent, update: Update, waited: Early, moment: Moment) -> bytes:
    """Open a case with the update as its request; what it cancels is cancelled from the start.

    Raises Adopted when another update of the same request did so meanwhile, Taken for a twin.
    """
    bundle, request, held = sent.bundle, sent.request, None
    if not request.items:
        bundle = with_lines(bundle, [cancelled(line) for line in prior_items(bundle)])
        request, held = read_request(bundle, request.guide), orjson.dumps(bundle)
    eligibility, decision = _decided(context, sent, update, request, waited, moment)
    case, public_id = open_case(sent.caller, request, decision, moment), moment.new_uuid()
    envelope = Envelope(
        created=moment.now,
        response_id=str(public_id),
        address=context.base(request.guide),
        namespace=context.settings.namespace,
        case_number=case.number,
        attachments_url=context.attachments(request.guide),
        contested=context.settings.contested_extensions,
    )
    intake = Intake(
        caller=sent.caller,
        mark=sent.mark,
        received=sent.raw,
        claim_pointer=sent.pointer,
        request=request,
        eligibility=eligibility,
        decision=decision,
        case=case,
        public_id=public_id,
        answer=orjson.dumps(write_response(decision, request, bundle, envelope)),
        assertions=tuple(assertion_ids(bundle)),
        waited=waited,
        adopted=None if decision.errors else _adoption(update, request, held),
    )
    record(context.store, intake, moment)
    return intake.answer


def _decided(
    context: Context,
    sent: Sent,
    update: Update,
    request: PriorAuthRequest,
    waited: Early,
    moment: Moment,
) -> tuple[Eligibility | None, Decision]:
    if not update.prior_included:
        unknown = error(BusinessProblem.PRIOR_UNKNOWN)
        return None, Decision((), (unknown,), moment.now, context.rulebook.sha256)
    if waited.resources:
        whole = with_resources(sent.bundle, waited.resources, moment)
        request = replace(request, evidence=read_request(whole, request.guide).evidence)
    with context.store.read(sent.caller.tenant) as look:
        heard = with_told_facts(request, look, moment.now, context.limits)
    eligibility, decision = judge(
        heard,
        sent.bundle,
        context.eligibility,
        rulebook_for(heard, context.in_force),
        context.settings.namespace,
        moment,
        StoredHistory(context.store, sent.caller.tenant),
    )
    gone = {n for n, marks in update.marks.items.items() if Change.CANCELLED in marks}
    if update.whole:
        gone = {item.sequence for item in request.items}
    return eligibility, withdrawn(decision, frozenset(gone), moment)


def _adoption(update: Update, request: PriorAuthRequest, held: bytes | None) -> Adoption:
    prior = update.prior[0]
    return Adoption(prior, adoption_mark(prior, request), held)
