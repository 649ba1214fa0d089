"""`Claim/$inquire`: an example goes in, what was decided on requests like it comes out.

PAS 2.2.1 and 2.0.1, specification: inquiry operation. Who asked about whom is written down. Each hit
is the answer that is in force, as it was given, or written anew where the case is of the other version.
Sensitive kinds of care are told to the provider who made the request alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from app.clock import Moment
from app.determine.sensitive import kept_back
from app.domain.guide import Guide
from app.domain.inquiry import Inquiry
from app.domain.principal import Principal
from app.errors import Invalid
from app.fhir.read.inquiry import read_inquiry
from app.fhir.urls import profile
from app.fhir.validate.text import parse
from app.fhir.write.inquiry import Hit, write_hits
from app.flows.accept import at_the_inquiry_door, bundle_in
from app.flows.context import Context
from app.flows.inquiry_hits import (
    asks_about_grants,
    by_old_number,
    has_diagnosis,
    is_granted_so,
    is_like,
    is_own,
    is_same_person,
    may_see,
    names_it,
)
from app.flows.inquiry_kept import Kept, Lot
from app.store import AskedAbout, Read

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
    for looked_into, kept in enumerate(_alike(context, look, inquiry, guide)):
        if looked_into == MOST_LOOKED_INTO:
            return replace(found, more=True)
        candidate = kept.candidate
        if not _is_asked_for(inquiry, kept):
            continue
        is_told = is_own(inquiry, candidate) or not kept_back(
            kept.request, context.rulebook, names_it(inquiry)
        )
        if not is_told:
            found.withheld.append(candidate.case.id)
            continue
        if len(found.hits) == MOST_HITS:
            return replace(found, more=True)
        found.hits.append(kept.hit(by_old_number(inquiry, candidate)))
        found.shown.append(candidate.case.id)
    return found


def _is_asked_for(inquiry: Inquiry, kept: Kept) -> bool:
    """What the stored columns do not tell; what is not asked about is not read."""
    return (
        is_same_person(inquiry.person, kept.person)
        and (not inquiry.diagnoses or has_diagnosis(inquiry, kept.request))
        and (
            not asks_about_grants(inquiry) or is_granted_so(inquiry, kept.candidate, kept.decision)
        )
    )


def _alike(context: Context, look: Read, inquiry: Inquiry, guide: Guide) -> Iterator[Kept]:
    """The cases that may be seen and have what the stored columns tell."""
    fitting = (
        candidate
        for candidate in look.cases.like(inquiry)
        if may_see(inquiry, candidate) and is_like(inquiry, candidate)
    )
    while some := tuple(islice(fitting, MOST_HITS + 1)):
        lot = Lot(look, [each.case.id for each in some])
        yield from (Kept(context, each, lot, guide) for each in some)
