"""Every form that an answer names can be fetched, and asks under stable link ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from app.domain.guide import Guide
from tests.spec.crd.asking import GUIDES, ask, call, only
from tests.world import World, new_world

Json = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def found(world: World, guide: Guide, **asked: str) -> list[Json]:
    answer = world.client.get(f"/fhir/{guide.value}/Questionnaire?{urlencode(asked)}")
    assert answer.status_code == 200
    bundle = orjson.loads(answer.data)
    assert bundle["type"] == "searchset" and bundle["total"] == len(bundle.get("entry", []))
    return [entry["resource"] for entry in bundle.get("entry", [])]


def questions(form: Json) -> list[Json]:
    items: list[Json] = form["item"][0]["item"]
    return items


@pytest.mark.parametrize("guide", GUIDES)
def test_the_form_that_an_answer_names_is_there(world: World, guide: Guide) -> None:
    (canonical,) = only(ask(world, call("order-sign-needed", guide), guide))["questionnaire"]
    url, _, version = canonical.partition("|")
    (form,) = found(world, guide, url=url, version=version)
    assert (form["url"], form["version"]) == (url, version)
    assert found(world, guide, url=canonical) == [form]
    path = url.partition("8080")[2]
    assert orjson.loads(world.client.get(path).data) == form


@pytest.mark.parametrize("guide", GUIDES)
def test_a_question_is_asked_under_policy_and_fact_in_both_languages(
    world: World, guide: Guide
) -> None:
    forms = {form["id"].partition(".")[0]: form for form in found(world, guide)}
    asked = {item["linkId"]: item for item in questions(forms["home-oxygen"])}
    saturation = asked["home-oxygen/spo2-rest"]
    assert saturation["type"] == "quantity"
    assert saturation["extension"][0]["valueCoding"]["code"] == "%"
    assert saturation["_text"]["extension"][0]["extension"][0]["valueCode"] == "es"
    assert asked["home-oxygen/test-ordered-evaluated"]["type"] == "boolean"
    assert asked["home-oxygen/test-date"]["type"] == "date"


@pytest.mark.parametrize("guide", GUIDES)
def test_every_form_is_sound_fhir_with_unique_link_ids(world: World, guide: Guide) -> None:
    for form in found(world, guide):
        bare = {name: value for name, value in form.items() if name != "meta"}
        issues = world.context.validators[guide].resource(bare)
        assert [issue for issue in issues if issue.is_error] == []
        links = [item["linkId"] for item in questions(form)]
        assert len(set(links)) == len(links)
        assert all(form["id"].startswith(link.partition("/")[0]) for link in links)


def test_an_unknown_form_is_not_found_and_an_unknown_address_finds_nothing(world: World) -> None:
    assert world.client.get("/fhir/2.2/Questionnaire/made-up").status_code == 404
    assert found(world, Guide.V22, url="https://else.example/Questionnaire/home-oxygen") == []
