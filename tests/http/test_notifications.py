"""Every changed answer is told, in order, at least once; on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from app import clock
from app.cli import run
from app.domain.guide import Guide
from app.factory import build_app
from app.fhir.urls import profile
from app.flows.deliver import LEASE
from app.flows.explain_case import explain_case
from tests.spec.changing import Pended
from tests.spec.subscribing import call, faults, shown, subscribed, tell
from tests.subscriber_double import event_numbers, said, subscriber
from tests.world import World, actions, claim_of, fixed_moment, keep

LATER = timedelta(days=3650)
BOTH = pytest.mark.parametrize("guide", list(Guide))


def npi_of(pended: Pended) -> str:
    with pended.world.context.store.read(pended.world.caller.tenant) as look:
        resource = look.resources.get("ClaimResponse", pended.id)
        assert resource is not None
        case = look.cases.get(resource.case_id)
    assert case is not None
    return case.requestor_npi


@BOTH
def test_a_changed_answer_is_told_once_with_its_number(worlds: World, guide: Guide) -> None:
    pended = Pended(worlds, guide)
    with subscriber() as endpoint:
        subscribed(worlds, guide, endpoint.url, f"org-identifier=other,{npi_of(pended)}")
        assert pended.change() == 1
        assert tell(worlds) == 2
        assert tell(worlds) == 0
    handshake, event = endpoint.got
    assert said(handshake, "type") == "handshake"
    assert said(event, "type") == "event-notification"
    assert said(event, "status") == "active"
    assert said(event, "events-since-subscription-start") == "1"
    assert event_numbers(event) == [1]
    assert faults(worlds, event, guide) == []


def test_in_2_2_the_whole_response_bundle_is_inside(world: World) -> None:
    """PAS 2.2.1 spec-61 and spec-62."""
    pended = Pended(world, Guide.V22)
    with subscriber() as endpoint:
        subscribed(world, Guide.V22, endpoint.url)
        pended.change()
        tell(world)
    _, inner = endpoint.got[1]["entry"]
    assert inner["resource"]["entry"] == pended.answer["entry"]
    assert inner["fullUrl"].endswith(f"Bundle/{inner['resource']['id']}")
    issues = world.context.validators[Guide.V22].bundle(inner["resource"], profile.RESPONSE_BUNDLE)
    assert [issue for issue in issues if issue.is_error] == []


def test_in_2_0_only_the_address_is_told(world: World) -> None:
    pended = Pended(world, Guide.V20)
    with subscriber() as endpoint:
        subscribed(world, Guide.V20, endpoint.url)
        pended.change()
        tell(world)
    _, named = endpoint.got[1]["entry"]
    assert "resource" not in named
    assert named["fullUrl"].endswith(f"ClaimResponse/{pended.id}")


def test_who_asked_for_another_requestor_is_not_told(world: World) -> None:
    pended = Pended(world, Guide.V22)
    subscribed(world, Guide.V22, "https://ehr.example/told", "org-identifier=9999999999")
    subscribed(world, Guide.V22, "https://ehr.example/told", "org-identifier=INTER-SND-0001")
    assert pended.change() == 0


def test_a_change_that_is_not_stored_is_not_told(worlds: World) -> None:
    pended = Pended(worlds, Guide.V22)
    with subscriber() as endpoint:
        made = subscribed(worlds, Guide.V22, endpoint.url)
        with pytest.raises(ZeroDivisionError):
            pended.change(fails=True)
        tell(worlds)
        bundle = orjson.loads(call(worlds, "GET", Guide.V22, f"/{made['id']}/$status").data)
    assert said(bundle, "events-since-subscription-start") == "0"
    assert endpoint.kinds() == ["handshake"]


def test_a_flaky_subscriber_gets_every_event_in_order(worlds: World) -> None:
    pended = Pended(worlds, Guide.V22)
    with subscriber(200, 500, 503, 200, 302, 200, 500) as endpoint:
        made = subscribed(worlds, Guide.V22, endpoint.url)
        for _ in range(4):
            pended.change()
        for seconds in range(0, 120, 2):
            tell(worlds, timedelta(seconds=seconds))
        assert shown(worlds, Guide.V22, made)["status"] == "active"
    assert endpoint.numbers() == [1, 2, 3, 4]
    assert len(endpoint.refused) == 4


def test_several_workers_at_once_tell_every_event_once_and_in_order(worlds: World) -> None:
    pended = Pended(worlds, Guide.V22)
    with subscriber() as endpoint:
        subscribed(worlds, Guide.V22, endpoint.url)
        tell(worlds)
        workers = [threading.Thread(target=lambda: [tell(worlds) for _ in range(20)])
                   for _ in range(3)]  # fmt: skip
        for worker in workers:
            worker.start()
        for _ in range(10):
            pended.change()
        for worker in workers:
            worker.join()
        tell(worlds)
    assert endpoint.numbers() == list(range(1, 11))


def test_the_subscription_of_a_dead_worker_is_taken_over_within_a_minute(worlds: World) -> None:
    assert timedelta(minutes=1) > LEASE
    pended = Pended(worlds, Guide.V22)
    with subscriber() as endpoint:
        subscribed(worlds, Guide.V22, endpoint.url)
        tell(worlds)
        pended.change()
        moment = fixed_moment()
        with worlds.context.store.write(worlds.caller.tenant) as work:
            assert work.deliveries.take(moment.now, moment.now + LEASE, moment.new_id())
        assert tell(worlds) == 0
        assert tell(worlds, LEASE) == 1
    assert endpoint.numbers() == [1]


def test_what_a_killed_worker_was_telling_is_told_by_the_next(worlds: World) -> None:
    """kill -9 while the subscriber has the call in its hands: told again, with the same number."""
    context = replace(worlds.context, moment=clock.moment)
    world = World(context, build_app(context).test_client())
    pended = Pended(world, Guide.V22)
    environ = {
        **os.environ,
        "DATABASE_URL": context.settings.database_url,
        "FORTHWITH_DEMO": "on",
    }
    command = [sys.executable, "-m", "app.cli", "work"]
    with subscriber() as endpoint:
        subscribed(world, Guide.V22, endpoint.url)
        tell(world, LATER)
        for _ in range(3):
            pended.change(clock.moment())
        endpoint.answers.clear()
        with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as worker:
            assert endpoint.called.wait(30)
            worker.kill()
        endpoint.answers.set()
        tell(world, LATER)
    assert endpoint.numbers() == [1, 1, 2, 3]


def test_a_worker_that_lost_its_lease_settles_nothing(worlds: World) -> None:
    subscribed(worlds, Guide.V22, "https://ehr.example/told")
    moment = fixed_moment()
    first, second = moment.new_id(), moment.new_id()
    with worlds.context.store.write(worlds.caller.tenant) as work:
        taken = work.deliveries.take(moment.now, moment.now, first)
    assert taken is not None
    with worlds.context.store.write(worlds.caller.tenant) as work:
        assert work.deliveries.take(moment.now, moment.now + LEASE, second)
        work.deliveries.delivered(taken.id, first, 0, moment.now, None)
        found = work.subscriptions.get(taken.id)
    assert found is not None and found.status == "requested"


def test_a_subscriber_that_stays_down_is_given_up_and_can_be_driven_again(
    worlds: World, capsys: pytest.CaptureFixture[str]
) -> None:
    pended = Pended(worlds, Guide.V22)
    with subscriber(200, *[500] * 60) as endpoint:
        made = subscribed(worlds, Guide.V22, endpoint.url)
        tell(worlds)
        pended.change()
        for minutes in range(0, 27 * 60, 5):
            tell(worlds, timedelta(minutes=minutes))
        assert shown(worlds, Guide.V22, made)["status"] == "error"
        pended.change()
        endpoint.statuses.clear()
        assert tell(worlds, timedelta(hours=30)) == 0
        url = worlds.context.settings.database_url
        assert run(["work", "--redrive"], {"DATABASE_URL": url}) == 0
        assert capsys.readouterr().out == "1 subscriptions are tried again.\n"
        tell(worlds, LATER)
    assert endpoint.numbers() == [1, 2]
    assert endpoint.kinds() == ["handshake", "handshake", *["event-notification"] * 2]


@BOTH
def test_events_can_be_asked_for(worlds: World, guide: Guide) -> None:
    pended = Pended(worlds, guide)
    made = subscribed(worlds, guide, "https://ehr.example/told")
    for _ in range(3):
        pended.change()
    path = f"/{made['id']}/$events?eventsSinceNumber=2"
    bundle = orjson.loads(call(worlds, "GET", guide, path).data)
    assert said(bundle, "type") == "query-event"
    assert said(bundle, "events-since-subscription-start") == "3"
    assert event_numbers(bundle) == [2, 3]
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == (3 if guide is Guide.V22 else 2)
    keep(orjson.dumps(bundle), guide)
    issues = worlds.context.validators[guide].bundle(bundle)
    assert [issue for issue in issues if issue.is_error] == []
    bad = call(worlds, "GET", guide, f"/{made['id']}/$events?eventsSinceNumber=x")
    assert bad.status_code == 400


def test_one_round_of_work_calls_subscribers(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    url = world.context.settings.database_url
    context = replace(world.context, moment=clock.moment)
    world = World(context, build_app(context).test_client())
    with subscriber() as endpoint:
        subscribed(world, Guide.V22, endpoint.url)
        environ = {"DATABASE_URL": url, "FORTHWITH_DEMO": "on"}
        assert run(["work", "--once"], environ) == 0
    assert "1 calls made to subscribers, " in capsys.readouterr().out
    assert endpoint.kinds() == ["handshake"]


@BOTH
def test_what_a_person_decides_is_told_with_the_decision_inside(
    worlds: World, guide: Guide
) -> None:
    pended = Pended(worlds, guide)
    number = explain_case(worlds.context.store, worlds.caller.tenant, pended.id).case.number
    with subscriber() as endpoint:
        subscribed(worlds, guide, endpoint.url)
        for word in ("take", "approve"):
            acted = worlds.client.post(
                f"/desk/api/cases/{number}/{word}",
                json={"by": {"id": "lee"}},
                headers={"Forthwith-Role": "reviewer"},
            )
            assert acted.status_code == 200, acted.data
        tell(worlds)
    assert endpoint.numbers() == [1]
    _, told = endpoint.got[1]["entry"]
    if guide is Guide.V22:
        assert actions(told["resource"]) == {1: "A1"}
    else:
        answer = worlds.client.get(f"/fhir/2.0/{told['request']['url']}")
        assert orjson.loads(answer.data)["meta"]["versionId"] == "2"


def test_an_opinion_is_told_to_nobody(world: World) -> None:
    """A predetermination authorizes nothing."""
    pended = Pended(world, Guide.V22)
    subscribed(world, Guide.V22, "https://ehr.example/told")
    claim_of(pended.request)["use"] = "predetermination"
    assert pended.change() == 0
