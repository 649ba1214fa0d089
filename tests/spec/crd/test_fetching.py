"""What a call does not bring along is read from the EHR; and what happens when that fails."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app import clock
from app.domain.guide import Guide
from app.factory import build_app
from tests.ehr_double import Ehr, ehr
from tests.spec.crd.asking import GUIDES, Json, ask, call, only, post
from tests.world import World, new_world


def resources(body: Json) -> Iterator[Json]:
    """Everything that the call's prefetch holds."""
    for value in body["prefetch"].values():
        if value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value["entry"])
        else:
            yield value


def without_prefetch(body: Json, one: Ehr, *kept: str) -> Json:
    """The call of a client that fills in few prefetch keys, with leave to ask its server."""
    body["prefetch"] = {key: body["prefetch"][key] for key in kept}
    body["fhirServer"] = one.base
    body["fhirAuthorization"] = one.access()
    return body


def world(folder: Path, one: Ehr) -> World:
    """A server that may ask this EHR."""
    return new_world(folder, FORTHWITH_EHR_SERVERS=one.base)


@functools.cache
def held(guide: Guide) -> tuple[Json, ...]:
    return tuple(resources(call("order-sign-granted", guide)))


def serving(guide: Guide, **mood: Any) -> Any:
    return ehr(*held(guide), **mood)


@pytest.mark.parametrize("guide", GUIDES)
def test_everything_can_come_from_the_ehr(tmp_path: Path, guide: Guide) -> None:
    with serving(guide) as one:
        body = without_prefetch(call("order-sign-granted", guide), one)
        said = only(ask(world(tmp_path, one), body, guide))
    assert said["pa-needed"] == ["satisfied"]
    assert any(each.startswith("Observation?patient=fw100001&code=") for each in one.asked)


@pytest.mark.parametrize("guide", GUIDES)
def test_with_full_prefetch_and_nothing_to_find_out_nobody_is_asked(
    tmp_path: Path, guide: Guide
) -> None:
    with serving(guide) as one:
        body = call("order-sign-no-auth", guide)
        body = without_prefetch(body, one, *body["prefetch"])
        assert only(ask(world(tmp_path, one), body, guide))["pa-needed"] == ["no-auth"]
    assert one.asked == []


@pytest.mark.parametrize("guide", GUIDES)
def test_an_ehr_that_nobody_registered_is_not_asked(tmp_path: Path, guide: Guide) -> None:
    with serving(guide) as one:
        body = without_prefetch(call("order-sign-needed", guide), one)
        assert post(new_world(tmp_path), body, guide)[0] == 412
    assert one.asked == []


def test_a_failing_ehr_without_the_payer_is_technical_trouble(tmp_path: Path) -> None:
    with serving(Guide.V22, fails=frozenset({"Organization", "Observation"})) as one:
        body = call("order-sign-needed", Guide.V22)
        body = without_prefetch(body, one, "patient", "coverage", "practitioners")
        said = only(ask(world(tmp_path, one), body, Guide.V22))
    assert said["covered"] == ["indeterminate"]
    assert said["reason"][0]["coding"][0]["code"] == "technical"


@pytest.mark.parametrize("guide", GUIDES)
def test_a_failing_ehr_leaves_what_can_be_said_without_it(tmp_path: Path, guide: Guide) -> None:
    failing = frozenset({"Observation", "QuestionnaireResponse", "Condition"})
    with serving(guide, fails=failing) as one:
        body = call("order-sign-needed", guide)
        body = without_prefetch(body, one, *body["prefetch"])
        said = only(ask(world(tmp_path, one), body, guide))
    assert said["pa-needed"] == ["auth-needed"] and said["questionnaire"]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_coverage_that_the_ehr_does_not_have_is_no_412(tmp_path: Path, guide: Guide) -> None:
    kept = [each for each in held(guide) if each["resourceType"] != "Coverage"]
    with ehr(*kept) as one:
        body = without_prefetch(call("order-sign-needed", guide), one)
        found = post(world(tmp_path, one), body, guide)[0]
    assert found == (400 if guide is Guide.V22 else 200)


@pytest.mark.parametrize("guide", GUIDES)
def test_dispatched_orders_are_read_from_the_ehr(tmp_path: Path, guide: Guide) -> None:
    body = call("order-dispatch", guide)
    with ehr(*resources(body)) as one:
        found = ask(world(tmp_path, one), without_prefetch(body, one), guide)
    assert [each["id"] for each in found] == ["oxygen"]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_slow_ehr_is_waited_for_no_longer_than_the_setting_says(
    tmp_path: Path, guide: Guide
) -> None:
    """Both rounds of queries share the seconds; what was sent along is answered all the same."""
    with serving(guide, seconds=5.0) as one:
        slow = new_world(tmp_path, FORTHWITH_EHR_SERVERS=one.base, FORTHWITH_EHR_SECONDS="0.4")
        ticking = replace(slow.context, moment=clock.moment)
        hurried = World(ticking, build_app(ticking).test_client())
        began = time.monotonic()
        bare = without_prefetch(call("order-sign-needed", guide), one)
        assert post(hurried, bare, guide)[0] == 412
        body = call("order-sign-needed", guide)
        body = without_prefetch(body, one, *body["prefetch"])
        said = only(ask(hurried, body, guide))
        took = time.monotonic() - began
    assert said["pa-needed"] == ["auth-needed"] and said["questionnaire"]
    assert took < 4.5, "less than one answer of the EHR for both calls"


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_token_does_not_allow_is_asked_of_a_person(tmp_path: Path, guide: Guide) -> None:
    """A partial EHR: some types are refused, others are not in the scope, the rest comes in pages."""
    with serving(guide, refuses=frozenset({"Observation"}), page=1) as one:
        body = without_prefetch(call("order-sign-granted", guide), one)
        granted = "patient/Patient.rs patient/Coverage.rs patient/Observation.rs user/*.r"
        body["fhirAuthorization"] = one.access(granted)
        said = only(ask(world(tmp_path, one), body, guide))
    assert said["pa-needed"] == ["auth-needed"] and said["questionnaire"]
    assert not any(each.startswith("Condition?") for each in one.asked)


def test_an_answer_in_pages_counts_whole(tmp_path: Path) -> None:
    with serving(Guide.V22, page=1) as one:
        body = without_prefetch(call("order-sign-granted", Guide.V22), one)
        said = only(ask(world(tmp_path, one), body, Guide.V22))
    assert said["pa-needed"] == ["satisfied"]


def test_a_call_that_waits_for_its_ehr_holds_up_nobody(tmp_path: Path) -> None:
    """ADR 16: it waits without the turn of its process."""
    with serving(Guide.V22, seconds=3.0) as one:
        made = world(tmp_path, one)
        bare = without_prefetch(call("order-sign-needed", Guide.V22), one)
        waiting = Thread(target=post, args=(made, bare, Guide.V22))
        waiting.start()
        while not one.asked:
            time.sleep(0.01)
        said = only(ask(made, call("order-sign-needed", Guide.V22), Guide.V22))
        assert waiting.is_alive() and said["pa-needed"] == ["auth-needed"]
        waiting.join()
