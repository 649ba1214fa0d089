"""Web and worker killed at random in a storm of pended cases: each final answer is told, in order.

Time runs thirty times as fast as the clock, so that waits and leases (45 seconds) fit into a test.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

import orjson
import pytest
from werkzeug.serving import make_server

from app import clock
from app.clients.desk import DeskClient
from app.clients.subscriber import SubscriberClient
from app.clock import Moment
from app.domain.case import CaseState
from app.domain.guide import Guide
from app.errors import Unavailable
from app.factory import build_app
from app.flows.context import Context
from app.flows.deliver import deliver
from app.flows.play_review import Player, read_script
from app.jobs.deliver import keep_delivering
from tests.spec.subscribing import subscribed
from tests.spec.test_review import story
from tests.subscriber_double import Subscriber, event_numbers, subscriber
from tests.world import FHIR_JSON, World, actions, example

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

Json = dict[str, Any]
SPEED = 30
SENDERS, EACH = 3, 6
EXAMPLES = ("inpatient-no-policy", "oxygen-clinical-review")
KILLS = 10
AT_MOST = 60
"""Seconds after which the storm has failed; it takes about ten."""


@dataclass(frozen=True, slots=True)
class Fast:
    """A clock that all processes share: `SPEED` seconds pass in one."""

    began: float

    def __call__(self) -> Moment:
        gone = (time.time() - self.began) * SPEED
        now = datetime.fromtimestamp(self.began, UTC) + timedelta(seconds=gone)
        return replace(clock.moment(), now=now)


@dataclass
class Mother:
    """A process with one thread, which forks web and worker whenever it is told to."""

    orders: int
    said: Any
    running: dict[str, int] = field(default_factory=dict)

    def start(self, kind: str) -> None:
        os.write(self.orders, f"{kind}\n".encode())
        self.running[kind] = int(self.said.readline())

    def kill(self, kind: str) -> None:
        os.kill(self.running.pop(kind), signal.SIGKILL)


@contextmanager
def mother(context: Context, plug: socket.socket) -> Iterator[Mother]:
    (reads, orders), (tells, says) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(orders)
            os.close(tells)
            _bear(context, plug, reads, says)
        except BaseException:  # noqa: BLE001 the child must never go on as a second pytest
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(reads)
    os.close(says)
    with os.fdopen(tells) as said:
        made = Mother(orders, said)
        try:
            yield made
        finally:
            for kind in list(made.running):
                made.kill(kind)
            os.close(orders)
            os.waitpid(child, 0)


def _bear(context: Context, plug: socket.socket, reads: int, says: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with os.fdopen(reads) as orders:
        for order in orders:
            child = os.fork()
            if child == 0:
                serve(context, plug) if order == "web\n" else work(context)
            os.write(says, f"{child}\n".encode())


def serve(context: Context, plug: socket.socket) -> None:
    port = plug.getsockname()[1]
    server = make_server("127.0.0.1", port, build_app(context), threaded=True, fd=plug.fileno())
    server.serve_forever()


def work(context: Context) -> None:
    """What `forthwith work` does for subscribers, with two senders."""
    stop = threading.Event()
    senders = []
    for _ in range(2):
        post = SubscriberClient(demo=True).post
        tenant, address = context.settings.tenant, context.settings.address
        sender = partial(deliver, context.store, tenant, address, post)
        senders.append(
            threading.Thread(target=keep_delivering, args=(sender, context.moment, stop))
        )
    for each in senders:
        each.start()
    for each in senders:
        each.join()


def send(address: str, name: str, ids: dict[str, str], over: threading.Event) -> None:
    """Submit one request until it is answered: the same bytes get the same case."""
    bundle = example(name, Guide.V22)
    bundle["identifier"]["value"] = uuid.uuid4().hex
    body = orjson.dumps(bundle)
    asked = Request(f"{address}/fhir/2.2/Claim/$submit", body, {"Content-Type": FHIR_JSON})
    while not over.is_set():
        with suppress(OSError, HTTPException), urlopen(asked, timeout=5) as answer:
            found = orjson.loads(answer.read())["entry"][0]["resource"]
            ids[found["id"]] = name
            return


def review(address: str, now: Fast, over: threading.Event) -> None:
    """The demo reviewer, as it runs beside a trial."""
    desk = DeskClient(address)
    player = Player(desk, read_script(), timedelta(), timedelta())
    while not over.is_set():
        with suppress(Unavailable):
            player.round(now().now)
        over.wait(0.05)
    desk.close()


def told(endpoint: Subscriber) -> list[tuple[int, str]]:
    """Event number and ClaimResponse id of each event that was accepted."""
    return [
        (number, _response(each)["id"]) for each in endpoint.got for number in event_numbers(each)
    ]


def _response(notification: Json) -> Json:
    inner: Json = notification["entry"][1]["resource"]["entry"][0]["resource"]
    return inner


def test_every_final_answer_is_told_in_order_whoever_is_killed(worlds: World) -> None:
    dice = random.Random(2026)
    now, ids, over = Fast(time.time()), dict[str, str](), threading.Event()
    context = replace(worlds.context, moment=now)
    world = World(context, build_app(context).test_client())
    flaky = [dice.choice((200, 200, 500, 503)) for _ in range(60)]
    with socket.create_server(("127.0.0.1", 0), backlog=128) as plug:
        address = f"http://127.0.0.1:{plug.getsockname()[1]}"
        with mother(context, plug) as nursery, subscriber() as sound, subscriber(*flaky) as shaky:
            for each in (sound, shaky):
                subscribed(world, Guide.V22, each.url)
            for kind in ("web", "worker"):
                nursery.start(kind)
            crowd = [threading.Thread(target=review, args=(address, now, over))]
            for _ in range(SENDERS):
                names = [dice.choice(EXAMPLES) for _ in range(EACH)]
                crowd.append(threading.Thread(target=_all, args=(address, names, ids, over)))
            for thread in crowd:
                thread.start()
            try:
                _storm(nursery, dice, ids, (sound, shaky))
            finally:
                over.set()
                for thread in crowd:
                    thread.join()
    for endpoint in (sound, shaky):
        _check(endpoint, ids)
    for name in ids:
        assert story(world, name).case.state is CaseState.DECIDED


def _all(address: str, names: list[str], ids: dict[str, str], over: threading.Event) -> None:
    for name in names:
        send(address, name, ids, over)


def _storm(
    nursery: Mother, dice: random.Random, ids: dict[str, str], endpoints: tuple[Subscriber, ...]
) -> None:
    """Kill and start until everything was told, but at least `KILLS` times."""
    end, kills = time.monotonic() + AT_MOST, 0
    while time.monotonic() < end:
        time.sleep(dice.uniform(0.1, 0.7))
        whole = len(ids) == SENDERS * EACH
        if kills >= KILLS and whole and all(len(set(told(e))) >= len(ids) for e in endpoints):
            return
        if kills < KILLS or not whole:
            kind = dice.choice(("web", "worker", "worker"))
            nursery.kill(kind)
            nursery.start(kind)
            kills += 1


def _check(endpoint: Subscriber, ids: dict[str, str]) -> None:
    """All told, in order; what came twice came with the number that it had."""
    numbers = [number for number, _ in told(endpoint)]
    assert sorted(set(numbers)) == list(range(1, SENDERS * EACH + 1))
    assert numbers == sorted(numbers)
    assert len(set(told(endpoint))) == len(ids)
    final = {"inpatient-no-policy": "A1", "oxygen-clinical-review": "A3"}
    for each in endpoint.got:
        if event_numbers(each):
            name = ids[_response(each)["id"]]
            assert actions(each["entry"][1]["resource"]) == {1: final[name]}
