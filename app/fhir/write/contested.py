"""Elements that the guide's profiles list and the contexts of its own extensions forbid (2.2.1).

They are written only where the operator says so (`Envelope.contested`), and never into notifications:
a subscriber checks the whole bundle at once and refuses it for one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.read.values import parts
from app.fhir.urls import ext
from app.fhir.write.json import Json

ON_ADDED_ITEMS = (
    ext.PRODUCT_OR_SERVICE_CODE_END,
    ext.REVENUE_UNIT_RATE_LIMIT,
    ext.SERVICE_ITEM_REQUEST_TYPE,
    ext.CERTIFICATION_TYPE,
)
"""Copied from the requested item to addItem."""
_FORBIDDEN = {
    "ClaimResponse": frozenset({ext.ITEM_AUTHORIZED_PROVIDER}),
    "item": frozenset({ext.COMMUNICATED_DIAGNOSIS}),
    "addItem": frozenset(ON_ADDED_ITEMS),
}


def without_contested(bundle: Mapping[str, Any]) -> Json:
    """The response bundle without these elements; what has none of them is not copied."""
    first, *others = bundle["entry"]
    response = _without(first["resource"], "ClaimResponse")
    for name in ("item", "addItem"):
        if name in response:
            response[name] = [_without(each, name) for each in parts(response, name)]
    return {**bundle, "entry": [{**first, "resource": response}, *others]}


def _without(element: Mapping[str, Any], place: str) -> Json:
    kept = [e for e in parts(element, "extension") if e.get("url") not in _FORBIDDEN[place]]
    left = {name: value for name, value in element.items() if name != "extension"}
    return {"extension": kept, **left} if kept else left
