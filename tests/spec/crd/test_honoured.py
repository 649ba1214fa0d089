"""What a hook call told us counts when the order is submitted under its assertion id."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.crd.asking import GUIDES, Json, ask, call, only
from tests.world import World, actions, example, new_world, resource_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def submitted(guide: Guide, key: str, member: str = "") -> Json:
    """Home oxygen without any facts; its order carries coverage information with this id."""
    bundle = example("oxygen-missing-facts", guide)
    order = resource_of(bundle, "DeviceRequest")
    order["extension"] = [
        {
            "url": ext.COVERAGE_INFORMATION,
            "extension": [
                {"url": "coverage", "valueReference": {"reference": "Coverage/c"}},
                {"url": "covered", "valueCode": "covered"},
                {"url": "pa-needed", "valueCode": "auth-needed"},
                {"url": "date", "valueDate": "2026-11-25"},
                {"url": "coverage-assertion-id", "valueString": key},
            ],
        }
    ]
    if member:
        resource_of(bundle, "Patient")["identifier"][0]["value"] = member
    return bundle


def what_if(guide: Guide) -> Json:
    """The facts are told, and nothing is granted."""
    body = call("order-sign-granted", guide)
    body.setdefault("extension", {})["davinci-crd.configuration"] = {"unsolicited-determ": False}
    return body


@pytest.mark.parametrize("guide", GUIDES)
def test_facts_told_in_the_hook_decide_the_submission(world: World, guide: Guide) -> None:
    (key,) = only(ask(world, what_if(guide), guide))["coverage-assertion-id"]
    assert actions(world.answer(submitted(guide, "unknown"), guide)) == {1: "A4"}
    assert actions(world.answer(submitted(guide, key), guide)) == {1: "A1"}


@pytest.mark.parametrize("guide", GUIDES)
def test_what_was_told_about_somebody_else_does_not_count(world: World, guide: Guide) -> None:
    body = what_if(guide)
    body["prefetch"]["patient"]["identifier"] = []
    body["prefetch"]["coverage"]["entry"][0]["resource"]["subscriberId"] = "FW100002"
    body["prefetch"]["coverage"]["entry"][0]["resource"]["identifier"][0]["value"] = "FW100002"
    (key,) = only(ask(world, body, guide))["coverage-assertion-id"]
    assert actions(world.answer(submitted(guide, key), guide)) == {1: "A4"}
