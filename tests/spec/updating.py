"""Updates of a request bundle, made as the guide asks: all lines again, the prior Claim beside them."""

from __future__ import annotations

import copy
import uuid
from typing import Any

from app.domain.guide import Guide
from app.fhir.urls import ext, profile, system
from tests.world import claim_of

Json = dict[str, Any]


def update_of(prior: Json, *, include: bool = True, name: str = "") -> Json:
    """An update that changes nothing yet; `prior` is the bundle before it."""
    name = name or uuid.uuid4().hex[:12]
    bundle = copy.deepcopy(prior)
    bundle["identifier"]["value"] = name
    bundle.pop("id", None)
    first, *others = bundle["entry"]
    before = copy.deepcopy(prior["entry"][0])
    others = [each for each in others if each["resource"]["resourceType"] != "Claim"]
    claim = first["resource"]
    if first["fullUrl"].startswith("urn:"):
        first["fullUrl"] = uuid.uuid5(uuid.NAMESPACE_URL, name).urn
    else:
        claim["id"] = f"claim-{name}"
        first["fullUrl"] = f"{first['fullUrl'].rpartition('/')[0]}/{claim['id']}"
    claim["meta"] = {"profile": [profile.CLAIM_UPDATE]}
    claim["identifier"][0]["value"] = f"claim-{name}"
    claim["related"] = [
        {
            "claim": {"reference": before["fullUrl"]},
            "relationship": {
                "coding": [{"system": system.RELATED_CLAIM_RELATIONSHIP, "code": "prior"}]
            },
        }
    ]
    for each in [*claim["item"], *claim.get("supportingInfo", [])]:
        each["extension"] = [e for e in each.get("extension", []) if e["url"] != ext.INFO_CHANGED]
        if not each["extension"]:
            del each["extension"]
    bundle["entry"] = [first, *others, *([before] if include else [])]
    return bundle


def line(bundle: Json, sequence: int) -> Json:
    """An item of the Claim."""
    return next(each for each in claim_of(bundle)["item"] if each["sequence"] == sequence)


def mark(element: Json, change: str) -> Json:
    """Flag an item or a piece of information as `added` or `changed`."""
    told = {"url": ext.INFO_CHANGED, "valueCode": change}
    element["extension"] = [*element.get("extension", []), told]
    return element


def certify(element: Json, code: str) -> Json:
    """Give an item, or the whole Claim, a certification type (X12 1322)."""
    kept = [e for e in element.get("extension", []) if e["url"] != ext.CERTIFICATION_TYPE]
    coding = {"system": system.X12_CERTIFICATION_TYPE, "code": code}
    told = {"url": ext.CERTIFICATION_TYPE, "valueCodeableConcept": {"coding": [coding]}}
    element["extension"] = [*kept, told]
    return element


def withdraw(element: Json, *, item: bool = True) -> Json:
    """Cancel an item or a piece of information."""
    element["modifierExtension"] = [{"url": ext.INFO_CANCELLED, "valueBoolean": True}]
    return certify(mark(element, "changed"), "3") if item else element


def add_line(bundle: Json, like: int, code: str, guide: Guide) -> Json:
    """A further item like an existing one, for another service (HCPCS)."""
    item = copy.deepcopy(line(bundle, like))
    item["sequence"] = max(each["sequence"] for each in claim_of(bundle)["item"]) + 1
    item["productOrService"] = {"coding": [{"system": system.HCPCS, "code": code}]}
    item.pop("modifier", None)
    dropped = (ext.REQUESTED_SERVICE, ext.ITEM_TRACE_NUMBER)
    item["extension"] = [e for e in item["extension"] if e["url"] not in dropped]
    item["quantity"] = {"value": 1, "unit": "each"}
    claim_of(bundle)["item"].append(mark(item, "added"))
    return item
