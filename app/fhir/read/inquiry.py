"""The Claim of an inquiry bundle as an `Inquiry`: what narrows the search, and who asks.

Claim.identifier names the question itself and never narrows (PAS specification, inquiry).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.determine.eligibility import Payer, is_ours, numbers
from app.domain.decision import Outcome
from app.domain.guide import Guide
from app.domain.inquiry import Example, Inquiry
from app.domain.request import Item, Party, Person, PriorAuthRequest
from app.domain.values import Period
from app.errors import Invalid, NotForHere
from app.fhir.kind import claim_of
from app.fhir.read.entries import Entries
from app.fhir.read.party import read_person
from app.fhir.read.request import read_request
from app.fhir.read.values import extended_code, extension, parts, period, timed
from app.fhir.urls import ext, system

_HEAD = "Bundle.entry[0].resource"
_ANSWERS: Mapping[str, frozenset[Outcome]] = {
    "A1": frozenset({Outcome.APPROVED, Outcome.NOT_REQUIRED}),
    "A3": frozenset({Outcome.DENIED, Outcome.NOT_COVERED}),
    "A4": frozenset({Outcome.PENDED}),
    "A6": frozenset({Outcome.MODIFIED}),
}
"""What a review action code asks for; a code that is not here does not narrow."""


def read_inquiry(bundle: Mapping[str, Any], guide: Guide, payers: tuple[Payer, ...]) -> Inquiry:
    """What an inquiry bundle (parsed JSON) of `guide` asks of `payers`.

    Raises Invalid without a member number or a provider's NPI, NotForHere for another payer.
    """
    read = read_request(bundle, guide, with_evidence=False)
    if is_ours(read.insurer, payers) is False:
        raise NotForHere("The insurer is another payer: ask that one.", at=f"{_HEAD}.insurer")
    members = _members(read, payers)
    providers = provider_npis([read.submitter])
    if not members:
        raise Invalid(
            "An inquiry is about one member: give the Coverage (or the Patient) an identifier of "
            "type MB.",
            at=f"{_HEAD}.insurance",
        )
    if not providers:
        raise Invalid(
            "An inquiry is a provider's: give the resource of Claim.provider its NPI.",
            at=f"{_HEAD}.provider",
        )
    claim = claim_of(bundle)
    return Inquiry(
        person=read.member,
        members=members,
        provider_npis=frozenset(providers),
        team_npis=frozenset(provider_npis(each.party for each in read.care_team)),
        numbers=_given((read.previous_number, read.reference_number)),
        days=period(claim.get("billablePeriod")),
        diagnoses=frozenset(pair for each in read.diagnoses for pair in each.concept.codes()),
        examples=tuple(
            [
                _example(item, raw)
                for item, raw in zip(read.items, parts(claim, "item"), strict=True)
            ]
        ),
    )


def read_answered(bundle: Mapping[str, Any]) -> Person:
    """Whom one of our answers (a response bundle as parsed JSON) is about."""
    entries = Entries(bundle)
    response = next(entries.of("ClaimResponse"))
    return read_person(response.resource.get("patient"), entries, response)


def provider_npis(parties: Iterable[Party]) -> tuple[str, ...]:
    """Every NPI of these parties: a role has its practitioner's and its organization's."""
    return tuple(
        dict.fromkeys(
            each.value
            for party in parties
            for each in party.identifiers
            if each.system == system.NPI and each.value
        )
    )


def _members(read: PriorAuthRequest, payers: tuple[Payer, ...]) -> tuple[str, ...]:
    found = [each.key for each in numbers(read, payers) if each.is_member_number]
    return tuple(dict.fromkeys(found))


def _given(values: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({value}) for value in values if value)


def _example(item: Item, raw: Mapping[str, Any]) -> Example:
    """The data-absent-reason `not-applicable` stands for any service (spec-43)."""
    services = frozenset(
        pair
        for pair in item.service.codes()
        if pair != (system.DATA_ABSENT_REASON, "not-applicable")
    )
    traces = frozenset(each.value for each in item.trace_numbers)
    numbered = _given((item.previous_number, item.reference_number))
    return Example(
        services=services,
        days=item.serviced,
        numbers=(*numbered, traces) if traces else numbered,
        outcomes=_ANSWERS.get(extended_code(raw, ext.REVIEW_ACTION_CODE), frozenset()),
        issued=_certified(raw, ext.ITEM_CERTIFICATION_ISSUE_DATE),
        effective=_certified(raw, ext.ITEM_CERTIFICATION_EFFECTIVE_DATE),
        expires=_certified(raw, ext.ITEM_CERTIFICATION_EXPIRATION_DATE),
    )


def _certified(raw: Mapping[str, Any], url: str) -> Period | None:
    """A day of the authorization asked for, or the days between which it lies."""
    told = extension(raw, url)
    return timed(told, "value") if told else None
