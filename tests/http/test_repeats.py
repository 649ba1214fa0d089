"""The same submission again gets the first answer; one identifier never means two requests."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest

from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.values import Identifier
from app.factory import build_app
from tests.world import World, claim_of, example

GUIDES = pytest.mark.parametrize("guide", list(Guide))


@GUIDES
def test_the_same_bytes_again_get_the_same_bytes(worlds: World, guide: Guide) -> None:
    world = worlds
    body = orjson.dumps(example("oxygen-approved", guide))
    first, second = world.submit(body, guide), world.submit(body, guide)
    assert first.status_code == second.status_code == 200
    assert first.data == second.data


def test_white_space_order_and_parameters_do_not_make_another_request(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    first = world.submit(orjson.dumps(bundle), Guide.V22)
    turned = dict(reversed(bundle.items()))
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": bundle}],
    }
    for body in (
        orjson.dumps(bundle, option=orjson.OPT_INDENT_2),
        orjson.dumps(turned),
        orjson.dumps(parameters),
    ):
        again = world.submit(body, Guide.V22)
        assert (again.status_code, again.data) == (200, first.data)


@GUIDES
def test_the_same_identifier_with_other_content_is_a_conflict_that_explains(
    world: World, guide: Guide
) -> None:
    bundle = example("oxygen-approved", guide)
    assert world.submit(bundle, guide).status_code == 200
    claim_of(bundle)["item"][0]["quantity"]["value"] = 2
    response = world.submit(bundle, guide)
    found = orjson.loads(response.data)
    assert response.status_code == 409
    assert found["issue"][0]["code"] == "conflict"
    assert found["issue"][0]["expression"] == ["Bundle.identifier"]
    assert "new Bundle.identifier" in found["issue"][0]["details"]["text"]


def test_the_system_is_part_of_the_identifier(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    first = world.submit(bundle, Guide.V22)
    bundle["identifier"]["system"] = "https://ehr.elsewhere.example/submission"
    second = world.submit(bundle, Guide.V22)
    assert second.status_code == 200
    assert first.data != second.data


def test_a_repetition_is_noted_in_the_log_of_the_case(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    world.submit(bundle, Guide.V22)
    world.submit(bundle, Guide.V22)
    assert kinds_of(world, bundle).count(EventKind.REPEATED) == 1


def kinds_of(world: World, bundle: dict[str, Any]) -> list[EventKind]:
    """The kinds of all events of the case of a submission."""
    named = Identifier(bundle["identifier"]["system"], bundle["identifier"]["value"])
    with world.context.store.read(world.caller.tenant) as look:
        submission = look.submissions.find(world.caller.id, named)
        assert submission is not None
        return [event.kind for event in look.events.of(submission.case_id)]


def test_twins_that_arrive_together_make_one_case(worlds: World) -> None:
    """Real threads, one body: one case, one answer for all, and no failure."""
    world, app = worlds, build_app(worlds.context)
    for _ in range(5):
        bundle = example("cpap-modified", Guide.V22)
        body = orjson.dumps(bundle)
        answers: list[tuple[int, bytes]] = []
        gate = threading.Barrier(6)

        def send(
            body: bytes = body,
            gate: threading.Barrier = gate,
            answers: list[tuple[int, bytes]] = answers,
        ) -> None:
            client = app.test_client()
            gate.wait()
            response = client.post(
                "/fhir/2.2/Claim/$submit", data=body, content_type="application/fhir+json"
            )
            answers.append((response.status_code, response.data))

        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {status for status, _ in answers} == {200}
        assert len({data for _, data in answers}) == 1
        assert kinds_of(world, bundle).count(EventKind.RECEIVED) == 1
        assert kinds_of(world, bundle).count(EventKind.REPEATED) == 5
