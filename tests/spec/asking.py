"""Asking `Claim/$inquire` in tests: examples, and answers of both shapes as a list of hits."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson
from werkzeug.test import TestResponse

from app import resources
from app.domain.guide import Guide
from app.fhir.urls import profile
from tests.world import FHIR_JSON, World, keep

FOLDER = "inquire"


def inquiries(guide: Guide) -> list[str]:
    """The names of all inquiry examples of a guide version."""
    return sorted(path.stem for path in _folder(guide).glob("*.json"))


def inquiry(name: str, guide: Guide) -> Any:
    """An inquiry example as parsed JSON."""
    return copy.deepcopy(orjson.loads((_folder(guide) / f"{name}.json").read_bytes()))


def _folder(guide: Guide) -> Path:
    return Path(str(resources.data("examples") / "pas" / guide.value / FOLDER))


def inquire(world: World, bundle: Any, guide: Guide) -> TestResponse:
    """POST to Claim/$inquire."""
    body = bundle if isinstance(bundle, bytes) else orjson.dumps(bundle)
    return world.client.post(
        f"/fhir/{guide.value}/Claim/$inquire", data=body, content_type=FHIR_JSON
    )


def answer(world: World, bundle: Any, guide: Guide) -> Any:
    """The answer of an inquiry that must succeed: shape and profiles of its version are checked."""
    response = inquire(world, bundle, guide)
    assert response.status_code == 200, response.data
    found = orjson.loads(response.data)
    for each in _bundles(found, guide):
        issues = world.context.validators[guide].bundle(each, profile.INQUIRY_RESPONSE_BUNDLE)
        assert [issue for issue in issues if issue.is_error] == []
        keep(orjson.dumps(each), guide)
    return found


def _bundles(found: Any, guide: Guide) -> list[Any]:
    if guide is Guide.V20:
        assert found["resourceType"] == "Bundle"
        return [found]
    assert found["resourceType"] == "Parameters"
    listed = found.get("parameter", [])
    assert listed or "parameter" not in found
    names = [each["name"] for each in listed]
    assert names == ["outcome"] or set(names) <= {"return"}
    return [each["resource"] for each in listed if each["name"] == "return"]


def hits(world: World, bundle: Any, guide: Guide) -> list[Any]:
    """The ClaimResponses that an inquiry finds, in their order."""
    return [
        entry["resource"]
        for each in _bundles(answer(world, bundle, guide), guide)
        for entry in each["entry"]
        if entry["resource"]["resourceType"] == "ClaimResponse"
    ]


def said(world: World, bundle: Any, guide: Guide) -> list[str]:
    """The codes of what the answer says beside its hits."""
    found = answer(world, bundle, guide)
    beside = [each["resource"] for each in found.get("parameter", ()) if each["name"] == "outcome"]
    beside += [entry["resource"] for each in _bundles(found, guide) for entry in each["entry"]]
    return [
        issue["details"]["coding"][0]["code"]
        for resource in beside
        if resource["resourceType"] == "OperationOutcome"
        for issue in resource["issue"]
    ]
