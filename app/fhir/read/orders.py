"""Orders and medicines as `Evidence`, and what orders say about coverage (CRD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.facts import Evidence, EvidenceKind
from app.domain.values import Concept
from app.fhir.read.attributes import Attributes
from app.fhir.read.clinical import Read, made, result
from app.fhir.read.dates import NEVER, When, when
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.systems import concept, service
from app.fhir.read.values import EMPTY, extended, extensions, first, part, parts, quantity
from app.fhir.urls import ext
from app.fhir.urls import part as short

_ORDERS = {
    "DeviceRequest": "device",
    "MedicationRequest": "medication",
    "NutritionOrder": "nutrition",
    "ServiceRequest": "service",
    "VisionPrescription": "vision",
}
_MEDICINES = {
    "Immunization": "immunization",
    "MedicationAdministration": "administration",
    "MedicationDispense": "dispense",
    "MedicationRequest": "request",
    "MedicationStatement": "statement",
}


def order(entry: Entry, entries: Entries) -> Evidence | None:
    """A ServiceRequest, DeviceRequest, MedicationRequest, NutritionOrder or VisionPrescription."""
    resource = entry.resource
    element, said = _ordered(entry, entries)
    if said is None or resource.get("doNotPerform") is True:
        return None
    attributes = Attributes(entry, entries)
    attributes.text("kind", _ORDERS[entry.kind])
    attributes.codes(resource, "status", "intent", "priority")
    asker = resource.get("requester", resource.get("orderer", resource.get("prescriber")))
    attributes.actor("requester", asker)
    attributes.first("reason", resource, "reasonCode")
    attributes.first("body-site", resource, "bodySite")
    attributes.add("quantity", _amount(resource))
    _add_parameters(attributes, resource)
    dated, meant = when(resource, "", _ORDER_DATES), _occurs(resource)
    attributes.day("occurrence", meant.at)
    if entry.full_url in entries.signed:
        attributes.add("signed", True)
    dated = When(dated.at, meant.period, dated.precision)
    return made(EvidenceKind.ORDER, said, element, dated, attributes)


_ORDER_DATES = ("authoredOn", "dateTime", "dateWritten")


def _ordered(entry: Entry, entries: Entries) -> tuple[str, Concept | None]:
    """The element that says what is ordered, and what it says."""
    resource = entry.resource
    if entry.kind == "MedicationRequest":
        return _medicine(entry, entries)
    if entry.kind == "NutritionOrder":
        diet = first(part(resource, "oralDiet"), "type")
        formula = part(resource, "enteralFormula").get("baseFormulaType")
        return ("oralDiet.type", service(diet)) if diet else ("enteralFormula", service(formula))
    if entry.kind == "VisionPrescription":
        lens = first(resource, "lensSpecification") or EMPTY
        return "lensSpecification", concept(lens.get("product"))
    return "code", service(resource.get("code", resource.get("codeCodeableConcept")))


def _medicine(entry: Entry, entries: Entries) -> tuple[str, Concept | None]:
    """The code of a medicine, in the resource itself or in the Medication that it refers to."""
    resource = entry.resource
    said = concept(resource.get("medicationCodeableConcept", resource.get("vaccineCode")))
    if said is not None:
        return "medication" if entry.kind != "Immunization" else "vaccineCode", said
    target = entries.follow(resource.get("medicationReference"), entry)
    return "medication", concept(target.resource.get("code")) if target else None


def _amount(resource: Mapping[str, Any]) -> Any:
    dispensed = part(resource, "dispenseRequest").get("quantity", resource.get("quantity"))
    return quantity(resource.get("quantityQuantity", dispensed))


def _occurs(resource: Mapping[str, Any]) -> When:
    """When the ordered thing is to happen: a date, a period or the bounds of a timing."""
    dated = when(resource, "occurrence")
    if dated is not NEVER or "occurrenceTiming" not in resource:
        return dated
    bounds = part(part(resource, "occurrenceTiming"), "repeat")
    return when(bounds, "bounds")


def _add_parameters(attributes: Attributes, resource: Mapping[str, Any]) -> None:
    """Settings of a device, and details of a service order, as `parameter:CODE`."""
    for parameter in parts(resource, "parameter") if "parameter" in resource else ():
        said, value = concept(parameter.get("code")), result(parameter)[1]
        for coding in said.codings if said else ():
            attributes.add(f"parameter:{coding.code}", value)
    for detail in parts(resource, "orderDetail") if "orderDetail" in resource else ():
        said = concept(detail)
        for coding in said.codings if said else ():
            attributes.add(f"parameter:{coding.code}", said)


def medicine(entry: Entry, entries: Entries) -> Evidence | None:
    """A medicine or vaccine ordered, taken, dispensed or given."""
    resource = entry.resource
    element, said = _medicine(entry, entries)
    if said is None or resource.get("doNotPerform") is True:
        return None
    attributes = Attributes(entry, entries)
    attributes.text("kind", _MEDICINES[entry.kind])
    attributes.codes(resource, "status", "intent")
    stopped = resource.get("statusReason", resource.get("statusReasonCodeableConcept"))
    if isinstance(stopped, list):
        stopped = next(iter(stopped), None)
    attributes.concept("status-reason", stopped)
    attributes.first("reason", resource, "reasonCode")
    _add_dose(attributes, resource)
    attributes.add("days-supply", quantity(_supply(resource)))
    attributes.add("quantity", _amount(resource))
    dated = when(resource, "effective", _MEDICINE_DATES)
    if dated is NEVER:
        dated = when(resource, "occurrence")
    return made(EvidenceKind.MEDICATION, said, element, dated, attributes)


_MEDICINE_DATES = ("authoredOn", "whenHandedOver", "dateAsserted")


def _supply(resource: Mapping[str, Any]) -> Any:
    expected = part(resource, "dispenseRequest").get("expectedSupplyDuration")
    return resource.get("daysSupply", expected)


def _add_dose(attributes: Attributes, resource: Mapping[str, Any]) -> None:
    for dosage in parts(resource, "dosageInstruction") or parts(resource, "dosage"):
        attributes.concept("route", dosage.get("route"))
        for dose in parts(dosage, "doseAndRate"):
            attributes.add("dose", quantity(dose.get("doseQuantity")))
        return


READERS: Mapping[str, tuple[Read, ...]] = {
    "DeviceRequest": (order,),
    "Immunization": (medicine,),
    "MedicationAdministration": (medicine,),
    "MedicationDispense": (medicine,),
    "MedicationRequest": (medicine, order),
    "MedicationStatement": (medicine,),
    "NutritionOrder": (order,),
    "ServiceRequest": (order,),
    "VisionPrescription": (order,),
}
"""How each type of order or medicine record is read."""


def assertion_ids(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids under which CRD told this order's coverage, so that the answer can be found again."""
    if "extension" not in resource:
        return ()
    found = []
    for told in extensions(resource, ext.COVERAGE_INFORMATION):
        named = extended(told, short.COVERAGE_ASSERTION_ID, "valueString")
        if isinstance(named, str) and named:
            found.append(named)
    return tuple(dict.fromkeys(found))
