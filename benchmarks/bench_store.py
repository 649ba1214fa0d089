"""The store alone: durable commits of whole submissions in a second, and what a case takes on disk."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson
from sqlalchemy import create_engine, text

from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.domain.values import Identifier
from app.factory import build_context, prepare
from app.fhir.read import read_request
from app.fhir.validate.text import parse
from app.fhir.write import Envelope, write_response
from app.flows.judge import judge
from app.flows.record import Intake, open_case, record
from app.flows.repeat import mark_of
from app.settings import Settings
from app.store import Store, migrate
from benchmarks import postgres
from benchmarks.timing import milliseconds, percentile

TITLE = "Store: commits and bytes"
EXAMPLE = (
    Path(__file__).resolve().parents[1] / "examples" / "pas" / "2.2" / "oxygen-approved-large.json"
)
PROCESSES = (1, 2)


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    seconds = 1.5 if quick else 8.0
    rows = [
        "| database | processes | commits/s | p50 ms | p99 ms | max ms | CPU ms each |",
        "|---|---|---|---|---|---|---|",
    ]
    sizes, reads = [], []
    with databases() as known:
        for name, url in known:
            store = Store(url)
            migrate(store)
            store.close()
            prepare(_settings(url))
            empty, stored = size(url), 0
            for processes in PROCESSES:
                taken, cpu = at_once(url, processes, seconds)
                stored += len(taken)
                rows.append(
                    f"| {name} | {processes} | {len(taken) / seconds:,.0f} "
                    f"| {percentile(taken, 0.5):.2f} | {percentile(taken, 0.99):.2f} "
                    f"| {percentile(taken, 1):.1f} | {cpu / len(taken):.2f} |"
                )
            sizes.append(f"{name} {(size(url) - empty) / stored:,.0f}")
            reads.append(f"{name} {read_back(url, 200 if quick else 2000)}")
    return (
        "One commit stores one whole submission: the request and the answer as they travelled, the "
        "case, its items and numbers, the decision with its facts, the events and the readable "
        f"resources ({describe()}). SQLite's log is flushed after each commit, PostgreSQL runs with its "
        f"defaults; every commit is durable. {seconds:.0f} s each, as fast as the processes can; CPU "
        "time is that of our processes, so without PostgreSQL's own.\n\n"
        + "\n".join(rows)
        + f"\n\nBytes on disk for one case, indexes included: {', '.join(sizes)}. "
        + f"Finding an earlier submission and reading its answer, median ms: {', '.join(reads)}."
    )


@contextmanager
def databases() -> Iterator[list[tuple[str, str]]]:
    """(name, URL) of each kind of database that is at hand."""
    with tempfile.TemporaryDirectory() as folder:
        found = [("SQLite", f"sqlite:///{folder}/bench.sqlite3")]
        if not postgres.server():
            yield found
            return
        with postgres.database(postgres.server()) as url:
            yield [*found, ("PostgreSQL", url)]


def at_once(url: str, processes: int, seconds: float) -> tuple[list[float], float]:
    """Sorted milliseconds of each commit of several processes, and all their CPU time in ms."""
    start = time.time() + 8.0 + 2 * processes
    command = [sys.executable, "-m", "benchmarks.bench_store", url, str(start), str(seconds)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    said = [json.loads(process.communicate()[0]) for process in running]
    return sorted(ms for taken, _ in said for ms in taken), sum(cpu for _, cpu in said)


def one_process(url: str, start: float, seconds: float) -> tuple[list[float], float]:
    """Milliseconds of each commit from `start` on, and its CPU time in ms.

    RuntimeError when it was not ready by then.
    """
    commit = committer(url)
    for _ in range(30):
        commit()
    if time.time() > start:
        raise RuntimeError("the process was not ready in time: the machine is too busy to measure")
    time.sleep(start - time.time())
    used, taken, end = time.process_time(), [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        commit()
        taken.append((time.perf_counter() - began) * 1000)
    return taken, (time.process_time() - used) * 1000


def committer(url: str) -> Callable[[], None]:
    """A function that stores one fresh submission of the example, already decided and answered."""
    settings = _settings(url)
    context, caller, now = build_context(settings), door(settings)(""), moment()
    raw = orjson.dumps(orjson.loads(EXAMPLE.read_bytes()))
    bundle = parse(raw, context.limits)
    request = read_request(bundle, Guide.V22)
    eligibility, decision = judge(
        request, bundle, context.eligibility, context.rulebook, settings.namespace, now
    )
    case = open_case(caller, request, decision, now)
    envelope = Envelope(
        now.now, str(now.new_uuid()), context.base(Guide.V22), settings.namespace, case.number
    )
    answer = orjson.dumps(write_response(decision, request, bundle, envelope))
    mark = mark_of(bundle, Guide.V22)
    if mark is None:
        raise RuntimeError("the example has no identifier")
    intake = Intake(
        caller, mark, raw, "/entry/0/resource", request, eligibility, decision, case, now.new_uuid(),
        answer,
    )  # fmt: skip

    def commit() -> None:
        instant = moment()
        named = Identifier(mark.transaction.system, str(instant.new_uuid()))
        fresh = replace(
            intake,
            mark=replace(mark, transaction=named),
            case=open_case(caller, request, decision, instant),
            public_id=instant.new_uuid(),
        )
        record(context.store, fresh, instant)

    return commit


def read_back(url: str, repeats: int) -> str:
    """Milliseconds to find the answer of a stored submission."""
    store = Store(url)
    with store.engines.read.connect() as connection:
        row = connection.execute(text("SELECT submitter, system, value FROM submissions")).first()
    if row is None:
        raise RuntimeError("nothing was stored")

    def read() -> None:
        with store.read("demo") as look:
            found = look.submissions.find(row.submitter, Identifier(row.system, row.value))
            if found is None or look.documents.get(found.answer) is None:
                raise RuntimeError("a stored submission is not found")

    taken = milliseconds(read, repeats)
    store.close()
    return f"{percentile(taken, 0.5):.2f}"


def describe() -> str:
    """The sizes of the two documents that are stored."""
    raw = orjson.dumps(orjson.loads(EXAMPLE.read_bytes()))
    return f"a request of {len(raw):,} bytes"


def size(url: str) -> int:
    """Bytes of the whole database on disk."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            found = pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        else:
            found = connection.execute(
                text("SELECT pg_database_size(current_database())")
            ).scalar_one()
    engine.dispose()
    return int(found)


def _settings(url: str) -> Settings:
    return Settings.from_environ({"DATABASE_URL": url, "FORTHWITH_DEMO": "on"})


if __name__ == "__main__":
    print(json.dumps(one_process(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))))
