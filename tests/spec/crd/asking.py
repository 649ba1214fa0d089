"""Hook calls from examples/crd, and what comes back: every answer is held against its CRD profile."""

from __future__ import annotations

import copy
import functools
import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from app import resources
from app.domain.guide import Guide
from app.fhir.urls import crd, ext
from tests.world import World, keep

Json = dict[str, Any]

GUIDES = list(Guide)
CONTEXT_MISSING = ("Appointment", "VisionPrescription", "CommunicationRequest")
"""Types of which HL7's own definitions contradict the guide (extension contexts, R5 extension)."""


@functools.cache
def _read(name: str, guide: Guide) -> Json:
    path = resources.data("examples") / "crd" / guide.value / f"{name}.json"
    read: Json = orjson.loads(path.read_bytes())
    return read


def call(name: str, guide: Guide) -> Json:
    """An example call, fresh."""
    found = copy.deepcopy(_read(name, guide))
    found["hookInstance"] = str(uuid.uuid4())
    return found


def post(world: World, body: Json, guide: Guide) -> tuple[int, Json]:
    """Status and body of a call, kept for HL7's engine."""
    status, found = post_faulty(world, body, guide)
    for resource in proposed(found):
        keep(
            orjson.dumps({"resource": resource, "profile": profile_of(resource)}),
            f"crd-{guide.value}",
        )
    return status, found


def post_faulty(world: World, body: Json, guide: Guide) -> tuple[int, Json]:
    """The same with orders that break their profile: they come back as they were sent, faults and
    all, so what the engine says of them is about the client."""
    answer = world.client.post(f"/crd/{guide.value}/cds-services/{body['hook']}", json=body)
    return answer.status_code, orjson.loads(answer.data)


def proposed(answer: Json) -> Iterator[Json]:
    """Every resource that an answer sends: of system actions, and of suggestions on cards."""
    suggestions = [each for card in answer.get("cards", []) for each in card.get("suggestions", [])]
    for holder in ({"actions": answer.get("systemActions", [])}, *suggestions):
        yield from (act["resource"] for act in holder.get("actions", []) if "resource" in act)


def profile_of(resource: Json) -> str:
    """The CRD profile that its type has, or none."""
    return crd.PROFILES.get(resource["resourceType"], "")


def ask(world: World, body: Json, guide: Guide) -> list[Json]:
    """The updated resources of an answer that must succeed, checked against their profiles."""
    status, answer = post(world, body, guide)
    assert status == 200, answer
    assert isinstance(answer["cards"], list)
    found = [action["resource"] for action in answer.get("systemActions", [])]
    assert all(action["type"] == "update" for action in answer.get("systemActions", []))
    assert all(action["description"] for action in answer.get("systemActions", []))
    for resource in found:
        assert errors(world, resource, guide) == []
    return found


def errors(world: World, resource: Json, guide: Guide) -> list[str]:
    """What our validator says against a resource; its verdict on a few types is weak (see above)."""
    kind = resource["resourceType"]
    if kind in CONTEXT_MISSING:
        return []
    issues = world.context.validators[guide].resource(resource, crd.PROFILES[kind])
    return [f"{issue.code} {issue.at} {issue.invariant}" for issue in issues if issue.is_error]


def told(resource: Json) -> list[Json]:
    """Each coverage-information as part → value, or the list of values."""
    found = []
    for extension in resource.get("extension", []):
        if extension["url"] == ext.COVERAGE_INFORMATION:
            parts: Json = {}
            for part in extension["extension"]:
                value = next((v for k, v in part.items() if k.startswith("value")), part)
                parts.setdefault(part["url"], []).append(value)
            found.append(parts)
    return found


def only(resources_: list[Json]) -> Json:
    """The one coverage-information of the one resource."""
    assert len(resources_) == 1
    (found,) = told(resources_[0])
    return found
