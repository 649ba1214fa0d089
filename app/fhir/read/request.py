"""The Claim of a submit bundle as a `PriorAuthRequest`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    Nodes,
    by_url,
    extended,
    first,
    first_code,
    identifier,
    identifiers,
    instant,
    part,
    parts,
    text,
    timed,
    told_code,
    told_text,
    whole,
)
from app.fhir.urls import ext, system

_URGENT_SERVICE = "U"
_URGENT_PRIORITIES = frozenset({"stat"})
_READERS = {**clinical.READERS, **orders.READERS}
_FORM = "QuestionnaireResponse"


def read_request(
    received: Mapping[str, Any] | Entries, guide: Guide, *, with_evidence: bool = True
) -> PriorAuthRequest:
    """The neutral request that a PAS request bundle of `guide` carries.

    `received` is the bundle as parsed, or its entries where an answer is written from them too.
    What an answer tells needs no evidence, which takes as long to read as the rest.

    Raises Invalid when there is no Claim, no items that can be told apart, or a `use` that is
    neither a preauthorization nor a predetermination; the issue names the FHIRPath.
    """
    entries = received if isinstance(received, Entries) else Entries(received)
    claim = _claim(entries)
    resource = claim.resource
    told = by_url(resource)
    member = read_person(resource.get("patient"), entries, claim)
    diagnoses = _diagnoses(claim, entries)
    team = _care_team(claim, entries)
    papers = _Papers(claim, entries)
    dates = papers.dates
    return PriorAuthRequest(
        guide=guide,
        use=_use(claim),
        transaction=identifier(entries.bundle.get("identifier")) or Identifier("", ""),
        request_full_url=claim.full_url,
        identifiers=identifiers(resource),
        created=instant(resource.get("created")),
        urgency=_urgency(resource, told),
        member=member,
        coverage=read_coverages(claim, entries),
        insurer=read_party(resource.get("insurer"), entries, claim),
        submitter=read_party(resource.get("provider"), entries, claim),
        items=read_items(claim, entries, diagnoses, team, papers.addresses),
        diagnoses=diagnoses,
        care_team=tuple(team.values()),
        evidence=_evidence(entries, member.full_url, papers.withdrawn) if with_evidence else (),
        event=dates.get("patientEvent"),
        admission=dates.get("admissionDates"),
        discharge=dates.get("dischargeDates"),
        accident=concept(part(resource, "accident").get("type")),
        certification_type=told_code(told, ext.CERTIFICATION_TYPE),
        previous_number=told_text(told, ext.AUTHORIZATION_NUMBER),
        reference_number=told_text(told, ext.ADMINISTRATION_REFERENCE_NUMBER),
        messages=tuple(papers.messages),
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


def _urgency(claim: Mapping[str, Any], told: Mapping[str, Nodes]) -> Urgency:
    """Expedited by the level of service (X12 U) or by the priority `stat`."""
    level = told_code(told, ext.LEVEL_OF_SERVICE_CODE)
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
            kind = concept(first(each, "type"))
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


class _Papers:
    """What Claim.supportingInfo says: dates by their PAS code, free-form messages, and resources.

    `addresses` are those of the resources by sequence, `withdrawn` those that the requester has
    taken back.
    """

    __slots__ = ("addresses", "dates", "messages", "withdrawn")

    def __init__(self, claim: Entry, entries: Entries) -> None:
        self.dates: dict[str, Period] = {}
        self.messages: list[str] = []
        self.addresses: dict[int, str] = {}
        self.withdrawn: set[str] = set()
        for each in parts(claim.resource, "supportingInfo"):
            if "valueReference" in each:
                self._lead(each, entries.follow(each["valueReference"], claim))
            kind = _category(each)
            told = timed(each, "timing")
            if told is not None:
                self.dates.setdefault(kind, told)
            if kind == "freeFormMessage" and (said := text(each, "valueString")):
                self.messages.append(said)

    def _lead(self, each: Mapping[str, Any], target: Entry | None) -> None:
        if target is None:
            return
        sequence = whole(each.get("sequence"))
        if sequence is not None:
            self.addresses[sequence] = target.full_url
        if "modifierExtension" in each:
            marks = {"extension": each["modifierExtension"]}
            if extended(marks, ext.INFO_CANCELLED, "valueBoolean") is True:
                self.withdrawn.add(target.full_url)


def _category(information: Mapping[str, Any]) -> str:
    """The PAS code of a supportingInfo's category, else ""."""
    category = information.get("category")
    for coding in parts(category, "coding") if type(category) is dict else ():
        if coding.get("system") == system.TEMP:
            return text(coding, "code")
    return ""


def _evidence(entries: Entries, member: str, withdrawn: Collection[str]) -> tuple[Evidence, ...]:
    """What the resources say about the member, contained ones and packed forms included."""
    found: list[Evidence] = []
    for outer in entries.all:
        if outer.full_url in withdrawn:
            continue
        if outer.kind in _READERS or outer.kind == _FORM:
            _read(outer, entries, member, found)
        if "contained" in outer.resource:
            for resource in parts(outer.resource, "contained"):
                if text(resource, "resourceType") in _READERS:
                    url = f"{outer.full_url}#{text(resource, 'id')}"
                    _read(Entry(url, resource, outer.resource), entries, member, found)
        if outer.kind == "Bundle":
            for entry in Entries(outer.resource).of(_FORM):
                _read(entry, entries, member, found)
    return tuple(found)


def _read(entry: Entry, entries: Entries, member: str, found: list[Evidence]) -> None:
    """Add the evidence that a resource gives, if it is usable and about the member."""
    if not clinical.usable(entry) or not _is_about(entry, member, entries):
        return
    if entry.kind == _FORM:
        found += answers(entry, entries)
        return
    for reader in _READERS[entry.kind]:
        read = reader(entry, entries)
        if read is not None:
            found.append(read)


def _is_about(entry: Entry, member: str, entries: Entries) -> bool:
    """False for a resource whose subject is somebody else than the member.

    A subject that is only displayed, or not named at all, is taken to be the member.
    """
    subject = entry.resource.get("subject", entry.resource.get("patient"))
    address = text(subject, "reference") if type(subject) is dict else ""
    if not address:
        return True
    target = entries.at(address, entry)
    return (target.full_url if target else address) == member
