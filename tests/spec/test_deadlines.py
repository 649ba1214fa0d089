"""A case that still waits after its due instant gets that into its log, once, and nothing else."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from app.clock import Moment
from app.domain.case import Case, CaseState
from app.domain.decision import Citation
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.policy import Lapse, LapseEffect
from app.domain.values import Identifier
from app.errors import Unavailable
from app.flows.expire import expire
from app.jobs.watch import watch, watch_once
from app.rulebook import Rulebook
from tests.spec.test_review import LEE, act, story, whole
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
    assert expire(store, case.tenant, later(case, -1), lambda: world.context) == ()
    assert expire(store, case.tenant, later(case, 0), lambda: world.context) == ()
    assert [
        late.id for late in expire(store, case.tenant, later(case, 1), lambda: world.context)
    ] == [case.id]
    assert expire(store, case.tenant, later(case, 60), lambda: world.context) == ()
    (event,) = expiries(world, case)
    assert case.due is not None
    assert event.data == {
        "due": case.due.isoformat(),
        "rule": "ma-standard-2026",
        "effect": "counts-as-denial",
    }


def test_a_decided_case_has_no_deadline_to_miss(world: World) -> None:
    waiting(world, "member-not-found")
    moment = replace(fixed_moment(), now=fixed_moment().now + timedelta(days=400))
    assert expire(world.context.store, world.caller.tenant, moment, lambda: world.context) == ()


def test_workers_that_look_at_once_note_it_once(world: World) -> None:
    case, store = waiting(world), world.context.store
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        expire(store, case.tenant, later(case, 1), lambda: world.context)

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
        watch_once(
            lambda moment: expire(world.context.store, case.tenant, moment, lambda: world.context),
            later(case, 1),
        )
    (record,) = [record for record in caplog.records if record.getMessage() == "overdue"]
    assert record.__dict__["case_id"] == str(case.id)


def test_a_late_case_is_escalated_and_free_for_others(world: World) -> None:
    case = waiting(world, "oxygen-clinical-review")
    act(world, case.number, "take", "reviewer", by=LEE)
    expire(world.context.store, case.tenant, later(case, 1), lambda: world.context)
    told = story(world, case.number)
    assert [event.kind for event in told.events[-3:]] == [
        EventKind.CLOCK_EXPIRED,
        EventKind.RELEASED,
        EventKind.ESCALATED,
    ]
    listed = world.client.get("/desk/api/cases", headers={"Forthwith-Role": "reviewer"})
    (head,) = orjson.loads(listed.data)["cases"]
    assert (head["holder"], head["escalated"]) == ("", True)
    act(world, case.number, "approve", "reviewer", 409, by=LEE)


def test_where_the_law_approves_what_is_late_it_is_approved_and_told(world: World) -> None:
    rulebook = world.context.rulebook
    law = Lapse(LapseEffect.DEEMED_APPROVED, (Citation("A law of the state"),))
    rules = tuple(replace(each, lapse=law) for each in rulebook.deadlines)
    context = replace(world.context, in_force=_InForce(replace(rulebook, deadlines=rules)))  # type: ignore[arg-type]
    late = waiting(world, "oxygen-clinical-review")
    lacking = waiting(world, "oxygen-missing-facts")
    for case in (late, lacking):
        expire(context.store, case.tenant, later(case, 1), lambda: context)
    assert story(world, late.number).case.state is CaseState.DECIDED
    notes = whole(world, late.number, Guide.V22)["entry"][0]["resource"]["processNote"]
    assert any("A law of the state" in each["text"] for each in notes)
    assert story(world, lacking.number).case.state is CaseState.AWAITING_INFORMATION


class _InForce:
    """A rulebook that is in force whatever the files say."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook

    def current(self) -> Rulebook:
        return self._rulebook
