"""`Claim/$inquire`: an example goes in, what was decided on requests like it comes out.

PAS 2.2.1 and 2.0.1, specification: inquiry operation. Nothing is stored. Each hit is written anew
from the request as it was received and the decision that is in force, in the version asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from app.clock import Moment
from app.domain.case import Case
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.inquiry import Inquiry
from app.domain.principal import Principal
from app.errors import Broken, Invalid
from app.fhir.read import read_request
from app.fhir.read.inquiry import read_inquiry
from app.fhir.urls import profile
from app.fhir.validate.text import parse
from app.fhir.write import Envelope
from app.fhir.write.inquiry import Hit, write_hits
from app.flows.accept import at_the_inquiry_door, bundle_in
from app.flows.context import Context
from app.flows.inquiry_hits import has_diagnosis, is_like, is_same_person, may_see
from app.store import Read

MOST_HITS = 25
"""Hits in one answer, the newest; one more is told by a warning."""


def inquire(context: Context, caller: Principal, raw: bytes, guide: Guide, moment: Moment) -> bytes:
    """The answer of `guide`: Parameters with a Bundle for each hit (2.2), one Bundle (2.0).

    Raises Malformed, Invalid (with every issue), NotForHere or TooLarge for what the caller must
    change; Unavailable or Broken when we could not answer.
    """
    bundle, _ = bundle_in(parse(raw, context.limits))
    at_the_inquiry_door(bundle, guide)
    issues = context.validators[guide].bundle(bundle, profile.INQUIRY_REQUEST_BUNDLE)
    if any(issue.is_error for issue in issues):
        raise Invalid("The bundle breaks rules of its profile.", issues)
    with context.store.read(caller.tenant) as look:
        inquiry = read_inquiry(bundle, guide, tuple(look.members.payers()))
        hits: list[Hit] = []
        for hit in _hits(context, look, inquiry, guide):
            if len(hits) == MOST_HITS:
                return write_hits(hits, guide, moment.now, moment.new_uuid(), more=True)
            hits.append(hit)
    return write_hits(hits, guide, moment.now, moment.new_uuid(), more=False)


def _hits(context: Context, look: Read, inquiry: Inquiry, guide: Guide) -> Iterator[Hit]:
    for candidate in look.cases.of_members(inquiry.members):
        if may_see(inquiry, candidate) and is_like(inquiry, candidate):
            hit = _hit(context, look, candidate.case, guide)
            same = is_same_person(inquiry.person, hit.request.member)
            if same and has_diagnosis(inquiry, hit.request):
                yield hit


def _hit(context: Context, look: Read, case: Case, guide: Guide) -> Hit:
    """The request of a case with the decision in force; ids are those of the answer given first."""
    received, answered = _documents(look, case.id)
    bundle, _ = bundle_in(parse(received, context.limits))
    response: dict[str, Any] = orjson.loads(answered)["entry"][0]["resource"]
    envelope = Envelope(
        created=datetime.fromisoformat(response["created"]),
        response_id=response["id"],
        address=context.base(case.guide),
        namespace=context.settings.namespace,
        case_number=case.number,
        attachments_url=context.attachments(case.guide),
        contested=context.settings.contested_extensions,
    )
    decision = look.decisions.of(case.id)[-1].decision
    return Hit(decision, read_request(bundle, guide), bundle, envelope)


def _documents(look: Read, case_id: uuid.UUID) -> tuple[bytes, bytes]:
    """The request and the answer of a case."""
    named = {
        event.kind: uuid.UUID(str(event.data["document"]))
        for event in look.events.of(case_id)
        if event.kind in (EventKind.RECEIVED, EventKind.ANSWERED)
    }
    received = look.documents.get(named[EventKind.RECEIVED])
    answered = look.documents.get(named[EventKind.ANSWERED])
    if received is None or answered is None:
        raise Broken("A stored case has lost its request or its answer.")
    return received.content, answered.content
