"""A case that still waits after its due instant gets that into its log, once, and nothing else."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import Moment
from app.domain.case import Case
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.values import Identifier
from app.errors import Unavailable
from app.flows.expire import expire
from app.jobs.watch import watch, watch_once
from tests.world import World, example, fixed_moment


def waiting(world: World, name: str = "oxygen-missing-facts") -> Case:
    """A case that was just submitted."""
    bundle = example(name, Guide.V22)
    world.answer(bundle, Guide.V22)
    named = Identifier(bundle["identifier"]["system"], bundle["identifier"]["value"])
    with world.context.store.read(world.caller.tenant) as look:
        submission = look.submissions.find(world.caller.id, named)
        assert submission is not None
        case = look.cases.get(submission.case_id)
    assert case is not None
    return case


def expiries(world: World, case: Case) -> list[Event]:
    with world.context.store.read(world.caller.tenant) as look:
        log = look.events.of(case.id)
        assert look.cases.get(case.id) == case
    return [event for event in log if event.kind is EventKind.CLOCK_EXPIRED]


def later(case: Case, seconds: float) -> Moment:
    assert case.due is not None
    return replace(fixed_moment(), now=case.due + timedelta(seconds=seconds))


def test_a_missed_deadline_is_noted_once_and_the_case_stays_as_it_is(world: World) -> None:
    case, store = waiting(world), world.context.store
    assert expire(store, case.tenant, later(case, -1)) == ()
    assert expire(store, case.tenant, later(case, 0)) == ()
    assert [late.id for late in expire(store, case.tenant, later(case, 1))] == [case.id]
    assert expire(store, case.tenant, later(case, 60)) == ()
    (event,) = expiries(world, case)
    assert case.due is not None
    assert event.data == {"due": case.due.isoformat()}


def test_a_decided_case_has_no_deadline_to_miss(world: World) -> None:
    waiting(world, "member-not-found")
    moment = replace(fixed_moment(), now=fixed_moment().now + timedelta(days=400))
    assert expire(world.context.store, world.caller.tenant, moment) == ()


def test_workers_that_look_at_once_note_it_once(world: World) -> None:
    case, store = waiting(world), world.context.store
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        expire(store, case.tenant, later(case, 1))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(expiries(world, case)) == 1


def test_a_database_that_is_away_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    rounds = []

    def away(moment: Moment) -> tuple[Case, ...]:
        rounds.append(moment)
        if len(rounds) == 3:
            stop.set()
        raise Unavailable("away")

    watch(away, fixed_moment, stop, 0.001)
    assert len(rounds) == 3
    assert watch_once(lambda _moment: (), fixed_moment()) == 0


def test_the_log_line_names_the_case_alone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    case = waiting(world)
    with caplog.at_level("WARNING", logger="forthwith"):
        watch_once(lambda moment: expire(world.context.store, case.tenant, moment), later(case, 1))
    (record,) = [record for record in caplog.records if record.getMessage() == "overdue"]
    assert record.__dict__["case_id"] == str(case.id)
