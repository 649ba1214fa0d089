"""Which resources of a call get coverage information (CRD 2.2.1 resp-29, hook-30, hook-34).

order-sign: every draft order. order-select: the selected ones. order-dispatch: those dispatched, by
every spelling of its context. appointment-book: the appointments; in 2.2 the ServiceRequest that an
appointment is based on instead. Encounter hooks: the encounter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.crd import Hook
from app.domain.guide import Guide
from app.fhir.bundle import entries
from app.fhir.crd.call import Call
from app.fhir.crd.pool import Pool, local
from app.fhir.read.values import part, parts, text

Json = dict[str, Any]

ORDERS = (
    "CommunicationRequest",
    "DeviceRequest",
    "MedicationRequest",
    "NutritionOrder",
    "ServiceRequest",
    "VisionPrescription",
)
"""The order types of the guide."""

_DISPATCHED = ("dispatchedOrders", "dispatched-orders", "order")


def wanted(call: Call) -> tuple[str, ...]:
    """The references that the context names instead of carrying the resource."""
    if call.hook is Hook.ORDER_DISPATCH:
        return dispatched(call)
    if call.hook in (Hook.ENCOUNTER_START, Hook.ENCOUNTER_DISCHARGE):
        name = text(call.context, "encounterId").removeprefix("Encounter/")
        return (f"Encounter/{name}",) if name else ()
    return ()


def dispatched(call: Call) -> tuple[str, ...]:
    """The orders of order-dispatch: hook 1.1 has a list, 1.0 one reference."""
    found: list[str] = []
    for name in _DISPATCHED:
        value = call.context.get(name)
        found += [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))


def targets(call: Call, pool: Pool, guide: Guide) -> list[Json]:
    """The resources asked about, as they were received; orders not to perform are left out."""
    found = list(_named(call, pool, guide))
    unique = {id(each): each for each in found}
    return [
        each
        for each in unique.values()
        if each.get("doNotPerform") is not True and text(each, "id")
    ]


def _named(call: Call, pool: Pool, guide: Guide) -> Iterator[Json]:
    if call.hook is Hook.APPOINTMENT_BOOK:
        for appointment in _inside(part(call.context, "appointments"), ("Appointment",)):
            orders = _based_on(appointment, pool) if guide is Guide.V22 else []
            yield from orders or [appointment]
        return
    if call.hook.orders:
        drafts = _inside(part(call.context, "draftOrders"), ORDERS)
        if call.hook is Hook.ORDER_SIGN:
            yield from drafts
            return
        chosen = call.context.get("selections")
        names = (
            {local(each) for each in chosen if isinstance(each, str)}
            if isinstance(chosen, list)
            else set()
        )
        for draft in drafts:
            if f"{draft['resourceType']}/{text(draft, 'id')}" in names:
                yield draft
        return
    for reference in wanted(call):
        resource = pool.get(reference)
        if resource is not None:
            yield resource


def _inside(bundle: Json, kinds: tuple[str, ...]) -> Iterator[Json]:
    for _, _, resource in entries(bundle):
        if resource.get("resourceType") in kinds:
            yield resource


def _based_on(appointment: Json, pool: Pool) -> list[Json]:
    """The service orders behind an appointment, as far as they are at hand."""
    found = [
        pool.get(text(reference, "reference"), appointment)
        for reference in parts(appointment, "basedOn")
        if text(reference, "reference")
    ]
    return [each for each in found if each and each.get("resourceType") == "ServiceRequest"]
