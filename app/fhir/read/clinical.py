"""Supporting resources as `Evidence`: one resource gives one, under the names of
docs/reference/evidence.md. What is wrong, withdrawn or about somebody else is no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.values import Concept, Scalar
from app.fhir.read.attributes import Attributes
from app.fhir.read.dates import When, when
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.systems import concept
from app.fhir.read.values import (
    EMPTY,
    first,
    first_code,
    measured,
    number,
    part,
    parts,
    quantity,
    text,
)

Read = Callable[[Entry, Entries], Evidence | None]

WITHDRAWN = frozenset(
    {"entered-in-error", "cancelled", "not-done", "not-taken", "nullified", "revoked"}
)
_RESULTS = frozenset({"final", "amended", "corrected", "preliminary", "registered"})
_DISPROVED = frozenset({"refuted", "entered-in-error"})
_NO_ATTRIBUTES: Mapping[str, Scalar] = MappingProxyType({})


def made(
    kind: EvidenceKind,
    said: Concept,
    element: str,
    dated: When,
    attributes: Attributes,
    value: Scalar | None = None,
) -> Evidence:
    """What `element` of a resource says; the precision of a partial date is an attribute."""
    entry = attributes.entry
    if dated.precision:
        attributes.add("precision", dated.precision)
    found = MappingProxyType(attributes.found) if attributes.found else _NO_ATTRIBUTES
    where = Source(entry.full_url, entry.kind, element)
    return Evidence(kind, said, where, value, dated.at, dated.period, found)


def observation(entry: Entry, entries: Entries) -> Evidence | None:
    """An Observation that has a result; its components are attributes."""
    resource = entry.resource
    said = concept(resource.get("code"))
    if said is None or "dataAbsentReason" in resource or text(resource, "status") not in _RESULTS:
        return None
    name, value = result(resource)
    attributes = Attributes(entry, entries)
    _add_bound(attributes, resource)
    _add_components(attributes, resource)
    if value is None and not attributes.found:
        return None
    attributes.codes(resource, "status")
    attributes.first_code("category", resource, "category")
    attributes.concept("method", resource.get("method"))
    attributes.concept("body-site", resource.get("bodySite"))
    attributes.first("interpretation", resource, "interpretation")
    if "performer" in resource:
        attributes.actor("performer", first(resource, "performer"))
    if "specimen" in resource:
        attributes.referenced("specimen", resource["specimen"], "Specimen", "type")
    if "device" in resource:
        attributes.referenced("device", resource["device"], "Device", "type")
    if "note" in resource:
        attributes.text("note", (first(resource, "note") or EMPTY).get("text"))
    dated = when(resource, "effective", _ISSUED)
    return made(EvidenceKind.OBSERVATION, said, name or "component", dated, attributes, value)


_ISSUED = ("issued",)


def result(node: Mapping[str, Any], name: str = "value") -> tuple[str, Scalar | None]:
    """The element and value of `value[x]`; a quantity with a comparator says no exact value."""
    for key in node:
        if key.startswith(name) and len(key) > len(name) and key[len(name)].isupper():
            return key, _value(key[len(name) :], node[key])
    return "", None


def _value(kind: str, raw: Any) -> Scalar | None:
    reader = _VALUES.get(kind)
    return None if reader is None else reader(raw)


def _ratio(raw: Any) -> Scalar | None:
    """A ratio as its quotient, in units of one per the other."""
    over, under = quantity(part(raw, "numerator")), quantity(part(raw, "denominator"))
    if over is None or under is None or under.value == 0:
        return None
    below = f"/{under.code or under.unit}" if under.code or under.unit else ""
    return type(over)(
        over.value / under.value,
        f"{over.unit}{below}",
        f"{over.code}{below}" if over.code else "",
        over.system,
    )


_VALUES: Mapping[str, Callable[[Any], Scalar | None]] = {
    "Quantity": quantity,
    "CodeableConcept": concept,
    "Coding": lambda raw: concept({"coding": [raw]}) if isinstance(raw, dict) else None,
    "Boolean": lambda raw: raw if isinstance(raw, bool) else None,
    "Integer": lambda raw: raw if type(raw) is int else None,
    "Decimal": number,
    "String": lambda raw: raw if isinstance(raw, str) else None,
    "Uri": lambda raw: raw if isinstance(raw, str) else None,
    "Time": lambda raw: raw if isinstance(raw, str) else None,
    "Date": lambda raw: when({"date": raw}, "", ("date",)).at,
    "DateTime": lambda raw: when({"date": raw}, "", ("date",)).at,
    "Ratio": lambda raw: _ratio(raw) if isinstance(raw, dict) else None,
}


def _add_bound(attributes: Attributes, node: Mapping[str, Any]) -> None:
    """`<88 %` is kept as a bound, so that nothing takes it for 88 %."""
    raw = node.get("valueQuantity")
    if type(raw) is dict and "comparator" in raw:
        attributes.text("comparator", raw["comparator"])
        attributes.add("bound", measured(raw))


def _add_components(attributes: Attributes, resource: Mapping[str, Any]) -> None:
    if "component" not in resource:
        return
    for component in parts(resource, "component"):
        value = None if "dataAbsentReason" in component else result(component)[1]
        said = concept(component.get("code"))
        if value is not None and said is not None:
            for coding in said.codings:
                attributes.add(f"component:{coding.code}", value)


def condition(entry: Entry, entries: Entries) -> Evidence | None:
    """A Condition that is not disproved."""
    resource = entry.resource
    said = concept(resource.get("code"))
    verified = first_code(resource.get("verificationStatus"))
    if said is None or verified in _DISPROVED:
        return None
    attributes = Attributes(entry, entries)
    attributes.text("clinical-status", first_code(resource.get("clinicalStatus")))
    attributes.text("verification-status", verified)
    attributes.concept("severity", resource.get("severity"))
    attributes.concept("stage", (first(resource, "stage") or EMPTY).get("summary"))
    attributes.first("body-site", resource, "bodySite")
    attributes.first_code("category", resource, "category")
    onset, abatement = when(resource, "onset"), when(resource, "abatement")
    attributes.day("onset", onset.at)
    attributes.day("abatement", abatement.at)
    attributes.day("recorded", when(resource, "", ("recordedDate",)).at)
    dated = when(resource, "onset", ("recordedDate",)).until(abatement)
    return made(EvidenceKind.DIAGNOSIS, said, "code", dated, attributes)


def allergy(entry: Entry, entries: Entries) -> Evidence | None:
    """An AllergyIntolerance, as a diagnosis of the category `allergy`."""
    resource = entry.resource
    said = concept(resource.get("code"))
    verified = first_code(resource.get("verificationStatus"))
    if said is None or verified in _DISPROVED:
        return None
    attributes = Attributes(entry, entries)
    attributes.text("clinical-status", first_code(resource.get("clinicalStatus")))
    attributes.text("verification-status", verified)
    attributes.text("category", "allergy")
    dated = when(resource, "onset", ("recordedDate",))
    return made(EvidenceKind.DIAGNOSIS, said, "code", dated, attributes)


def procedure(entry: Entry, entries: Entries) -> Evidence | None:
    """A Procedure that was done, or is being done."""
    resource = entry.resource
    said = concept(resource.get("code"))
    if said is None:
        return None
    attributes = Attributes(entry, entries)
    attributes.codes(resource, "status")
    attributes.concept("outcome", resource.get("outcome"))
    attributes.first("reason", resource, "reasonCode")
    attributes.first("body-site", resource, "bodySite")
    attributes.text("category", first_code(resource.get("category")))
    attributes.actor("performer", (first(resource, "performer") or EMPTY).get("actor"))
    dated = when(resource, "performed")
    return made(EvidenceKind.PROCEDURE, said, "code", dated, attributes)


def encounter(entry: Entry, entries: Entries) -> Evidence | None:
    """An Encounter; in PAS also the planned stay that the request is about."""
    resource = entry.resource
    said = concept(first(resource, "type")) or concept(resource.get("serviceType"))
    if said is None:
        return None
    attributes = Attributes(entry, entries)
    attributes.text("class", text(part(resource, "class"), "code"))
    attributes.codes(resource, "status")
    stay = part(resource, "hospitalization")
    attributes.concept("admit-source", stay.get("admitSource"))
    attributes.concept("discharge-disposition", stay.get("dischargeDisposition"))
    attributes.concept("priority", resource.get("priority"))
    attributes.first("reason", resource, "reasonCode")
    dated = when(resource, "period")
    return made(EvidenceKind.ENCOUNTER, said, "type", dated, attributes)


def device(entry: Entry, entries: Entries) -> Evidence | None:
    """A Device that the member has, or the record of its use."""
    resource = entry.resource
    attributes = Attributes(entry, entries)
    if entry.kind == "DeviceUseStatement":
        used = entries.follow(resource.get("device"), entry)
        said = concept(used.resource.get("type")) if used else None
        dated = when(resource, "timing", ("recordedOn",))
    else:
        said = concept(resource.get("type"))
        attributes.actor("owner", resource.get("owner"))
        dated = when(resource, "", ("manufactureDate",))
    if said is None:
        return None
    attributes.codes(resource, "status")
    element = "device" if entry.kind == "DeviceUseStatement" else "type"
    return made(EvidenceKind.DEVICE, said, element, dated, attributes)


def document(entry: Entry, entries: Entries) -> Evidence | None:
    """The label of a document: what it is, when and by whom written. Contents are not read."""
    resource = entry.resource
    said = concept(resource.get("type")) or concept(resource.get("code"))
    if said is None or text(resource, "status") in ("superseded", "registered"):
        return None
    if text(resource, "docStatus") == "entered-in-error":
        return None
    attributes = Attributes(entry, entries)
    attributes.codes(resource, "status")
    attributes.text("doc-status", resource.get("docStatus"))
    attributes.first("category", resource, "category")
    author = first(resource, "author")
    attributes.actor("author", first(resource, "performer") if author is None else author)
    content = _attachment(resource)
    attributes.text("content-type", content.get("contentType"))
    dated = when(resource, "effective", ("date", "issued"))
    if dated.at is None:
        dated = when(content, "", ("creation",))
    if "context" in resource:
        dated = dated.within(part(resource, "context").get("period"))
    element = "type" if "type" in resource else "code"
    return made(EvidenceKind.DOCUMENT, said, element, dated, attributes)


def _attachment(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first attachment of a DocumentReference or of a report's presented form."""
    content = first(resource, "content")
    if content is not None:
        return part(content, "attachment")
    return first(resource, "presentedForm") or EMPTY


READERS: Mapping[str, tuple[Read, ...]] = {
    "AllergyIntolerance": (allergy,),
    "Composition": (document,),
    "Condition": (condition,),
    "Device": (device,),
    "DeviceUseStatement": (device,),
    "DiagnosticReport": (document,),
    "DocumentReference": (document,),
    "Encounter": (encounter,),
    "Observation": (observation,),
    "Procedure": (procedure,),
}
"""How each type of supporting resource is read; orders and medicines are in `orders`."""


def usable(entry: Entry) -> bool:
    """False for a resource whose own status withdraws it."""
    status = entry.resource.get("status")
    return type(status) is not str or status not in WITHDRAWN
