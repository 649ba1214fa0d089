"""Cards to choose from: another order instead (Propose Alternate Request)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.crd import Alternative
from app.domain.values import Text
from app.fhir.crd.card import About, Content, Desk
from app.fhir.crd.extension import words
from app.fhir.read.values import part
from app.fhir.urls import system

Json = dict[str, Any]

_INSTEAD: Text = {
    "en": "{code} can be had instead of what was ordered",
    "es": "Se puede obtener {code} en lugar de lo ordenado",
}
_REPLACE: Text = {"en": "Order {code} instead", "es": "Ordenar {code} en su lugar"}


def alternates(about: About, desk: Desk) -> Iterator[Content]:
    """The same order for a service that the policy offers instead."""
    for said in about.said:
        changed = _changed(about.resource, said.alternative)
        if said.alternative is None or changed is None:
            continue
        code, required = said.alternative.service, said.alternative.required
        yield Content(
            topic="therapy-alternatives-req" if required else "therapy-alternatives-opt",
            summary=words(_INSTEAD, desk.frame).format(code=code),
            lines=(words(said.alternative.text, desk.frame),),
            rest=suggesting(
                words(_REPLACE, desk.frame).format(code=code),
                {"type": "update", "resource": changed},
                desk,
            ),
            indicator="warning" if required else "info",
        )


def suggesting(label: str, action: Json, desk: Desk) -> Json:
    """The members of a card with one suggestion of one action."""
    return {
        "suggestions": [
            {
                "label": label,
                "uuid": str(desk.new_uuid()),
                "actions": [{"description": label, **action}],
            }
        ],
        "selectionBehavior": "at-most-one",
    }


def _changed(resource: Json, alternative: Alternative | None) -> Json | None:
    """The order with another HCPCS code; None for orders whose code stands elsewhere."""
    for name in ("codeCodeableConcept", "code"):
        if alternative is not None and part(resource, name):
            concept = {"coding": [{"system": system.HCPCS, "code": alternative.service}]}
            return {**resource, name: concept}
    return None
