"""Killed at any point, the server loses no acknowledged case and leaves no half case."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from app import resources
from app.auth.door import door
from app.clock import moment
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.values import Identifier
from app.factory import build_context, prepare
from app.flows.context import Context
from app.flows.submit import submit
from app.settings import Settings
from app.store import Store, migrate
from benchmarks.server import free_port, wait_until_ready

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

EXAMPLES = ("oxygen-approved", "oxygen-missing-facts", "mixed-lines", "member-not-found")
TENANT = "demo"
KILLS = 20
SERVER_KILLS = 3


def bodies() -> list[dict[str, Any]]:
    """Some of our examples, one per outcome."""
    folder = resources.data("examples") / "pas" / "2.2"
    return [orjson.loads((folder / f"{name}.json").read_bytes()) for name in EXAMPLES]


def fresh(bundle: dict[str, Any], value: str) -> bytes:
    """The same request under another transaction identifier."""
    return orjson.dumps({**bundle, "identifier": {**bundle["identifier"], "value": value}})


@dataclass
class Told:
    """What senders know: the hash of each answer they got, and what they sent without one."""

    answers: dict[Identifier, str] = field(default_factory=dict)
    unanswered: dict[Identifier, bytes] = field(default_factory=dict)


def check(store: Store, submitter: str, told: Told) -> None:
    """Every acknowledged case is there with the same answer; every case there is whole."""
    with store.read(TENANT) as look:
        for transaction, sha256 in told.answers.items():
            found = look.submissions.find(submitter, transaction)
            assert found is not None, "an acknowledged case is lost"
            answer = look.documents.get(found.answer)
            assert answer is not None
            assert hashlib.sha256(answer.content).hexdigest() == sha256
        with store.engines.read.connect() as connection:
            query = text("SELECT number FROM cases WHERE tenant = :tenant")
            numbers = connection.execute(query, {"tenant": TENANT}).scalars().all()
            query = text("SELECT count(*) FROM documents WHERE tenant = :tenant")
            documents = connection.execute(query, {"tenant": TENANT}).scalar_one()
            query = text("SELECT count(*) FROM submissions WHERE tenant = :tenant")
            submissions = connection.execute(query, {"tenant": TENANT}).scalar_one()
        assert submissions == len(numbers)
        assert documents == 2 * len(numbers)
        for number in numbers:
            case = look.cases.by_number(number)
            assert case is not None
            kinds = [event.kind for event in look.events.of(case.id)]
            while kinds[-1] is EventKind.REPEATED:  # stored, killed, sent again
                kinds.pop()
            assert (kinds[0], kinds[-1]) == (EventKind.RECEIVED, EventKind.ANSWERED)
            assert EventKind.DECIDED in kinds
            assert len(look.decisions.of(case.id)) == 1
            assert look.cases.items(case.id)


@pytest.fixture
def settings(database: str) -> Settings:
    """The demo payer on this database."""
    store = Store(database)
    migrate(store)
    store.close()
    made = Settings.from_environ({"DATABASE_URL": database, "FORTHWITH_DEMO": "on"})
    prepare(made)
    return made


def test_a_process_killed_at_random_points_loses_nothing(settings: Settings) -> None:
    context, dice, told = build_context(settings), random.Random(2026), Told()
    caller = door(settings)("")
    submit(context, caller, fresh(bodies()[0], "warm"), Guide.V22, moment())
    context.store.close()
    for _ in range(KILLS):
        for line in _killed_after(dice.uniform(0.0, 0.08), context):
            system, value, sha256 = line.split()
            told.answers[Identifier(system, value)] = sha256
    assert len(told.answers) >= KILLS
    check(context.store, caller.id, told)
    context.store.close()


def _killed_after(seconds: float, context: Context) -> list[str]:
    """What a forked process said that it had stored, killed that long after it first said so."""
    pipe, out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _submit_for_ever(context, out)
        except BaseException:  # noqa: BLE001 the child must never go on as a second pytest
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(out)
    with os.fdopen(pipe) as said:
        first = said.readline()
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [line for line in [first, *said] if line.endswith("\n")]


def _submit_for_ever(context: Context, out: int) -> None:
    caller, sent = door(context.settings)(""), bodies()
    while True:
        for bundle in sent:
            value = uuid.uuid4().hex
            answer = submit(context, caller, fresh(bundle, value), Guide.V22, moment())
            sha256 = hashlib.sha256(answer).hexdigest()
            os.write(out, f"{bundle['identifier']['system']} {value} {sha256}\n".encode())


def test_a_server_killed_under_load_loses_nothing(settings: Settings) -> None:
    """Real sockets and workers; what had no answer is sent again and gets exactly one case."""
    told, dice = Told(), random.Random(11)
    for _ in range(SERVER_KILLS):
        with _server(settings.database_url) as (process, port):
            _storm(told, port, lambda: _kill(process, dice.uniform(0.3, 0.8)))
    assert told.answers, "no server lived long enough to answer"
    store = Store(settings.database_url)
    check(store, "open-demo", told)
    with _server(settings.database_url) as (process, port):
        for transaction, body in told.unanswered.items():
            status, answer = _post(port, body)
            assert status == 200
            told.answers[transaction] = hashlib.sha256(answer).hexdigest()
        _kill(process, 0)
    check(store, "open-demo", told)
    store.close()


@contextmanager
def _server(database_url: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Two workers on a free port; whatever is left of them is killed at the end."""
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "FORTHWITH_WORKERS": "2",
        "FORTHWITH_DEMO": "on",
        "FORTHWITH_LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until_ready(process, port, time.perf_counter() + 90)
        yield process, port
    finally:
        _kill(process, 0)


def _kill(process: subprocess.Popen[bytes], after: float) -> None:
    """SIGKILL for the server and all its workers."""
    time.sleep(after)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)


def _storm(told: Told, port: int, end: Callable[[], None]) -> None:
    """Four senders send until nobody answers any more."""
    senders = [threading.Thread(target=_send_until_dead, args=(told, port)) for _ in range(4)]
    for sender in senders:
        sender.start()
    end()
    for sender in senders:
        sender.join(30)
        assert not sender.is_alive()


def _send_until_dead(told: Told, port: int) -> None:
    sent = bodies()
    while True:
        for bundle in sent:
            transaction = Identifier(bundle["identifier"]["system"], uuid.uuid4().hex)
            body = fresh(bundle, transaction.value)
            try:
                status, answer = _post(port, body)
            except (OSError, http.client.HTTPException):
                told.unanswered[transaction] = body
                return
            assert status == 200
            told.answers[transaction] = hashlib.sha256(answer).hexdigest()


def _post(port: int, body: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            "POST", "/fhir/2.2/Claim/$submit", body, {"Content-Type": "application/fhir+json"}
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
