"""Members, organizations and practitioners as the request describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.request import Party, Person
from app.domain.values import Concept, Identifier
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.systems import concept
from app.fhir.read.values import (
    Nodes,
    day,
    first_code,
    identifier,
    identifiers,
    parts,
    text,
)
from app.fhir.urls import system

_KINDS = {
    "Organization": "organization",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitioner-role",
}
_SINGLE = frozenset({"Organization", "Practitioner"})


def read_person(reference: Any, entries: Entries, origin: Entry) -> Person:
    """The patient or subscriber behind `reference`; what only the Reference says where not sent."""
    found = entries.follow(reference, origin)
    if found is None:
        bare = reference if isinstance(reference, dict) else {}
        named = identifier(bare.get("identifier"))
        return Person((named,) if named else (), full_url=text(bare, "reference"))
    resource = found.resource
    name = _official(parts(resource, "name"))
    given = name.get("given")
    return Person(
        identifiers=identifiers(resource),
        family=text(name, "family"),
        given=" ".join([each for each in given if type(each) is str])
        if type(given) is list
        else "",
        birth_date=day(resource.get("birthDate")),
        gender=text(resource, "gender"),
        language=_language(resource),
        full_url=found.full_url,
    )


def _official(names: Nodes) -> Mapping[str, Any]:
    """The official name, else the first."""
    for name in names:
        if name.get("use") == "official":
            return name
    return names[0] if names else {}


def _language(patient: Mapping[str, Any]) -> str:
    """The language that the patient prefers, else the first named."""
    spoken = parts(patient, "communication")
    for each in sorted(spoken, key=lambda each: each.get("preferred") is not True):
        code = first_code(each.get("language"))
        if code:
            return code
    return ""


def read_party(reference: Any, entries: Entries, origin: Entry) -> Party:
    """The organization, practitioner or role behind `reference`.

    What is not in the bundle is known by the Reference's own identifier and display.
    """
    found = entries.follow(reference, origin)
    if found is None or found.kind not in _KINDS:
        return _named_only(reference if isinstance(reference, dict) else {})
    return party_of(found, entries)


def party_of(found: Entry, entries: Entries) -> Party:
    """The organization, practitioner or role in this entry."""
    known = entries.parties.get(found.full_url)
    if known is None:
        known = _role(found, entries) if found.kind == "PractitionerRole" else _single(found)
        entries.parties[found.full_url] = known
    return known


def _single(found: Entry) -> Party:
    resource = found.resource
    own, name = identifiers(resource), resource.get("name")
    return Party(
        kind=_KINDS[found.kind],
        full_url=found.full_url,
        npi=npi(own),
        name=name if type(name) is str else _name(resource),
        identifiers=own,
        specialties=_qualifications(resource) if "qualification" in resource else (),
        state=_state(resource) if "address" in resource else "",
    )


def _named_only(reference: Mapping[str, Any]) -> Party:
    named = identifier(reference.get("identifier"))
    own = (named,) if named else ()
    return Party(
        kind=_KINDS.get(text(reference, "type"), "organization"),
        full_url=text(reference, "reference"),
        npi=npi(own),
        name=text(reference, "display"),
        identifiers=own,
    )


def _role(found: Entry, entries: Entries) -> Party:
    role = found.resource
    behind = [
        _behind(role[name], entries, found)
        for name in ("practitioner", "organization")
        if name in role
    ]
    own = identifiers(role)
    every, specialties = dict.fromkeys(own), dict.fromkeys(_concepts(role, "specialty"))
    number, name, state = "", "", ""
    for each in behind:
        every |= dict.fromkeys(each.identifiers)
        specialties |= dict.fromkeys(each.specialties)
        number, name, state = number or each.npi, name or each.name, each.state or state
    return Party(
        kind="practitioner-role",
        full_url=found.full_url,
        npi=number or npi(own),
        name=name,
        identifiers=tuple(every),
        specialties=tuple(specialties),
        state=state,
    )


def _behind(reference: Any, entries: Entries, role: Entry) -> Party:
    """Who holds the role, or for whom; never a role again, which could lead back here."""
    target = entries.follow(reference, role)
    if target is None or target.kind not in _SINGLE:
        return _named_only(reference if isinstance(reference, dict) else {})
    return party_of(target, entries)


def npi(own: tuple[Identifier, ...]) -> str:
    """The National Provider Identifier among `own`, else ""."""
    for each in own:
        if each.system == system.NPI:
            return each.value
    return ""


def _name(resource: Mapping[str, Any]) -> str:
    """A practitioner's given and family name."""
    name = _official(parts(resource, "name"))
    given = name.get("given")
    first = given[0] if isinstance(given, list) and given and isinstance(given[0], str) else ""
    return text(name, "text") or " ".join(filter(None, (first, text(name, "family"))))


def _qualifications(practitioner: Mapping[str, Any]) -> tuple[Concept, ...]:
    read = [concept(each.get("code")) for each in parts(practitioner, "qualification")]
    return tuple([each for each in read if each is not None])


def _concepts(resource: Mapping[str, Any], name: str) -> list[Concept]:
    return [read for each in parts(resource, name) if (read := concept(each)) is not None]


def _state(resource: Mapping[str, Any]) -> str:
    listed = resource["address"]
    for address in listed if type(listed) is list else (listed,):
        if type(address) is dict and (state := text(address, "state")):
            return state
    return ""
