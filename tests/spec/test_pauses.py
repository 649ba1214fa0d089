"""Asking stops the clock where the member's law says so, arrival starts it again; all are events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from app import resources
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.factory import build_app
from app.flows.demo import FILE
from tests.spec.test_attach import paper, parameters
from tests.spec.test_review import LEE, act, story
from tests.world import FHIR_JSON, NOW, Json, World, example, fixed_moment

SELF_FUNDED = ("FW100004", "FW100001")
CLOCK = [EventKind.CLOCK_STARTED, EventKind.CLOCK_PAUSED, EventKind.CLOCK_RESUMED]
LAST_SECOND = {"hour": 4, "minute": 59, "second": 59}


def at(world: World, days: float) -> World:
    """The same server some days later."""
    moment = replace(fixed_moment(), now=NOW + timedelta(days=days))
    context = replace(world.context, moment=lambda: moment)
    return World(context, build_app(context).test_client())


def of_self_funded(name: str, other: str = SELF_FUNDED[1]) -> Json:
    """An example, asked for a member of a self-funded group plan instead."""
    mine = SELF_FUNDED[0]
    lines = (resources.data("examples") / FILE).read_bytes().splitlines()
    person = next(each for line in lines if (each := orjson.loads(line))["id"] == mine.lower())
    bundle: Json = orjson.loads(
        orjson.dumps(example(name, Guide.V22)).replace(other.encode(), mine.encode())
    )
    patient = next(
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"
    )
    patient |= {"name": person["name"], "birthDate": person["birthDate"]}
    return bundle


def clock(world: World, number: str) -> list[tuple[EventKind, Json]]:
    return [(e.kind, dict(e.data)) for e in story(world, number).events if e.kind in CLOCK]


def send(world: World, bundle: Json, number: str, **change: object) -> None:
    body = parameters(bundle, number, paper(b"%PDF-1.7 a note"), **change)
    response = world.client.post(
        "/fhir/2.2/$submit-attachment", data=orjson.dumps(body), content_type=FHIR_JSON
    )
    assert response.status_code == 200, response.data


def test_erisa_the_clock_stands_still_from_asking_to_arrival(world: World) -> None:
    """29 CFR 2560.503-1(f)(4): 15 days, and the days in which the claimant had not responded."""
    bundle = of_self_funded("oxygen-missing-facts")
    number = world.answer(bundle, Guide.V22)["entry"][0]["resource"]["id"]
    waiting = story(world, number)
    assert waiting.case.due == datetime(2027, 1, 25, tzinfo=UTC).replace(
        **LAST_SECOND
    )  # 15 + 45 days
    assert waiting.decisions[-1].decision.paused_until == datetime(2027, 1, 10, tzinfo=UTC).replace(
        **LAST_SECOND
    )
    assert [kind for kind, _ in clock(world, number)] == CLOCK[:2]
    send(at(world, 3), bundle, waiting.case.number, Final={"valueBoolean": False})
    assert [kind for kind, _ in clock(world, number)] == CLOCK[:2]
    send(at(world, 5), bundle, waiting.case.number)
    arrived = story(world, number)
    assert arrived.case.state == "in-review"
    assert arrived.case.due == datetime(2026, 12, 16, tzinfo=UTC).replace(
        **LAST_SECOND
    )  # 15 + 5 days
    assert arrived.decisions[-1].decision.paused_until is None
    told = {"rule": "erisa-pre-service", "due": arrived.case.due.isoformat()}
    assert clock(world, number)[-1] == (EventKind.CLOCK_RESUMED, told)
    assert [kind for kind, _ in clock(world, number)] == CLOCK


def test_medicare_the_clock_runs_while_documents_are_waited_for(world: World) -> None:
    """42 CFR 422.568: from receipt, whatever is missing."""
    bundle = example("oxygen-missing-facts", Guide.V22)
    number = world.answer(bundle, Guide.V22)["entry"][0]["resource"]["id"]
    before = story(world, number).case
    send(at(world, 5), bundle, before.number)
    assert story(world, number).case.due == before.due
    assert [kind for kind, _ in clock(world, number)] == CLOCK[:1]


def test_a_person_who_asks_pauses_it_once(world: World) -> None:
    """The first thing asked for counts: a rule's clock stands still once."""
    number = world.answer(of_self_funded("oxygen-clinical-review"), Guide.V22)
    name = number["entry"][0]["resource"]["id"]
    assert story(world, name).case.due == datetime(2026, 12, 11, tzinfo=UTC).replace(**LAST_SECOND)
    later = at(world, 2)
    case = story(world, name).case.number
    act(later, case, "take", "reviewer", by=LEE)
    needed = [{"loinc": "11506-3", "question": {"en": "The note."}}]
    act(later, case, "ask", "reviewer", by=LEE, item=1, needed=needed)
    paused = story(world, name)
    assert paused.case.due == datetime(2027, 1, 25, tzinfo=UTC).replace(**LAST_SECOND)
    assert paused.events[-2].kind is EventKind.CLOCK_PAUSED
    assert paused.events[-2].actor == "lee"
    send(at(world, 4), of_self_funded("oxygen-clinical-review"), case)
    resumed = story(world, name).case.due
    assert resumed == datetime(2026, 12, 13, tzinfo=UTC).replace(**LAST_SECOND)
    again = at(world, 6)
    act(again, case, "ask", "reviewer", by=LEE, item=1, needed=needed)
    assert story(world, name).case.due == resumed
    assert [kind for kind, _ in clock(world, name)] == CLOCK


def test_what_comes_after_the_requesters_time_gains_nothing(world: World) -> None:
    bundle = of_self_funded("oxygen-missing-facts")
    name = world.answer(bundle, Guide.V22)["entry"][0]["resource"]["id"]
    latest = story(world, name).case.due
    send(at(world, 400), bundle, story(world, name).case.number)
    assert story(world, name).case.due == latest
