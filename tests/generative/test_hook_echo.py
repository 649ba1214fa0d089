"""Whatever an order carries, it comes back as it was sent but for our extension (resp-37)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.guide import Guide
from app.fhir.crd.targets import ORDERS
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
ASKED_ABOUT = (*ORDERS, "Appointment", "Encounter")
TAKEN = {"resourceType", "id", "extension", "doNotPerform", "meta"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield new_world(tmp_path_factory.mktemp("echo"))


def bare(resource: Json) -> Json:
    """The resource without what is said about our member's coverage."""
    kept = [e for e in resource.get("extension", []) if not is_ours(e)]
    rest = {name: value for name, value in resource.items() if name != "extension"}
    return rest | ({"extension": kept} if kept else {})


def is_ours(extension: Json) -> bool:
    return extension["url"] == ext.COVERAGE_INFORMATION and extension not in ELSEWHERE


def about(coverage: str, key: str) -> Json:
    """What another payer said, as it stands on an order."""
    return {
        "url": ext.COVERAGE_INFORMATION,
        "extension": [
            {"url": "coverage", "valueReference": {"reference": f"Coverage/{coverage}"}},
            {"url": "covered", "valueCode": "covered"},
            {"url": "pa-needed", "valueCode": "no-auth"},
            {"url": "date", "valueDate": "2026-01-01"},
            {"url": "coverage-assertion-id", "valueString": key},
        ],
    }


ELSEWHERE = [about("another", "k1"), about("third", "k2")]
TOLD = st.lists(st.sampled_from(ELSEWHERE), max_size=2, unique_by=str)
HOOKS = [
    "order-sign-needed",
    "order-sign-all-types",
    "order-sign-three",
    "order-select",
    "order-dispatch",
    "appointment-book",
    "encounter-start",
    "encounter-discharge",
]


def everything(body: Json) -> Iterator[Json]:
    """Each resource of context and prefetch."""
    for value in (*body["context"].values(), *body["prefetch"].values()):
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", []))
        elif isinstance(value, dict):
            yield value


def name_of(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    guide=st.sampled_from(list(Guide)),
    name=st.sampled_from(HOOKS),
    extra=st.dictionaries(WORDS.map(lambda word: f"x{word}"), VALUES, max_size=3),
    foreign=FOREIGN,
    told=TOLD,
    note=st.booleans(),
)
def test_an_order_comes_back_as_it_was_sent(
    world: World, guide: Guide, name: str, extra: Json, foreign: list[Json], told: list[Json],
    note: bool,
) -> None:  # fmt: skip
    body = call(name, guide)
    sent: dict[str, Json] = {}
    for resource in everything(body):
        if resource["resourceType"] in ASKED_ABOUT:
            resource |= {key: value for key, value in extra.items() if key not in TAKEN}
            if note:
                resource["_status"] = {
                    "extension": [{"url": "https://v.example", "valueCode": "x"}]
                }
            if foreign or told:
                resource["extension"] = copy.deepcopy([*foreign, *told, *foreign])
        sent.setdefault(name_of(resource), copy.deepcopy(resource))
    address = f"/crd/{guide.value}/cds-services/{body['hook']}"
    raw = orjson.dumps(body)  # as Flask's own JSON would sort the members
    answered = world.client.post(address, data=raw, content_type="application/json")
    assert answered.status_code == 200, answered.data
    answer = orjson.loads(answered.data)
    updated = [action["resource"] for action in answer.get("systemActions", [])]
    assert updated or name.startswith("encounter")
    for resource in updated:
        before = sent[name_of(resource)]
        assert bare(resource) == bare(before)
        order = [key for key in resource if key != "extension"]
        assert order == [key for key in before if key != "extension"]
        assert sum(map(is_ours, resource["extension"])) >= 1


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
