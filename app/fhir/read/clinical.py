"""Supporting resources as `Evidence`: one resource gives one, under the names of
docs/reference/evidence.md. What is wrong, withdrawn or about somebody else is no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.values import Concept, Scalar
from app.fhir.read.attributes import Attributes
from app.fhir.read.dates import When, when
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.systems import concept
from app.fhir.read.values import first_code, measured, number, part, parts, quantity, text

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
    source: Source,
    dated: When,
    attributes: Attributes,
    value: Scalar | None = None,
) -> Evidence:
    """One piece of evidence with its date; the precision of a partial date is an attribute."""
    if dated.precision:
        attributes.add("precision", dated.precision)
    found = MappingProxyType(attributes.found) if attributes.found else _NO_ATTRIBUTES
    return Evidence(kind, said, source, value, dated.at, dated.period, found)


def source(entry: Entry, element: str) -> Source:
    """Where in `entry` something stands."""
    return Source(entry.full_url, entry.kind, element)


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
    attributes.code(resource, "status")
    attributes.first_code("category", parts(resource, "category"))
    attributes.concept("method", resource.get("method"))
    attributes.concept("body-site", resource.get("bodySite"))
    attributes.concept("interpretation", next(iter(parts(resource, "interpretation")), None))
    attributes.actor("performer", next(iter(parts(resource, "performer")), None))
    attributes.referenced("specimen", resource.get("specimen"), "Specimen", "type")
    attributes.referenced("device", resource.get("device"), "Device", "type")
    attributes.text("note", next(iter(parts(resource, "note")), {}).get("text"))
    dated = when(resource, "effective", ("issued",))
    return made(
        EvidenceKind.OBSERVATION, said, source(entry, name or "component"), dated, attributes, value
    )


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
    if isinstance(raw, dict) and "comparator" in raw:
        attributes.text("comparator", raw["comparator"])
        attributes.add("bound", measured(raw))


def _add_components(attributes: Attributes, resource: Mapping[str, Any]) -> None:
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
    attributes.concept("stage", next(iter(parts(resource, "stage")), {}).get("summary"))
    attributes.concept("body-site", next(iter(parts(resource, "bodySite")), None))
    attributes.first_code("category", parts(resource, "category"))
    onset, abatement = when(resource, "onset"), when(resource, "abatement")
    attributes.day("onset", onset.at)
    attributes.day("abatement", abatement.at)
    attributes.day("recorded", when(resource, "", ("recordedDate",)).at)
    dated = when(resource, "onset", ("recordedDate",)).until(abatement)
    return made(EvidenceKind.DIAGNOSIS, said, source(entry, "code"), dated, attributes)


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
    return made(EvidenceKind.DIAGNOSIS, said, source(entry, "code"), dated, attributes)


def procedure(entry: Entry, entries: Entries) -> Evidence | None:
    """A Procedure that was done, or is being done."""
    resource = entry.resource
    said = concept(resource.get("code"))
    if said is None:
        return None
    attributes = Attributes(entry, entries)
    attributes.code(resource, "status")
    attributes.concept("outcome", resource.get("outcome"))
    attributes.concept("reason", next(iter(parts(resource, "reasonCode")), None))
    attributes.concept("body-site", next(iter(parts(resource, "bodySite")), None))
    attributes.text("category", first_code(resource.get("category")))
    performer = next(iter(parts(resource, "performer")), {})
    attributes.actor("performer", performer.get("actor"))
    dated = when(resource, "performed")
    return made(EvidenceKind.PROCEDURE, said, source(entry, "code"), dated, attributes)


def encounter(entry: Entry, entries: Entries) -> Evidence | None:
    """An Encounter; in PAS also the planned stay that the request is about."""
    resource = entry.resource
    said = concept(next(iter(parts(resource, "type")), None)) or concept(
        resource.get("serviceType")
    )
    if said is None:
        return None
    attributes = Attributes(entry, entries)
    attributes.text("class", text(part(resource, "class"), "code"))
    attributes.code(resource, "status")
    stay = part(resource, "hospitalization")
    attributes.concept("admit-source", stay.get("admitSource"))
    attributes.concept("discharge-disposition", stay.get("dischargeDisposition"))
    attributes.concept("priority", resource.get("priority"))
    attributes.concept("reason", next(iter(parts(resource, "reasonCode")), None))
    dated = when(resource, "period")
    return made(EvidenceKind.ENCOUNTER, said, source(entry, "type"), dated, attributes)


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
    attributes.code(resource, "status")
    element = "device" if entry.kind == "DeviceUseStatement" else "type"
    return made(EvidenceKind.DEVICE, said, source(entry, element), dated, attributes)


def document(entry: Entry, entries: Entries) -> Evidence | None:
    """The label of a document: what it is, when and by whom written. Contents are not read."""
    resource = entry.resource
    said = concept(resource.get("type")) or concept(resource.get("code"))
    if said is None or text(resource, "status") in ("superseded", "registered"):
        return None
    if text(resource, "docStatus") == "entered-in-error":
        return None
    attributes = Attributes(entry, entries)
    attributes.code(resource, "status")
    attributes.text("doc-status", resource.get("docStatus"))
    attributes.concept("category", next(iter(parts(resource, "category")), None))
    authors = parts(resource, "author") or parts(resource, "performer")
    attributes.actor("author", next(iter(authors), None))
    content = _attachment(resource)
    attributes.text("content-type", content.get("contentType"))
    dated = when(resource, "effective", ("date", "issued"))
    if dated.at is None:
        dated = when(content, "", ("creation",))
    dated = dated.within(part(resource, "context").get("period"))
    element = "type" if "type" in resource else "code"
    return made(EvidenceKind.DOCUMENT, said, source(entry, element), dated, attributes)


def _attachment(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first attachment of a DocumentReference or of a report's presented form."""
    for each in parts(resource, "content"):
        return part(each, "attachment")
    return next(iter(parts(resource, "presentedForm")), {})


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
    return text(entry.resource, "status") not in WITHDRAWN


def read_all(
    readers: Mapping[str, tuple[Read, ...]], entry: Entry, entries: Entries
) -> Iterator[Evidence]:
    """The evidence that `entry` gives."""
    for reader in readers.get(entry.kind, ()):
        found = reader(entry, entries)
        if found is not None:
            yield found
