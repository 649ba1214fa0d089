"""Updates that arrive together: of one version exactly one is taken, and one request has one case."""

from __future__ import annotations

import threading
from typing import Any

import orjson

from app.domain.event import EventKind
from app.domain.guide import Guide
from app.factory import build_app
from tests.spec.reading import error_codes, response_of
from tests.spec.test_review import story
from tests.spec.updating import line, mark, update_of
from tests.world import FHIR_JSON, World, example

Json = dict[str, Any]


def sent_together(world: World, bundles: list[Json]) -> list[Json]:
    """The answers to bundles that are sent at the same moment, each by a thread of its own."""
    app, gate = build_app(world.context), threading.Barrier(len(bundles))
    answers: list[Json] = []

    def send(body: bytes) -> None:
        client = app.test_client()
        gate.wait()
        response = client.post("/fhir/2.2/Claim/$submit", data=body, content_type=FHIR_JSON)
        assert response.status_code == 200, response.data
        answers.append(orjson.loads(response.data))

    threads = [threading.Thread(target=send, args=(orjson.dumps(each),)) for each in bundles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(bundles)
    return answers


def rivals(prior: Json, count: int) -> list[Json]:
    """Updates of one version, each with another quantity."""
    made = [update_of(prior) for _ in range(count)]
    for units, bundle in enumerate(made, start=10):
        mark(line(bundle, 1), "changed")["quantity"]["value"] = units
    return made


def test_of_several_updates_of_one_version_one_is_taken(worlds: World) -> None:
    first = example("oxygen-approved", Guide.V22)
    public_id = response_of(worlds.answer(first, Guide.V22))["id"]
    answers = sent_together(worlds, rivals(first, 4))
    codes = [error_codes(each) for each in answers]
    assert sorted(codes) == [[], *[[("33", "C")]] * 3]
    told = story(worlds, public_id)
    assert [e.kind for e in told.events].count(EventKind.RECEIVED) == 2
    assert len(told.decisions) == 2


def test_of_several_updates_of_an_unknown_request_one_adopts_it(worlds: World) -> None:
    answers = sent_together(worlds, rivals(example("oxygen-approved", Guide.V22), 4))
    taken = [each for each in answers if not error_codes(each)]
    assert len(taken) == 1
    case = story(worlds, response_of(taken[0])["id"]).case
    refused = [each for each in answers if each is not taken[0]]
    assert {error_codes(each)[0] for each in refused} == {("33", "C")}
    assert {story(worlds, response_of(each)["id"]).case.id for each in refused} == {case.id}
