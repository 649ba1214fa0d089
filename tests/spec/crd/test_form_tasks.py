"""Forms as tasks, for clients that say that they have no DTR; the form comes along where it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.guide import Guide
from tests.ehr_double import ehr
from tests.spec.crd.asking import GUIDES, Json, call, errors, post
from tests.world import World, new_world


def without_dtr(guide: Guide, name: str = "order-sign-needed", **options: bool) -> Json:
    body = call(name, guide)
    chosen = {"form-tasks": True, **{k.replace("_", "-"): v for k, v in options.items()}}
    body.setdefault("extension", {})["davinci-crd.configuration"] = chosen
    return body


def actions(world: World, body: Json, guide: Guide) -> list[Json]:
    """The actions of the one card with a task, none without such a card."""
    status, answer = post(world, body, guide)
    assert status == 200, answer
    found = [
        suggestion["actions"]
        for card in answer["cards"]
        for suggestion in card.get("suggestions", [])
        if any(act["resource"]["resourceType"] == "Task" for act in suggestion["actions"])
    ]
    assert len(found) <= 1
    return found[0] if found else []


@pytest.mark.parametrize("guide", GUIDES)
def test_a_client_without_dtr_gets_the_form_as_a_task(tmp_path: Path, guide: Guide) -> None:
    world = new_world(tmp_path)
    form, task = actions(world, without_dtr(guide), guide)
    assert form["type"] == task["type"] == "create"
    url, version = form["resource"]["url"], form["resource"]["version"]
    assert form["extension"]["davinci-crd.if-none-exist"] == f"url={url}&version={version}"
    asked, *rest = task["resource"]["input"]
    assert asked["valueCanonical"] == url and asked["type"]["text"] == "questionnaire"
    assert bool(rest) is (guide is Guide.V20)
    assert task["resource"]["id"], (
        "what a suggestion creates has an id to be spoken of (2.2.1 model)"
    )
    assert "extension" not in form["resource"], "HL7's engine refuses artifact-versionAlgorithm"
    assert task["resource"]["basedOn"] == [{"reference": "DeviceRequest/oxygen"}]
    assert errors(world, task["resource"], guide) == []
    found = world.client.get(f"/fhir/{guide.value}/Questionnaire", query_string={"url": url})
    assert found.get_json()["total"] == 1


@pytest.mark.parametrize("guide", GUIDES)
def test_with_dtr_and_where_no_form_is_needed_there_is_no_task(
    tmp_path: Path, guide: Guide
) -> None:
    world = new_world(tmp_path)
    assert actions(world, call("order-sign-needed", guide), guide) == []
    assert actions(world, without_dtr(guide, "order-sign-no-auth"), guide) == []
    assert actions(world, without_dtr(guide, "order-select"), guide) == []
    assert actions(world, without_dtr(guide, coverage_info=False), guide) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_a_form_that_the_client_has_already_is_not_sent_again(tmp_path: Path, guide: Guide) -> None:
    form, _ = actions(new_world(tmp_path), without_dtr(guide), guide)
    with ehr(form["resource"]) as one:
        body = without_dtr(guide)
        body["fhirServer"], body["fhirAuthorization"] = one.base, one.access()
        world = new_world(tmp_path, FORTHWITH_EHR_SERVERS=one.base)
        (task,) = actions(world, body, guide)
    assert task["resource"]["resourceType"] == "Task"
    assert any(each.startswith("Questionnaire?url=") for each in one.asked)
