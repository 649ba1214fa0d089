"""What a resource orders: its code, or each of the billing codes that it may be billed with.

CRD 2.2.1 billopt-2/3: billing options are used where they are, and never needed. A Device or a
Medication that is only referred to is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.fhir.crd.pool import Pool
from app.fhir.read.systems import service
from app.fhir.read.values import extended, extensions, part, parts, text
from app.fhir.urls import crd, system

Json = dict[str, Any]
_BILLED = (system.CPT, system.HCPCS)


def services(resource: Json, pool: Pool) -> list[Json]:
    """The CodeableConcepts that are asked about: one, or several when options differ; or none.

    The clinical code itself is one of them when it is a billing code too, or when it stands alone.
    """
    found = pool.services.get(id(resource))
    if found is None:
        found = pool.services[id(resource)] = _services(resource, pool)
    return found


def _services(resource: Json, pool: Pool) -> list[Json]:
    concepts = list(_CODES[text(resource, "resourceType")](resource, pool))
    found: list[Json] = []
    for concept, holder in concepts:
        options = [
            each
            for extension in extensions(holder, crd.BILLING_OPTIONS)
            if isinstance(each := extension.get("valueCodeableConcept"), dict)
        ]
        plain: Json = {name: concept[name] for name in ("coding", "text") if name in concept}
        if plain and (not options or _is_billed(plain)):
            found.append(plain)
        found += options
    if len(found) < 2:
        return found
    unique: dict[frozenset[tuple[str, str]], Json] = {}
    for each in found:
        read = service(each)
        unique.setdefault(read.codes() if read else frozenset(), each)
    return list(unique.values())


def _is_billed(concept: Json) -> bool:
    read = service(concept)
    return read is not None and any(each.system in _BILLED for each in read.codings)


_Found = Iterator[tuple[Json, Json]]
"""A concept, and the element that its billing options stand on."""


def _own(name: str) -> Callable[[Json, Pool], _Found]:
    def read(resource: Json, _pool: Pool) -> _Found:
        value = resource.get(name)
        for concept in value if isinstance(value, list) else (value,):
            if isinstance(concept, dict):
                yield concept, concept

    return read


def _device(resource: Json, pool: Pool) -> _Found:
    yield from _own("codeCodeableConcept")(resource, pool)
    device = pool.follow(resource, "codeReference")
    if device:
        yield part(device, "type"), device


def _medicine(resource: Json, pool: Pool) -> _Found:
    yield from _own("medicationCodeableConcept")(resource, pool)
    medication = pool.follow(resource, "medicationReference")
    if medication:
        yield part(medication, "code"), part(medication, "code")


def _nutrition(resource: Json, _pool: Pool) -> _Found:
    kinds = [*parts(part(resource, "oralDiet"), "type")]
    kinds += [part(each, "type") for each in parts(resource, "supplement")]
    kinds.append(part(part(resource, "enteralFormula"), "baseFormulaType"))
    kinds = [each for each in kinds if each]
    for number, concept in enumerate(kinds or [{}]):
        yield concept, resource if number == 0 else concept


def _vision(resource: Json, _pool: Pool) -> _Found:
    for lens in parts(resource, "lensSpecification"):
        product = part(lens, "product")
        yield product, lens if extensions(lens, crd.BILLING_OPTIONS) else product


def _communication(resource: Json, _pool: Pool) -> _Found:
    for payload in parts(resource, "payload"):
        for url in (crd.PAYLOAD, crd.PAYLOAD_20):
            concept = extended(payload, url, "valueCodeableConcept")
            if isinstance(concept, dict):
                yield concept, concept


def _encounter(resource: Json, _pool: Pool) -> _Found:
    kind = part(resource, "serviceType")
    if kind:
        yield kind, kind
        return
    for concept in parts(resource, "type"):
        yield concept, concept


_CODES: Mapping[str, Callable[[Json, Pool], _Found]] = {
    "Appointment": _own("serviceType"),
    "CommunicationRequest": _communication,
    "DeviceRequest": _device,
    "Encounter": _encounter,
    "MedicationRequest": _medicine,
    "NutritionOrder": _nutrition,
    "ServiceRequest": _own("code"),
    "VisionPrescription": _vision,
}
