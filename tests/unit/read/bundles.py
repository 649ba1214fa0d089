"""Bundles for the tests of reading: an example of ours, changed in one place."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import orjson

from app.domain.facts import Evidence, EvidenceKind
from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.fhir.read import read_request
from app.resources import data

Json = dict[str, Any]
AT = "https://ehr.northside.example/fhir/"
MEMBER = {"reference": "Patient/member"}


@cache
def _stored(name: str, guide: Guide) -> bytes:
    return (data("examples") / "pas" / guide.value / f"{name}.json").read_bytes()


def example(name: str = "oxygen-approved", guide: Guide = Guide.V22) -> Json:
    """A fresh copy of the example `name`."""
    found: Json = orjson.loads(_stored(name, guide))
    return found


def resource(bundle: Json, kind: str) -> Json:
    """The first resource of a type."""
    return next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind
    )


def claim(bundle: Json) -> Json:
    """The Claim."""
    return resource(bundle, "Claim")


def add(bundle: Json, *resources: Json) -> Json:
    """The bundle with more entries."""
    for each in resources:
        url = f"{AT}{each['resourceType']}/{each['id']}"
        bundle["entry"].append({"fullUrl": url, "resource": copy.deepcopy(each)})
    return bundle


def read(bundle: Json, guide: Guide = Guide.V22) -> PriorAuthRequest:
    """The request in the bundle."""
    return read_request(bundle, guide)


def evidence_of(*resources: Json, kind: EvidenceKind | None = None) -> list[Evidence]:
    """What resources added to the smallest example say."""
    bundle = add(example("no-authorization-needed"), *resources)
    found = read(bundle).evidence
    return [each for each in found if kind is None or each.kind is kind]


def only(*resources: Json) -> Evidence:
    """The one piece of evidence that they give."""
    found = evidence_of(*resources)
    assert len(found) == 1, found
    return found[0]


def coded(system: str, code: str) -> Json:
    """A CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}
