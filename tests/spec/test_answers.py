"""What every answer has, whatever was decided: echo, references, numbers, identity."""

from __future__ import annotations

import orjson
import pytest

from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.reading import action, extensions, items, number, references, response_of
from tests.world import NOW, World, claim_of, example, examples

ALL = [(guide, name) for guide in Guide for name in examples(guide)]
STORIES = pytest.mark.parametrize(("guide", "name"), ALL, ids=[f"{g.value}-{n}" for g, n in ALL])


@STORIES
def test_the_answer_conforms_and_echoes_what_was_sent(
    world: World, guide: Guide, name: str
) -> None:
    """Same identifier, same item sequences, same resources under the same addresses (spec-33)."""
    bundle = example(name, guide)
    answer = world.answer(bundle, guide)
    response = response_of(answer)
    assert answer["identifier"] == bundle["identifier"]
    assert answer["type"] == "collection"
    assert response["use"] == "preauthorization"
    assert response["status"] == "active"
    assert response["created"].startswith(NOW.date().isoformat())
    sequences = {item["sequence"] for item in claim_of(bundle)["item"]}
    assert set(items(answer)) in (sequences, set())
    sent = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    for entry in answer["entry"]:
        if entry["fullUrl"] in sent:
            original = sent[entry["fullUrl"]]
            for kept in ("resourceType", "id", "identifier"):
                assert entry["resource"].get(kept) == original.get(kept)


@STORIES
def test_every_reference_of_the_answer_resolves_but_the_request_itself(
    world: World, guide: Guide, name: str
) -> None:
    """Everything that the ClaimResponse refers to is in the bundle, once (spec-31)."""
    answer = world.answer(example(name, guide), guide)
    addresses = [entry["fullUrl"] for entry in answer["entry"]]
    assert len(addresses) == len(set(addresses))
    response = dict(response_of(answer))
    response.pop("request")
    missing = [found for found in references(response) if found not in addresses]
    assert missing == []


@STORIES
def test_what_is_granted_has_a_number_and_what_waits_has_none(
    world: World, guide: Guide, name: str
) -> None:
    answer = world.answer(example(name, guide), guide)
    for item in items(answer).values():
        if action(item) == "A4":
            assert number(item) == ""
            assert extensions(item, ext.ADMINISTRATION_REFERENCE_NUMBER) or guide is Guide.V20
        if action(item) == "A3":
            assert number(item) == ""


@STORIES
def test_trace_numbers_come_back(world: World, guide: Guide, name: str) -> None:
    bundle = example(name, guide)
    answer = world.answer(bundle, guide)
    for item in claim_of(bundle)["item"]:
        sent = [each["valueIdentifier"] for each in extensions(item, ext.ITEM_TRACE_NUMBER)]
        if item["sequence"] in items(answer):
            back = extensions(items(answer)[item["sequence"]], ext.ITEM_TRACE_NUMBER)
            values = [each["valueIdentifier"] for each in back]
            assert all(identifier in values for identifier in sent)


def test_authorization_numbers_are_unique_and_not_in_sequence(world: World) -> None:
    found = []
    for _ in range(20):
        answer = world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
        found += [number(item) for item in items(answer).values()]
    assert len(set(found)) == len(found) == 20
    tails = {value[-2:] for value in found}
    assert len(tails) > 10


def test_the_same_decision_in_both_versions_differs_only_where_the_wire_does(world: World) -> None:
    """2.0 knows no reviewer or transmission extension, no addItem for what was granted instead."""
    old = world.answer(example("oxygen-approved", Guide.V20), Guide.V20)
    new = world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    assert [action(item) for item in items(old).values()] == [
        action(item) for item in items(new).values()
    ]
    text = orjson.dumps(response_of(old)).decode()
    for unknown in (ext.CLAIM_RESPONSE_REVIEWER, ext.TRANSMISSION_IDENTIFIERS):
        assert unknown not in text
        assert extensions(response_of(new), ext.CLAIM_RESPONSE_REVIEWER)
