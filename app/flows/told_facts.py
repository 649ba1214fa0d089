"""What an order's hook call told us is known when the order is submitted under its assertion id.

CRD 2.2.1 found-11: guidance is kept and honoured. The call was recorded (`app.flows.hook_record`); what
it brought along about the same member counts as if it had been sent again. What the submission says
itself comes first. The version of the policy follows from the day of service, as it did in the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from app.determine.eligibility import numbers
from app.domain.crd import Hook
from app.domain.facts import Evidence, EvidenceKind
from app.domain.request import PriorAuthRequest
from app.fhir.crd.call import read_call
from app.fhir.crd.draft_claim import Asked, draft_claim
from app.fhir.crd.pool import Pool
from app.fhir.read import read_request
from app.fhir.validate import Limits
from app.fhir.validate.text import parse
from app.flows.discover import options
from app.store import HookCall, Read, Write


def with_told_facts(
    request: PriorAuthRequest, look: Read | Write, by: datetime, limits: Limits
) -> PriorAuthRequest:
    """The request with the evidence of the calls until `by` whose assertion ids its orders carry.

    Raises Unavailable when the calls cannot be read.
    """
    keys = dict.fromkeys(key for item in request.items for key in item.assertion_ids)
    told = [each for key in keys for each in _told(look, key, by, request, limits)]
    if not told:
        return request
    known = {(each.source.where, each.source.element) for each in request.evidence}
    new: dict[tuple[str, str], list[Evidence]] = {}
    for each in told:
        place = (each.source.where, each.source.element)
        if place not in known and each not in new.setdefault(place, []):
            new[place].append(each)
    added = tuple(each for found in new.values() for each in found)
    return replace(request, evidence=(*request.evidence, *added)) if added else request


def _told(
    look: Read | Write, key: str, by: datetime, request: PriorAuthRequest, limits: Limits
) -> Iterator[Evidence]:
    """The evidence of the last call that gave this assertion id, if it was about this member."""
    calls = [call for call in look.hooks.named(key) if call.at <= by]
    for call in calls[-1:]:
        before = _asked(look, call, limits)
        if before is None or not _keys(before) & _keys(request):
            continue
        yield from (each for each in before.evidence if each.kind is not EvidenceKind.ORDER)


def _keys(request: PriorAuthRequest) -> set[str]:
    return {number.key for number in numbers(request) if number.is_member_number}


def _asked(look: Read | Write, stored: HookCall, limits: Limits) -> PriorAuthRequest | None:
    document = look.documents.get(stored.request) if stored.request else None
    if document is None:
        return None
    kind = Hook(stored.hook)
    call = read_call(parse(document.content, limits), kind, options(stored.guide, kind))
    pool = Pool(call)
    coverage = next(iter(pool.of("Coverage")), {"resourceType": "Coverage"})
    asked = Asked(call.patient, coverage, call.user, "", stored.at)
    return read_request(draft_claim(asked, (), pool, UUID(int=0)), stored.guide)
