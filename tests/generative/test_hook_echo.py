"""Whatever an order carries, it comes back as it was sent but for our extension (resp-37)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.crd.asking import call, post
from tests.world import World, new_world

Json = dict[str, Any]

WORDS = st.text(st.characters(categories=("L", "N", "S")), min_size=1, max_size=8)
LEAVES = st.one_of(WORDS, st.booleans(), st.integers(-(2**31), 2**31))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)
FOREIGN = st.lists(
    st.fixed_dictionaries(
        {"url": st.sampled_from(["https://vendor.example/a", "https://vendor.example/b"])},
        optional={"valueString": WORDS, "id": st.just("e")},
    ),
    max_size=3,
)
TAKEN = {"resourceType", "id", "extension", "doNotPerform", "meta"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield new_world(tmp_path_factory.mktemp("echo"))


def bare(resource: Json) -> Json:
    """The resource without our extension."""
    kept = [e for e in resource.get("extension", []) if e["url"] != ext.COVERAGE_INFORMATION]
    rest = {name: value for name, value in resource.items() if name != "extension"}
    return rest | ({"extension": kept} if kept else {})


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    guide=st.sampled_from(list(Guide)),
    name=st.sampled_from(["order-sign-needed", "order-sign-all-types", "order-sign-three"]),
    extra=st.dictionaries(WORDS.map(lambda word: f"x{word}"), VALUES, max_size=3),
    foreign=FOREIGN,
)
def test_an_order_comes_back_as_it_was_sent(
    world: World, guide: Guide, name: str, extra: Json, foreign: list[Json]
) -> None:
    body = call(name, guide)
    sent = {}
    for entry in body["context"]["draftOrders"]["entry"]:
        entry["resource"] |= {key: value for key, value in extra.items() if key not in TAKEN}
        if foreign:
            entry["resource"]["extension"] = copy.deepcopy(foreign)
        sent[entry["resource"]["id"]] = copy.deepcopy(entry["resource"])
    status, answer = post(world, body, guide)
    assert status == 200, answer
    found = {each["resource"]["id"]: each["resource"] for each in answer["systemActions"]}
    assert {key: bare(value) for key, value in found.items()} == sent


def test_the_place_of_an_earlier_answer_is_kept(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    body = call("order-sign-needed", Guide.V22)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    vendor = {"url": "https://vendor.example/a", "valueString": "x"}
    ours = {
        "url": ext.COVERAGE_INFORMATION,
        "extension": [
            {"url": "coverage", "valueReference": {"reference": "Coverage/cov-fw100001"}}
        ],
    }
    order["extension"] = [ours, vendor]
    _, answer = post(world, body, Guide.V22)
    found = answer["systemActions"][0]["resource"]["extension"]
    assert [each["url"] for each in found] == [ext.COVERAGE_INFORMATION, vendor["url"]]
