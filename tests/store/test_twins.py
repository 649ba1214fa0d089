"""However many send the same submission at once, there is one case and everyone gets its answer."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.queues import Queue
from typing import Any

from sqlalchemy import text

from app.domain.event import EventKind
from app.domain.values import Identifier
from app.errors import Unavailable
from app.store import Store, Taken
from tests.store.made import SUBMITTER, SYSTEM, TENANT, Filing, filing

ROUNDS = 10
TWINS = 6


def submit(store: Store, value: str) -> bytes:
    """What the submit flow does: store, or read what the winner stored. Who is told that the database
    is too busy (a disk may stall for seconds) comes again, as a client does."""
    made = filing(value)
    while True:
        with suppress(Unavailable):
            return _stored(store, made, value)


def _stored(store: Store, made: Filing, value: str) -> bytes:
    try:
        with store.write(TENANT) as work:
            made.store(work)
    except Taken:
        with store.read(TENANT) as look:
            earlier = look.submissions.find(SUBMITTER, Identifier(SYSTEM, value))
            assert earlier is not None
            answer = look.documents.get(earlier.answer)
            assert answer is not None
            return answer.content
    return made.answer


def test_threads_that_race_get_one_case_and_one_answer(store: Store) -> None:
    start = threading.Barrier(TWINS)

    def run(_twin: int) -> list[bytes]:
        answers = []
        for turn in range(ROUNDS):
            start.wait()
            answers.append(submit(store, f"turn-{turn}"))
        return answers

    with ThreadPoolExecutor(TWINS) as pool:
        told = list(pool.map(run, range(TWINS)))
    assert all(answers == told[0] for answers in told)
    assert len(set(told[0])) == ROUNDS
    assert _counts(store) == {"cases": ROUNDS, "submissions": ROUNDS, "documents": 2 * ROUNDS}


def test_events_that_race_for_one_case_are_all_kept_in_one_order(store: Store) -> None:
    made = filing()
    with store.write(TENANT) as work:
        made.store(work)

    def run(twin: int) -> None:
        for turn in range(ROUNDS):
            with store.write(TENANT) as work:
                work.events.append(made.event(EventKind.REPEATED, {"by": twin, "turn": turn}))

    with ThreadPoolExecutor(TWINS) as pool:
        list(pool.map(run, range(TWINS)))
    with store.read(TENANT) as look:
        log = look.events.of(made.case.id)
    assert len(log) == 4 + TWINS * ROUNDS
    for twin in range(TWINS):
        turns = [event.data["turn"] for event in log if event.data.get("by") == twin]
        assert turns == list(range(ROUNDS))


def test_processes_that_race_get_one_case_and_one_answer(store: Store, database: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    told: Queue[list[bytes]] = spawn.Queue()
    start = spawn.Barrier(3)
    twins = [spawn.Process(target=_process, args=(database, start, told)) for _ in range(3)]
    for twin in twins:
        twin.start()
    answers = [told.get(timeout=60) for _ in twins]
    for twin in twins:
        twin.join(30)
        assert twin.exitcode == 0
    assert answers[0] == answers[1] == answers[2]
    assert _counts(store) == {"cases": ROUNDS, "submissions": ROUNDS, "documents": 2 * ROUNDS}


def _process(database: str, start: Any, told: Any) -> None:
    store = Store(database)
    answers = []
    for turn in range(ROUNDS):
        start.wait(30)
        answers.append(submit(store, f"turn-{turn}"))
    store.close()
    told.put(answers)


def _counts(store: Store) -> dict[str, int]:
    with store.engines.read.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in ("cases", "submissions", "documents")
        }
