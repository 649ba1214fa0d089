"""What a hook call told us counts when the order is submitted under its assertion id."""

from __future__ import annotations

import copy
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from app import resources
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.fhir.urls import ext
from app.flows.replay import past_cases
from app.rulebook import Shelf
from tests.ehr_double import ehr
from tests.http.test_rulebook_swap import stand
from tests.spec.crd.asking import GUIDES, Json, ask, call, only
from tests.spec.updating import line, mark, update_of
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


@pytest.fixture
def renewed(tmp_path: Path) -> World:
    """The oxygen policy has another text from 2027 on, under which this request is not approved."""
    folder = tmp_path / "policies"
    shutil.copytree(resources.data("policies"), folder)
    path = folder / "home-oxygen" / "policy.yaml"
    policy = yaml.load(path.read_text(), yaml.CSafeLoader)
    (now,) = policy["versions"]
    later = {"version": "2027.1", "from": date(2027, 1, 1)}
    before = now | {"to": date(2026, 12, 31)}
    policy["versions"] = [later, before | {"pathways": copy.deepcopy(policy["pathways"])}]
    policy["pathways"] = policy["pathways"][-1:]
    path.write_text(yaml.safe_dump(policy, sort_keys=False, allow_unicode=True))
    return new_world(tmp_path, FORTHWITH_POLICIES=str(folder))


def next_year(bundle: Json) -> Json:
    """The same request for a day on which the policy has another text."""
    for item in resource_of(bundle, "Claim")["item"]:
        item.pop("servicedPeriod", None)
        item["servicedDate"] = "2027-02-01"
    return bundle


@pytest.mark.parametrize("guide", GUIDES)
def test_the_policy_version_of_the_hook_decides_the_submission(
    renewed: World, guide: Guide
) -> None:
    (key,) = only(ask(renewed, what_if(guide), guide))["coverage-assertion-id"]
    without = renewed.answer(next_year(submitted(guide, "unknown")), guide)
    with_it = renewed.answer(next_year(submitted(guide, key)), guide)
    context = renewed.context
    with context.store.read(context.settings.tenant) as look:
        found = {}
        for name, answer in (("without", without), ("with", with_it)):
            case_id = look.resources.get("ClaimResponse", answer["entry"][0]["resource"]["id"])
            assert case_id is not None
            (stored,) = look.decisions.of(case_id.case_id)
            item = stored.decision.items[0]
            assert item.policy is not None
            found[name] = item.policy.version, item.outcome.value
            events = look.events.of(case_id.case_id)
        decided = next(event for event in events if event.kind is EventKind.DECIDED)
    assert found == {"without": ("2027.1", "pended"), "with": ("2023.1", "approved")}
    guided = {"assertion": key, "policy": "home-oxygen", "version": "2023.1"}
    assert decided.data["guided_by"] == {"1": guided}
    past = list(
        past_cases(context.store, context.settings.tenant, context.limits, [context.rulebook])
    )
    situation = past[-1].situation
    assert situation is not None and situation.request.items[0].guidance is not None


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_hook_read_from_the_ehr_counts_in_the_submission(
    tmp_path: Path, guide: Guide
) -> None:
    body = what_if(guide)
    prefetch = body.pop("prefetch")
    held = [
        each
        for value in prefetch.values()
        if value
        for each in (
            [entry["resource"] for entry in value.get("entry", [])]
            if value["resourceType"] == "Bundle"
            else [value]
        )
    ]
    with ehr(*held) as one:
        world = new_world(tmp_path, FORTHWITH_EHR_SERVERS=one.base)
        body |= {"fhirServer": one.base, "fhirAuthorization": one.access()}
        (key,) = only(ask(world, body, guide))["coverage-assertion-id"]
    assert actions(world.answer(submitted(guide, key), guide)) == {1: "A1"}


@pytest.mark.parametrize("guide", GUIDES)
def test_a_policy_whose_text_changed_decides_as_it_stood_in_the_hook(
    tmp_path: Path, guide: Guide
) -> None:
    """The shelf keeps earlier rulebooks; other lines are judged by the one in force."""
    shelf = Shelf(tmp_path / "shelf")
    shelf.home.mkdir()
    now = datetime(2026, 11, 25, tzinfo=UTC)
    first = stand(shelf, resources.data("policies"))
    shelf.activate(first, now, "ana")
    world = new_world(tmp_path, FORTHWITH_POLICIES=str(shelf.home))
    (key,) = only(ask(world, what_if(guide), guide))["coverage-assertion-id"]

    stricter = tmp_path / "policies"
    shutil.copytree(resources.data("policies"), stricter)
    path = stricter / "home-oxygen" / "policy.yaml"
    path.write_text(path.read_text().replace("at_most: 88", "at_most: 80"))
    shelf.activate(stand(shelf, stricter), now, "ana")
    told_again = only(ask(world, what_if(guide), guide))["coverage-assertion-id"]
    first_time = submitted(guide, key)
    assert actions(world.answer(first_time, guide)) == {1: "A1"}
    assert actions(world.answer(submitted(guide, told_again[0]), guide)) == {1: "A4"}

    later = update_of(first_time)
    mark(line(later, 1), "changed")
    assert actions(world.answer(later, guide)) == {1: "A1"}, "an update"
    unknown = update_of(submitted(guide, key))
    mark(line(unknown, 1), "changed")
    assert actions(world.answer(unknown, guide)) == {1: "A1"}, "an update of what we never had"
