"""Cards to choose from: another order instead (Propose Alternate Request), or one besides (Identify
Additional Orders). Every proposed order keeps the CRD profile of its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.crd import Alternative
from app.domain.policy import Companion, OrderKind
from app.domain.values import Text
from app.fhir.crd.card import About, Content, Desk
from app.fhir.crd.extension import words
from app.fhir.read.values import part, parts
from app.fhir.urls import system
from app.fhir.write import json

Json = dict[str, Any]

_INSTEAD: Text = {
    "en": "{code} can be had instead of what was ordered",
    "es": "Se puede obtener {code} en lugar de lo ordenado",
}
_PROPOSED: Text = {
    "en": "{code} goes with this order and is not ordered yet",
    "es": "{code} acompaña a esta orden y aún no se ha ordenado",
}
_BESIDE: Text = {"en": "Order {code} too", "es": "Ordenar también {code}"}
_KINDS = {
    OrderKind.SERVICE: ("code", "ServiceRequest"),
    OrderKind.DEVICE: ("codeCodeableConcept", "DeviceRequest"),
}
_ASKERS = ("requester", "orderer", "prescriber")
_REPLACE: Text = {"en": "Order {code} instead", "es": "Ordenar {code} en su lugar"}


def alternates(about: About, desk: Desk) -> Iterator[Content]:
    """The same order for a service that the policy offers instead."""
    for said in about.said:
        changed = _changed(about.resource, said.alternative)
        if said.alternative is None or changed is None:
            continue
        code, required = said.alternative.service, said.alternative.required
        label = words(_REPLACE, desk.frame).format(code=code)
        yield Content(
            topic="therapy-alternatives-req" if required else "therapy-alternatives-opt",
            summary=words(_INSTEAD, desk.frame).format(code=code),
            lines=(words(said.alternative.text, desk.frame),),
            rest=desk.suggesting(
                label, {"type": "update", "description": label, "resource": changed}
            ),
            indicator="warning" if required else "info",
        )


def companions(about: About, desk: Desk) -> Iterator[Content]:
    """The orders that the policy proposes besides."""
    for companion in about.companions:
        label = words(_BESIDE, desk.frame).format(code=companion.service)
        yield Content(
            topic="clinical-reminder",
            summary=words(_PROPOSED, desk.frame).format(code=companion.service),
            lines=(words(companion.text, desk.frame),),
            rest=desk.suggesting(
                label,
                {
                    "type": "create",
                    "description": label,
                    "resource": _beside(about, companion, desk),
                },
            ),
            alike=f"{companion.id} {companion.service}",
        )


def _beside(about: About, companion: Companion, desk: Desk) -> Json:
    """A draft for the same patient, by who ordered the first one, for the same reasons."""
    order = about.resource
    element, kind = _KINDS[companion.kind]
    made: Json = {
        "resourceType": kind,
        "status": "draft",
        "intent": "order",
        element: _coded(companion.service),
        "subject": part(order, "subject") or part(order, "patient"),
        "authoredOn": json.day(desk.frame.day),
        "requester": next((part(order, each) for each in _ASKERS if part(order, each)), None)
        or {"reference": desk.user},
        "reasonCode": parts(order, "reasonCode"),
    }
    return {name: value for name, value in made.items() if value}


def _changed(resource: Json, alternative: Alternative | None) -> Json | None:
    """The order with another code; None for orders whose code stands elsewhere."""
    for name in ("codeCodeableConcept", "code"):
        if alternative is not None and part(resource, name):
            return {**resource, name: _coded(alternative.service)}
    return None


def _coded(code: str) -> Json:
    """A CPT code is five digits or ends in a letter, one of HCPCS level II begins with a letter."""
    return json.coded(system.CPT if code[:1].isdigit() else system.HCPCS, code)
