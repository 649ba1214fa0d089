"""What an order's hook call told us is known when the order is submitted under its assertion id.

CRD 2.2.1 found-11: guidance is kept and honoured. The call was recorded (`app.flows.hook_record`); what
it brought along about the same member, and what it read from the EHR, counts as if it had been sent
again. What the submission says itself comes first. A line for a service of which the call spoke is
judged by the policy version that spoke then, whatever its day of service is now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from app.determine.eligibility import numbers
from app.domain.crd import Guidance, Hook
from app.domain.facts import Evidence, EvidenceKind
from app.domain.request import Item, PriorAuthRequest
from app.fhir.crd.call import read_call
from app.fhir.crd.draft_claim import Asked, draft_claim
from app.fhir.crd.pool import Pool
from app.fhir.read import read_request
from app.fhir.validate import Limits
from app.fhir.validate.text import parse
from app.flows.discover import options
from app.rulebook import InForce, Rulebook
from app.sealed import sealed
from app.store import HookCall, Read, Write


def with_told_facts(
    request: PriorAuthRequest, look: Read | Write, by: datetime, limits: Limits
) -> PriorAuthRequest:
    """The request with the evidence and the guidance of the calls until `by` whose assertion ids its
    orders carry.

    Raises Unavailable when the calls cannot be read.
    """
    keys = dict.fromkeys(key for item in request.items for key in item.assertion_ids)
    heard = {key: _heard(look, key, by, request, limits) for key in keys}
    guidance = [each for one in heard.values() for each in one.guidance]
    items = tuple(_guided(item, guidance) for item in request.items) if guidance else request.items
    return _with_evidence(
        replace(request, items=items), [each for one in heard.values() for each in one.evidence]
    )


def rulebook_for(request: PriorAuthRequest, in_force: InForce) -> Rulebook:
    """The rulebook to judge by: the one in force, with the policies that guided lines of the request
    as they stood when they spoke, where their text has changed since and is still on the shelf."""
    rulebook = in_force.current()
    for told in (item.guidance for item in request.items if item.guidance):
        now = rulebook.policies.get(told.policy)
        if told.policy and (now is None or now.sha256 != told.sha256):
            earlier = in_force.of(told.rulebook)
            if earlier is not None and told.policy in earlier.policies:
                rulebook = rulebook.keeping(told.policy, earlier)
    return rulebook


def _guided(item: Item, guidance: Sequence[Guidance]) -> Item:
    """The line with the guidance that its order got for its service, if it got any."""
    codes = {coding.code for coding in item.service.codings}
    for each in guidance:
        spoken = {code.rpartition("|")[2] for code in each.codes}
        if each.key in item.assertion_ids and codes & spoken:
            return replace(item, guidance=each)
    return item


def _with_evidence(request: PriorAuthRequest, told: Sequence[Evidence]) -> PriorAuthRequest:
    """What was told is added, but for the elements of which the request itself speaks."""
    known = {(each.source.where, each.source.element) for each in request.evidence}
    new: dict[tuple[str, str], list[Evidence]] = {}
    for each in told:
        place = (each.source.where, each.source.element)
        if place not in known and each not in new.setdefault(place, []):
            new[place].append(each)
    added = tuple(each for found in new.values() for each in found)
    return replace(request, evidence=(*request.evidence, *added)) if added else request


@sealed(frozen=True, slots=True)
class _Heard:
    """What a call told, and by what it judged."""

    evidence: tuple[Evidence, ...] = ()
    guidance: tuple[Guidance, ...] = ()


def _heard(
    look: Read | Write, key: str, by: datetime, request: PriorAuthRequest, limits: Limits
) -> _Heard:
    """The last call that gave this assertion id, if it was about this member."""
    calls = [call for call in look.hooks.named(key) if call.at <= by]
    before = _asked(look, calls[-1], limits) if calls else None
    if before is None or not _keys(before) & _keys(request):
        return _Heard()
    return _Heard(
        tuple(each for each in before.evidence if each.kind is not EvidenceKind.ORDER),
        tuple(each for each in calls[-1].guidance if each.key == key),
    )


def _keys(request: PriorAuthRequest) -> set[str]:
    return {number.key for number in numbers(request) if number.is_member_number}


def _asked(look: Read | Write, stored: HookCall, limits: Limits) -> PriorAuthRequest | None:
    document = look.documents.get(stored.request) if stored.request else None
    if document is None:
        return None
    kind = Hook(stored.hook)
    call = read_call(parse(document.content, limits), kind, options(stored.guide, kind))
    pool = Pool(call)
    fetched = look.documents.get(stored.fetched) if stored.fetched else None
    if fetched is not None:
        pool.add(parse(fetched.content, limits))
    coverage = next(iter(pool.of("Coverage")), {"resourceType": "Coverage"})
    asked = Asked(call.patient, coverage, call.user, "", stored.at)
    return read_request(draft_claim(asked, (), pool, UUID(int=0)), stored.guide)
