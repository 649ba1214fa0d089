"""Start again: the demo's cases count for nothing any more, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import run
from app.domain.case import CaseState
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.flows.sandbox.start_again import Reset, start_again
from tests.spec.crd.asking import ask, call, only
from tests.world import World, example, new_world

PREFIX = "https://fairwater.example/member-id"


def states(world: World) -> list[CaseState]:
    with world.context.store.read(world.context.settings.tenant) as look:
        keys = [f"FW1000{n:02}" for n in range(1, 21)] + ["FW777777"]
        return [each.case.state for each in look.cases.of_members(keys)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def test_a_grant_counts_no_more_and_its_log_says_why(world: World) -> None:
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    assert only(ask(world, call("order-sign-needed", Guide.V22), Guide.V22))["pa-needed"] == [
        "satisfied"
    ]
    world.client.get("/sandbox/live")
    done = start_again(world.context, world.context.moment())
    assert done.cases == 1 and done.arrivals >= 2 and done.members == 0
    assert only(ask(world, call("order-sign-needed", Guide.V22), Guide.V22))["pa-needed"] == [
        "auth-needed"
    ]
    with world.context.store.read(world.context.settings.tenant) as look:
        (candidate,) = look.cases.of_members(["FW100001"])
        events = look.events.of(candidate.case.id)
    assert candidate.case.state is CaseState.CANCELLED
    (told,) = [each for each in events if each.kind is EventKind.CANCELLED]
    assert told.actor == "sandbox" and told.data == {"because": "reset", "items": [1]}
    assert events[-1].kind is EventKind.ANSWERED
    assert start_again(world.context, world.context.moment()).cases == 0


@pytest.mark.parametrize("guide", list(Guide))
def test_what_waits_is_withdrawn_and_a_benefit_fact_stays(world: World, guide: Guide) -> None:
    for name in ("oxygen-clinical-review", "oxygen-missing-facts", "mixed-lines", "not-covered"):
        world.answer(example(name, guide), guide)
    assert start_again(world.context, world.context.moment()).cases == 3
    assert CaseState.DECIDED in states(world)
    with world.context.store.read(world.context.settings.tenant) as look:
        assert look.cases.waiting(10) == ()


def test_a_case_on_somebodys_desk_is_taken_back(world: World) -> None:
    world.answer(example("oxygen-clinical-review", Guide.V22), Guide.V22)
    with world.context.store.read(world.context.settings.tenant) as look:
        (case,) = look.cases.waiting(10)
    headers = {"Forthwith-Role": "reviewer"}
    took = world.client.post(
        f"/desk/api/cases/{case.number}/take", json={"by": {"id": "lee"}}, headers=headers
    )
    assert took.status_code == 200
    start_again(world.context, world.context.moment())
    with world.context.store.read(world.context.settings.tenant) as look:
        assert look.events.holders([case.id]) == {}


def test_the_members_are_as_in_their_file_again_and_others_stay(
    world: World, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "member_id,family,birth_date,plan\nFW777777,Somebody,1990-01-01,FW-MA-01\n", "utf-8"
    )
    environ = {"DATABASE_URL": world.context.settings.database_url, "FORTHWITH_DEMO": "on"}
    assert run(["members", "import", str(rows)], environ) == 0
    before = start_again(world.context, world.context.moment())
    assert before == Reset(0, 0, 0)
    with world.context.store.read(world.context.settings.tenant) as look:
        assert not look.members.is_empty()


def test_the_button_and_the_command_say_what_they_did(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    page = world.client.post("/sandbox/reset", data={"lang": "en"}).text
    assert "The demo is at its start again." in page and "Cases withdrawn: 1" in page
    world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    environ = {"DATABASE_URL": world.context.settings.database_url, "FORTHWITH_DEMO": "on"}
    assert run(["sandbox", "reset"], environ) == 0
    assert "1 cases withdrawn" in capsys.readouterr().out
    assert run(["sandbox", "reset"], environ | {"FORTHWITH_DEMO": "off"}) == 2
