"""`Claim/$submit` and `Claim/$predetermine`: a request goes in, an answer comes out. The whole story.

PAS 2.2.1 and 2.0.1, specification: submit operation. A refusal is an exception (4xx), a business
"no" is an answer, and what we could not find out pends; nothing here can deny. A predetermination
takes the same road and ends in an opinion: it has numbers of its own and authorizes nothing.
"""

from __future__ import annotations

import orjson

from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import Use
from app.errors import Invalid
from app.fhir.crd.assertion_ids import assertion_ids
from app.fhir.read import Entries, read_request
from app.fhir.validate.text import parse
from app.fhir.write import Envelope, write_response
from app.flows.accept import AMENDING, Sent, accept, at_the_door, bundle_in
from app.flows.amend import amend, refuse_late
from app.flows.context import Context
from app.flows.held import NOTHING, early, with_resources
from app.flows.history import StoredHistory
from app.flows.judge import judge
from app.flows.known import what_is_known
from app.flows.prior import overtaken
from app.flows.record import Intake, open_case, record
from app.flows.repeat import earlier_answer, mark_of
from app.flows.told_facts import rulebook_for, with_told_facts
from app.store import Taken


def submit(
    context: Context,
    caller: Principal,
    raw: bytes,
    guide: Guide,
    moment: Moment,
    use: Use = Use.PREAUTHORIZATION,
    came_by: str = "",
) -> bytes:
    """The response bundle for a submission; all of it is stored, or nothing. `use` is the door.

    `came_by` says how the request came where the provider sent no Claim, as `fax`: then somebody at
    the payer's wrote this one, and no answer refers to it.

    Raises Malformed, Invalid (with every issue), NotForHere, Conflict or TooLarge for what the
    caller must change; Unavailable or Broken when we could not answer.
    """
    bundle, path = bundle_in(parse(raw, context.limits))
    kind = at_the_door(bundle, guide, use)
    mark = mark_of(bundle, guide)
    try:
        accept(bundle, kind, context.validators[guide])
    except Invalid:
        if mark and (earlier := earlier_answer(context, caller, mark, moment)):
            return earlier  # what was answered stays answered, whatever the rules are by now
        raise
    if mark is None:
        raise Invalid("The bundle needs an identifier with a value.", at="Bundle.identifier")
    entries = Entries(bundle)
    request = read_request(entries, guide)
    sent = Sent(caller, raw, bundle, f"{path}/entry/0/resource", mark, request)
    known = what_is_known(context, sent, kind)
    if known.submitted and (earlier := earlier_answer(context, caller, mark, moment)):
        return earlier
    if kind in AMENDING:
        return amend(context, sent, moment)
    late, waited = None, NOTHING
    if known.adopted or known.held:
        with context.store.read(caller.tenant) as look:
            late = overtaken(context, look, sent) if known.adopted else None
            waited = early(context, look, caller, request, moment) if known.held else NOTHING
    if late is not None:
        return refuse_late(context, sent, late, moment)
    if waited.resources:
        request = read_request(with_resources(bundle, waited.resources, moment), guide)
    if known.told:
        with context.store.read(caller.tenant) as look:
            request = with_told_facts(request, look, moment.now, context.limits)
    namespace = context.settings.namespace
    eligibility, decision = judge(
        request,
        bundle,
        context.eligibility,
        rulebook_for(request, context.in_force),
        namespace,
        moment,
        StoredHistory(context.store, caller.tenant),
    )
    case, public_id = open_case(caller, request, decision, moment), moment.new_uuid()
    envelope = Envelope(
        created=moment.now,
        response_id=str(public_id),
        address=context.base(guide),
        namespace=namespace,
        case_number=case.number,
        attachments_url=context.attachments(guide),
        contested=context.settings.contested_extensions,
        by_claim=not came_by,
    )
    intake = Intake(
        caller=caller,
        mark=mark,
        received=raw,
        claim_pointer=f"{path}/entry/0/resource",
        request=request,
        eligibility=eligibility,
        decision=decision,
        case=case,
        public_id=public_id,
        answer=orjson.dumps(write_response(decision, request, entries, envelope)),
        assertions=tuple(assertion_ids(bundle)),
        waited=waited,
        came_by=came_by,
    )
    try:
        record(context.store, intake, moment)
    except Taken:
        if earlier := earlier_answer(context, caller, mark, moment):
            return earlier  # a twin was faster: its answer is the answer
        raise
    return intake.answer
