"""Inferno's runs: the page says what the kept runs say, and our validator agrees with their judge."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.domain.guide import Guide
from app.fhir.urls import crd
from app.fhir.validate import Validator
from conformance.inferno import crd_inputs, page, pas_inputs, presets, recorded
from conformance.inferno.suites import SUITES
from tests.ehr_double import ehr
from tests.spec.crd.asking import CONTEXT_MISSING, post, proposed
from tests.spec.reading import action, items
from tests.world import World, new_world

GUIDES = pytest.mark.parametrize("guide", list(Guide))

KEPT = [name for name in SUITES if list(recorded.read(name))]


def test_the_page_says_what_the_kept_runs_say() -> None:
    assert page.PAGE.read_text("utf-8") == page.text(), "run `python -m conformance.inferno page`"


def test_the_presets_that_the_sandbox_gives_out_are_our_inputs() -> None:
    for path, content in presets.files():
        held = gzip.decompress(path.read_bytes())
        assert held == gzip.decompress(content), "run `python -m conformance.inferno presets`"


@pytest.mark.parametrize("suite", KEPT)
def test_every_test_passed_or_is_argued(suite: str) -> None:
    assert [(each.id, each.said) for each in page.open_questions(suite)] == []


@pytest.mark.parametrize("suite", KEPT)
def test_our_validator_agrees_with_the_judge_of_the_run(suite: str) -> None:
    """Valid or not, for each request and answer and each of their resources, and which profile."""
    validator = Validator.load(SUITES[suite].guide.partition("-")[2])
    differ, judged = [], 0
    for case in recorded.read(suite):
        judged += 1
        issues = validator.resource(case.resource, case.profile or None)
        ours = [i for i in issues if i.is_error and i.code != "extension-context"]
        if bool(case.refused) != bool(ours):
            differ.append((case.profile, case.refused[:1], ours[:1]))
    assert judged >= 80
    assert differ == []


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def submitted(world: World, guide: Guide, bundle: Any) -> Any:
    """The answer to one of our inputs, which must be taken."""
    response = world.submit(bundle, guide)
    assert response.status_code == 200, response.data
    return orjson.loads(response.data)


@GUIDES
def test_our_inputs_are_answered_as_their_tests_want_it(world: World, guide: Guide) -> None:
    """Approved, a benefit fact, pended; and all that are to show elements are taken."""
    given = pas_inputs.submissions(guide.value)
    for name, wanted in (("approval", "A1"), ("denial", "A3"), ("pended", "A4")):
        answer = submitted(world, guide, given[f"{name}_pa_submit_request_payload"])
        assert [action(each) for each in items(answer).values()] == [wanted]
    for bundle in given["must_support_pa_submit_request_payload"]:
        submitted(world, guide, bundle)


def test_our_updates_are_answered_for_every_item(world: World) -> None:
    """One item more, one changed and one cancelled, all cancelled."""
    for bundle in pas_inputs.updates().values():
        sent = {each["sequence"] for each in bundle["entry"][0]["resource"]["item"]}
        assert set(items(submitted(world, Guide.V22, bundle))) == sent


def carried(value: Any) -> Iterator[Any]:
    """The resources of a hook call: those of its Bundles, or the one itself."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        yield from (entry["resource"] for entry in value["entry"])
    elif isinstance(value, dict) and "resourceType" in value:
        yield value


@GUIDES
def test_our_hook_calls_and_their_answers_are_sound(tmp_path: Path, guide: Guide) -> None:
    """Each call is answered; what it carries and what comes back keeps its profile."""
    given = crd_inputs.for_22("") if guide is Guide.V22 else crd_inputs.for_20("")
    calls = [
        call
        for name, value in given.items()
        if name.endswith(("request_body", "request_bodies"))
        for call in (value if isinstance(value, list) else [value])
    ]
    with ehr(*carried(given["mock_ehr_bundle"])) as one:
        world, cards = new_world(tmp_path, FORTHWITH_EHR_SERVERS=one.base), set[str]()
        validator = world.context.validators[guide]
        for call in calls:
            call["fhirServer"], call["fhirAuthorization"] = one.base, one.access()
            status, answer = post(world, call, guide)
            assert status == 200, (call["hook"], answer)
            cards |= {card["source"]["topic"]["code"] for card in answer["cards"]}
            asked = [r for each in call["context"].values() for r in carried(each)]
            brought = [r for each in call.get("prefetch", {}).values() for r in carried(each)]
            for resource in (*asked, *brought, *proposed(answer)):
                kind = resource["resourceType"]
                profile = crd.PROFILES.get(kind) if resource not in brought else None
                if kind in CONTEXT_MISSING or (
                    resource.get("status") == "draft" and kind == "Task"
                ):
                    profile = None
                issues = validator.resource(resource, profile)
                assert [i for i in issues if i.is_error and i.code != "extension-context"] == []
    assert cards >= {"claim", "guideline", "insurance", "therapy-alternatives-req"}
    assert cards >= {"clinical-reminder", "appropriate-use", "coverage-info"}
