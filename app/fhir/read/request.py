"""The Claim of a submit bundle as a `PriorAuthRequest`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.facts import Evidence
from app.domain.guide import Guide
from app.domain.request import (
    CareTeamMember,
    Diagnosis,
    PriorAuthRequest,
    Urgency,
    Use,
)
from app.domain.values import Identifier, Period
from app.errors import Invalid
from app.fhir.read import clinical, orders
from app.fhir.read.answers import answers
from app.fhir.read.coverage import read_coverages
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.items import read_items
from app.fhir.read.party import read_party, read_person
from app.fhir.read.systems import concept
from app.fhir.read.values import (
    extended,
    extended_code,
    extended_text,
    first_code,
    identifier,
    identifiers,
    instant,
    part,
    parts,
    text,
    timed,
    whole,
)
from app.fhir.urls import ext, system

_URGENT_SERVICE = "U"
_URGENT_PRIORITIES = frozenset({"stat"})
_READERS = {**clinical.READERS, **orders.READERS}


def read_request(
    bundle: Mapping[str, Any], guide: Guide, *, with_evidence: bool = True
) -> PriorAuthRequest:
    """The neutral request that a PAS request bundle (parsed JSON) of `guide` carries.

    What an answer tells needs no evidence, which takes as long to read as the rest.

    Raises Invalid when there is no Claim, no items that can be told apart, or a `use` that is
    neither a preauthorization nor a predetermination; the issue names the FHIRPath.
    """
    entries = Entries(bundle)
    claim = _claim(entries)
    resource = claim.resource
    member = read_person(resource.get("patient"), entries, claim)
    diagnoses = _diagnoses(claim, entries)
    team = _care_team(claim, entries)
    information = _information(claim, entries)
    dates = _dates(resource)
    return PriorAuthRequest(
        guide=guide,
        use=_use(claim),
        transaction=identifier(bundle.get("identifier")) or Identifier("", ""),
        request_full_url=claim.full_url,
        identifiers=identifiers(resource),
        created=instant(resource.get("created")),
        urgency=_urgency(resource),
        member=member,
        coverage=read_coverages(claim, entries),
        insurer=read_party(resource.get("insurer"), entries, claim),
        submitter=read_party(resource.get("provider"), entries, claim),
        items=read_items(claim, entries, diagnoses, team, information),
        diagnoses=diagnoses,
        care_team=tuple(team.values()),
        evidence=tuple(_evidence(entries, member.full_url, _withdrawn(claim, entries)))
        if with_evidence
        else (),
        event=dates.get("patientEvent"),
        admission=dates.get("admissionDates"),
        discharge=dates.get("dischargeDates"),
        accident=concept(part(resource, "accident").get("type")),
        certification_type=extended_code(resource, ext.CERTIFICATION_TYPE),
        previous_number=extended_text(resource, ext.AUTHORIZATION_NUMBER),
        reference_number=extended_text(resource, ext.ADMINISTRATION_REFERENCE_NUMBER),
        messages=_messages(resource),
    )


def _claim(entries: Entries) -> Entry:
    """The request itself: the first Claim (an update carries the version before it as a second)."""
    found = next(entries.of("Claim"), None)
    if found is None:
        raise Invalid(
            "The bundle holds no Claim: send the request as its first entry.", at="Bundle"
        )
    return found


def _use(claim: Entry) -> Use:
    try:
        return Use(text(claim.resource, "use"))
    except ValueError:
        raise Invalid("Claim.use must be preauthorization.", at=f"{claim.path}.use") from None


def _urgency(claim: Mapping[str, Any]) -> Urgency:
    """Expedited by the level of service (X12 U) or by the priority `stat`."""
    level = extended_code(claim, ext.LEVEL_OF_SERVICE_CODE)
    if level == _URGENT_SERVICE or first_code(claim.get("priority")) in _URGENT_PRIORITIES:
        return Urgency.EXPEDITED
    return Urgency.STANDARD


def _diagnoses(claim: Entry, entries: Entries) -> tuple[Diagnosis, ...]:
    """Claim.diagnosis; one that refers to a Condition has that Condition's code."""
    read = []
    for each in parts(claim.resource, "diagnosis"):
        said = concept(each.get("diagnosisCodeableConcept"))
        if said is None:
            target = entries.follow(each.get("diagnosisReference"), claim)
            said = concept(target.resource.get("code")) if target else None
        sequence = whole(each.get("sequence"))
        if said is not None and sequence is not None:
            kind = concept(next(iter(parts(each, "type")), None))
            told = instant(extended(each, ext.DIAGNOSIS_RECORDED_DATE, "valueDate"))
            read.append(Diagnosis(sequence, said, kind, told))
    return tuple(read)


def _care_team(claim: Entry, entries: Entries) -> dict[int, CareTeamMember]:
    """Claim.careTeam by sequence; a member without a scope is of the whole request."""
    team = {}
    for each in parts(claim.resource, "careTeam"):
        sequence = whole(each.get("sequence"))
        if sequence is not None:
            team[sequence] = CareTeamMember(
                sequence=sequence,
                party=read_party(each.get("provider"), entries, claim),
                overall=extended(each, ext.CARE_TEAM_CLAIM_SCOPE, "valueBoolean") is not False,
                role=concept(each.get("role")),
                qualification=concept(each.get("qualification")),
            )
    return team


def _kinds(claim: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each supportingInfo with the PAS code of its category."""
    for each in parts(claim, "supportingInfo"):
        for coding in parts(part(each, "category"), "coding"):
            if coding.get("system") == system.TEMP:
                yield text(coding, "code"), each
                break
        else:
            yield "", each


def _dates(claim: Mapping[str, Any]) -> dict[str, Period]:
    """The dates of event, admission and discharge."""
    read: dict[str, Period] = {}
    for kind, each in _kinds(claim):
        told = timed(each, "timing")
        if told is not None:
            read.setdefault(kind, told)
    return read


def _messages(claim: Mapping[str, Any]) -> tuple[str, ...]:
    """The free-form messages."""
    return tuple(
        [
            text(each, "valueString")
            for kind, each in _kinds(claim)
            if kind == "freeFormMessage" and text(each, "valueString")
        ]
    )


def _information(claim: Entry, entries: Entries) -> dict[int, str]:
    """The addresses of supporting resources by the sequence of their supportingInfo."""
    read = {}
    for each in parts(claim.resource, "supportingInfo"):
        sequence = whole(each.get("sequence"))
        target = entries.follow(each.get("valueReference"), claim)
        if sequence is not None and target is not None:
            read[sequence] = target.full_url
    return read


def _withdrawn(claim: Entry, entries: Entries) -> frozenset[str]:
    """The addresses of supporting resources that the requester has taken back."""
    found = set()
    for each in parts(claim.resource, "supportingInfo"):
        marks = parts(each, "modifierExtension")
        taken = {"extension": marks}
        if marks and extended(taken, ext.INFO_CANCELLED, "valueBoolean") is True:
            target = entries.follow(each.get("valueReference"), claim)
            if target is not None:
                found.add(target.full_url)
    return frozenset(found)


def _evidence(entries: Entries, member: str, withdrawn: frozenset[str]) -> Iterator[Evidence]:
    """What the resources say about the member, contained ones and packed forms included."""
    for outer in entries.all:
        if outer.full_url in withdrawn:
            continue
        for entry in _within(outer):
            if clinical.usable(entry) and _is_about(entry, member, entries):
                if entry.kind == "QuestionnaireResponse":
                    yield from answers(entry, entries)
                else:
                    yield from clinical.read_all(_READERS, entry, entries)


def _within(outer: Entry) -> Iterator[Entry]:
    """The entry, the evidence contained in it, and the forms in a DTR bundle."""
    if outer.kind in _READERS or outer.kind == "QuestionnaireResponse":
        yield outer
    for resource in parts(outer.resource, "contained"):
        if text(resource, "resourceType") in _READERS:
            yield Entry(f"{outer.full_url}#{text(resource, 'id')}", resource, outer.resource)
    if outer.kind == "Bundle":
        for entry in Entries(outer.resource).of("QuestionnaireResponse"):
            yield Entry(entry.full_url, entry.resource, entry.resource)


def _is_about(entry: Entry, member: str, entries: Entries) -> bool:
    """False for a resource whose subject is somebody else than the member.

    A subject that is only displayed, or not named at all, is taken to be the member.
    """
    subject = entry.resource.get("subject", entry.resource.get("patient"))
    if not isinstance(subject, dict) or not text(subject, "reference"):
        return True
    target = entries.follow(subject, entry)
    return (target.full_url if target else text(subject, "reference")) == member
