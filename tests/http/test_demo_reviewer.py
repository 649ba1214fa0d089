"""The demo reviewer plays the person, end to end over HTTP, in a demo and nowhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import orjson
import pytest
from werkzeug.serving import make_server

from app import clock
from app.cli import run
from app.clients.desk import DeskClient
from app.domain.guide import Guide
from app.errors import BadData
from app.factory import build_app
from app.flows import play_review
from tests.house.live import free_port, serving
from tests.spec.subscribing import subscribed, tell
from tests.spec.test_review import read, story
from tests.subscriber_double import subscriber
from tests.world import FHIR_JSON, World, actions, example

LATER = timedelta(days=3650)


@contextmanager
def listening(world: World) -> Iterator[tuple[World, str]]:
    """The same server with the real clock, and its address on a port of its own."""
    app = build_app(replace(world.context, moment=clock.moment))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield World(world.context, app.test_client()), f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def play(address: str, *more: str) -> int:
    """One round of the command, which waits for nothing unless `more` says so."""
    line = [
        "demo-reviewer",
        "--once",
        "--server",
        address,
        "--delay",
        "0",
        "--patience",
        "0",
        *more,
    ]
    return run(line, {"FORTHWITH_DEMO": "on"})


@pytest.mark.parametrize("guide", list(Guide))
def test_what_waits_is_decided_and_told_without_anybody_at_the_desk(
    world: World, guide: Guide
) -> None:
    """By default approved; an oxygen level above the limit is denied by the medical director."""
    with listening(world) as (world, address), subscriber() as endpoint:
        subscribed(world, guide, endpoint.url)
        ids = {
            name: world.answer(example(name, guide), guide)["entry"][0]["resource"]["id"]
            for name in ("inpatient-no-policy", "oxygen-clinical-review")
        }
        assert play(address) == 0
        tell(world, LATER)
    found = {name: read(world, guide, public_id) for name, public_id in ids.items()}
    assert found["inpatient-no-policy"]["preAuthRef"].startswith("FA-")
    denial = story(world, ids["oxygen-clinical-review"])
    assert denial.decisions[-1].decision.items[0].adverse is not None
    assert {e.actor for e in denial.events[-4:]} == {"demo-medical-director"}
    assert endpoint.numbers() == [1, 2]
    if guide is Guide.V22:
        told = [each["entry"][1]["resource"] for each in endpoint.got if len(each["entry"]) > 1]
        assert sorted(actions(each)[1] for each in told) == ["A1", "A3"]


def test_documents_are_asked_for_once_and_waited_for(world: World) -> None:
    with listening(world) as (world, address):
        answer = world.answer(example("cpap-clinical-review", Guide.V22), Guide.V22)
        name = answer["entry"][0]["resource"]["id"]
        assert play(address, "--patience", "3600") == 0
        assert story(world, name).case.state == "awaiting-information"
        assert play(address, "--patience", "3600") == 0
        assert story(world, name).case.state == "awaiting-information"
        assert play(address) == 0
    assert story(world, name).case.state == "decided"


def test_a_case_waits_for_its_delay_and_what_somebody_has_taken_is_left(world: World) -> None:
    with listening(world) as (world, address):
        answer = world.answer(example("oxygen-clinical-review", Guide.V22), Guide.V22)
        number = story(world, answer["entry"][0]["resource"]["id"]).case.number
        assert play(address, "--delay", "3600") == 0
        assert story(world, number).case.state == "in-review"
        taken = world.client.post(
            f"/desk/api/cases/{number}/take",
            json={"by": {"id": "lee"}},
            headers={"Forthwith-Role": "reviewer"},
        )
        assert taken.status_code == 200
        assert play(address) == 0
    assert story(world, number).case.state == "in-review"


@pytest.mark.parametrize("word", ["demo-reviewer", "serve"])
def test_outside_a_demo_it_refuses_to_start(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {
        "FORTHWITH_DEMO_REVIEWER": "on",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}",
        "PORT": str(free_port()),
    }
    assert run([word], environ) == 2
    assert "demo mode only" in capsys.readouterr().err


def test_a_server_that_is_away_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert play(f"http://127.0.0.1:{free_port()}") == 1
    assert "is away" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        play("http://127.0.0.1", "--delay", "soon")


def test_a_script_that_cannot_be_played_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.setattr(play_review.resources, "data", lambda _name: tmp_path)
    for said, fault in (('{"rules": []}', "does not hold"), (
        '{"reviewer": {}, "medical_director": {}, "rules": [{"do": "guess"}]}', "guess")):  # fmt: skip
        (tmp_path / play_review.FILE).write_text(said)
        with pytest.raises(BadData, match=fault):
            play_review.read_script()


def test_a_case_that_the_desk_refuses_is_given_back_and_left(world: World) -> None:
    """Nothing is tried twice against the rules of the desk; a person can still decide it."""
    refusing = replace(
        play_review.read_script(),
        rules=[{"do": "deny", "body": {"why": {"reason": {"en": "No."}}}}],
    )
    with listening(world) as (world, address):
        answer = world.answer(example("inpatient-no-policy", Guide.V22), Guide.V22)
        desk = DeskClient(address)
        player = play_review.Player(desk, refusing, timedelta(), timedelta())
        now = clock.moment().now + timedelta(seconds=1)
        assert [player.round(now), player.round(now)] == [0, 0]
        desk.close()
    kinds = [e.kind.value for e in story(world, answer["entry"][0]["resource"]["id"]).events]
    assert kinds[-2:] == ["taken", "released"]


def test_serve_starts_it_when_the_setting_is_on(tmp_path: Path) -> None:
    """`FORTHWITH_DEMO_REVIEWER=on forthwith serve`: a process of its own, gone with the server."""
    on = {"FORTHWITH_DEMO_REVIEWER": "on", "FORTHWITH_DEMO_REVIEWER_DELAY": "0"}
    body = orjson.dumps(example("inpatient-no-policy", Guide.V22))
    with serving(tmp_path, **on) as live:
        submit = Request(
            f"{live.address}/fhir/2.2/Claim/$submit", body, {"Content-Type": FHIR_JSON}
        )
        with urlopen(submit, timeout=30) as answer:
            name = orjson.loads(answer.read())["entry"][0]["resource"]["id"]
        end = time.monotonic() + 30
        found: dict[str, object] = {}
        while "preAuthRef" not in found and time.monotonic() < end:
            time.sleep(0.2)
            place = f"{live.address}/fhir/2.2/ClaimResponse/{name}"
            with urlopen(place, timeout=30) as answer:
                found = orjson.loads(answer.read())
    assert str(found.get("preAuthRef", "")).startswith("FA-")
