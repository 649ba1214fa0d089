"""`Claim/$inquire`: an example goes in, what was decided on requests like it comes out.

PAS 2.2.1 and 2.0.1, specification: inquiry operation. Who asked about whom is written down. Each hit
is written anew from the request as it was received and the decision that is in force, in the version
asked. Sensitive kinds of care are told to the provider who made the request alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

import orjson

from app.clock import Moment
from app.determine.sensitive import kept_back
from app.domain.case import Case
from app.domain.decision import Decision
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
from app.flows.inquiry_hits import (
    by_old_number,
    has_diagnosis,
    is_granted_so,
    is_like,
    is_own,
    is_same_person,
    may_see,
    names_it,
)
from app.flows.record import CAME_BY
from app.store import AskedAbout, Candidate, Read

MOST_HITS = 25
"""Hits in one answer, the newest; one more is told by a warning."""
MOST_LOOKED_INTO = 200
"""Requests that one inquiry reads: what SQL cannot tell, such as a name, is compared in them."""


@dataclass(slots=True)
class _Found:
    """What there is to answer; `withheld` are keys of cases that this provider is not told about."""

    hits: list[Hit] = field(default_factory=list)
    shown: list[uuid.UUID] = field(default_factory=list)
    withheld: list[uuid.UUID] = field(default_factory=list)
    more: bool = False


def inquire(context: Context, caller: Principal, raw: bytes, guide: Guide, moment: Moment) -> bytes:
    """The answer of `guide`: Parameters with a Bundle for each hit (2.2), one Bundle (2.0).

    Raises Malformed, Invalid (with every issue), NotForHere or TooLarge for what the caller must
    change; Unavailable or Broken when we could not answer, or could not write down who asked.
    """
    bundle, _ = bundle_in(parse(raw, context.limits))
    at_the_inquiry_door(bundle, guide)
    issues = context.validators[guide].bundle(bundle, profile.INQUIRY_REQUEST_BUNDLE)
    if any(issue.is_error for issue in issues):
        raise Invalid("The bundle breaks rules of its profile.", issues)
    with context.store.read(caller.tenant) as look:
        inquiry = read_inquiry(bundle, guide, tuple(look.members.payers()))
        found = _find(context, look, inquiry, guide)
    with context.store.write(caller.tenant) as work:
        work.inquiries.add(_asked(caller, inquiry, guide, found, moment))
    phone = context.rulebook.sensitive.phone if found.withheld else ""
    return write_hits(
        found.hits, guide, moment.now, moment.new_uuid(), more=found.more, withheld=phone
    )


def _asked(
    caller: Principal, inquiry: Inquiry, guide: Guide, found: _Found, moment: Moment
) -> AskedAbout:
    return AskedAbout(
        id=moment.new_id(),
        at=moment.now,
        guide=guide,
        caller=caller.id,
        members=inquiry.members,
        npis=tuple(sorted(inquiry.provider_npis)),
        shown=tuple(found.shown),
        withheld=tuple(found.withheld),
    )


def _find(context: Context, look: Read, inquiry: Inquiry, guide: Guide) -> _Found:
    found = _Found()
    for looked_into, (candidate, hit) in enumerate(_alike(context, look, inquiry, guide)):
        if looked_into == MOST_LOOKED_INTO:
            return replace(found, more=True)
        same = is_same_person(inquiry.person, hit.request.member)
        alike = has_diagnosis(inquiry, hit.request)
        if not (same and alike and is_granted_so(inquiry, candidate, hit.decision)):
            continue
        is_told = is_own(inquiry, candidate) or not kept_back(
            hit.request, context.rulebook, names_it(inquiry)
        )
        if not is_told:
            found.withheld.append(candidate.case.id)
            continue
        if len(found.hits) == MOST_HITS:
            return replace(found, more=True)
        found.hits.append(hit)
        found.shown.append(candidate.case.id)
    return found


def _alike(
    context: Context, look: Read, inquiry: Inquiry, guide: Guide
) -> Iterator[tuple[Candidate, Hit]]:
    """The cases that may be seen and have what the stored columns tell, as hits."""
    fitting = (
        candidate
        for candidate in look.cases.like(inquiry)
        if may_see(inquiry, candidate) and is_like(inquiry, candidate)
    )
    while some := tuple(islice(fitting, MOST_HITS + 1)):
        ids = [each.case.id for each in some]
        decisions, papers = look.decisions.in_force(ids), look.events.papers(ids)
        contents = look.documents.contents([each.received for each in papers.values()])
        names = look.resources.in_documents(
            "ClaimResponse", [each.answered for each in papers.values()]
        )
        for candidate in some:
            try:
                of_case = papers[candidate.case.id]
                stored = _Stored(
                    decisions[candidate.case.id],
                    contents[of_case.received],
                    names[of_case.answered],
                    of_case.at,
                    CAME_BY not in of_case.noted,
                )
            except KeyError:
                raise Broken("A stored case has lost its request or its answer.") from None
            replaced = by_old_number(inquiry, candidate)
            yield candidate, _hit(context, candidate.case, stored, guide, replaced)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is kept of a case: the decision in force, the request, the id of its answer, when that was
    given, and whether the provider sent a Claim.
    """

    decision: Decision
    received: bytes
    response_id: str
    at: datetime
    by_claim: bool


def _hit(context: Context, case: Case, stored: _Stored, guide: Guide, replaced: bool) -> Hit:
    """The request of a case with the decision in force; ids are those of the answer given first."""
    bundle, _ = bundle_in(orjson.loads(stored.received))  # its limits were held when it came
    envelope = Envelope(
        created=stored.at,
        response_id=stored.response_id,
        address=context.base(case.guide),
        namespace=context.settings.namespace,
        case_number=case.number,
        attachments_url=context.attachments(case.guide),
        contested=context.settings.contested_extensions,
        by_claim=stored.by_claim,
    )
    request = read_request(bundle, guide, with_evidence=False)
    return Hit(stored.decision, request, bundle, envelope, replaced)
