"""`$submit`: what one costs and of what, and how many a real server answers under load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.factory import build_context, prepare
from app.fhir.read import read_request
from app.fhir.urls import profile
from app.fhir.validate.text import parse
from app.fhir.write import Envelope, write_response
from app.flows.judge import judge
from app.flows.record import Intake, open_case, record
from app.flows.repeat import earlier_answer, mark_of
from app.flows.submit import submit
from app.settings import Settings
from app.store import Store, migrate
from benchmarks import postgres
from benchmarks.load import MARKER
from benchmarks.server import memory, running
from benchmarks.timing import milliseconds, percentile

TITLE = "Submit: validate, decide, store, answer"
EXAMPLE = (
    Path(__file__).resolve().parents[1] / "examples" / "pas" / "2.2" / "oxygen-approved-large.json"
)
BESIDE = """\
Measured once, on two cores, each at its best: the Java reference server for PAS answered 32 to 93
submits a second (median 20 to 29 ms, 12 s to start, 0.4 to 2.6 GB and growing), refused 0.1 to 20 % of
valid requests through a race, and validates nothing. HAPI's `$validate` of such a bundle alone took
192 ms (7.5 a second, 86 s to start). Ours validates everything and commits durably.

The goals for this page: at least 400 submits a second on SQLite and 300 on PostgreSQL with two cores,
load generator and database included; p99 below 50 ms at half that load; at most 150 MB a worker; no
failure."""
PATH = "/fhir/2.2/Claim/$submit"
WORKERS = 2
CONNECTIONS = 8


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    template = body_template(EXAMPLE)
    entries = len(orjson.loads(template)["entry"])
    parts = [
        f"The request is `examples/pas/2.2/{EXAMPLE.name}` without white space: "
        f"{len(template):,} bytes, {entries} entries. Each one has a fresh `Bundle.identifier`, so "
        "none is answered from memory; each is validated in full, decided, stored durably in one "
        "transaction and answered.",
        "### What one submit is made of",
        in_process(template, 60 if quick else 400),
        "### Over HTTP",
        over_http(template, 2.0 if quick else 10.0),
        "### Start and import",
        starting(),
        "### Beside what exists",
        BESIDE,
    ]
    return "\n\n".join(parts)


def body_template(path: Path) -> bytes:
    """The example without white space, `MARKER` in place of its identifier's value."""
    bundle = orjson.loads(path.read_bytes())
    bundle["identifier"]["value"] = MARKER.decode()
    return orjson.dumps(bundle)


def fresh(template: bytes) -> bytes:
    """The same body with an identifier of its own."""
    return template.replace(MARKER, uuid.uuid4().hex.encode())


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


def ready(url: str) -> Settings:
    """The demo payer on that database, migrated and loaded."""
    settings = settings_for(url)
    store = Store(url)
    migrate(store)
    store.close()
    prepare(settings)
    return settings


def in_process(template: bytes, repeats: int) -> str:
    """A table: each step of one submit in ms, one core, no HTTP."""
    with databases() as known:
        columns = [(name, steps(ready(url), template, repeats)) for name, url in known]
    rows = [f"| step | {' | '.join(f'{name} median | p99' for name, _ in columns)} |"]
    rows.append("|---|" + "---|---|" * len(columns))
    for step in columns[0][1]:
        cells = " | ".join(
            f"{percentile(taken[step], 0.5):.3f} | {percentile(taken[step], 0.99):.3f}"
            for _, taken in columns
        )
        rows.append(f"| {step} | {cells} |")
    return "Milliseconds, one process, one core.\n\n" + "\n".join(rows)


def settings_for(url: str) -> Settings:
    """The demo payer on that database."""
    return Settings.from_environ(
        {"DATABASE_URL": url, "FORTHWITH_DEMO": "on", "FORTHWITH_SANDBOX": "off"}
    )


def steps(settings: Settings, template: bytes, repeats: int) -> dict[str, list[float]]:
    """Sorted milliseconds of each step, and of the whole."""
    context = build_context(settings)
    caller = door(settings)("")
    raw = fresh(template)
    bundle = parse(raw, context.limits)
    guide = Guide.V22
    request = read_request(bundle, guide)
    now = moment()
    eligibility, decision = judge(
        request, bundle, context.eligibility, context.rulebook, settings.namespace, now
    )
    envelope = Envelope(
        now.now, str(now.new_uuid()), context.base(guide), "https://p.example", "FC-1"
    )
    answer = orjson.dumps(write_response(decision, request, bundle, envelope))

    def store_one() -> None:
        instant = moment()
        one = orjson.loads(fresh(template))
        mark = mark_of(one, guide)
        assert mark is not None
        case = open_case(caller, request, decision, instant)
        record(
            context.store,
            Intake(caller, mark, raw, "/entry/0/resource", request, eligibility, decision, case,
                   instant.new_uuid(), answer),
            instant,
        )  # fmt: skip

    def look() -> None:
        mark = mark_of(bundle, guide)
        assert mark is not None
        earlier_answer(context, caller, mark, moment())

    whole: dict[str, Callable[[], object]] = {
        "parse": lambda: parse(raw, context.limits),
        "look for an earlier answer": look,
        "validate": lambda: context.validators[guide].bundle(bundle, profile.REQUEST_BUNDLE),
        "read": lambda: read_request(bundle, guide),
        "cover, match, judge, decide": lambda: judge(
            request, bundle, context.eligibility, context.rulebook, settings.namespace, moment()
        ),
        "write the answer": lambda: orjson.dumps(
            write_response(decision, request, bundle, envelope)
        ),
        "store (one durable commit)": store_one,
        "the whole submit": lambda: submit(context, caller, fresh(template), guide, moment()),
    }
    taken = {name: milliseconds(call, repeats) for name, call in whole.items()}
    context.store.close()
    return taken


@dataclass(frozen=True, slots=True)
class Outcome:
    """One load that was put on a server."""

    seconds: float
    statuses: dict[str, int]
    broken: int
    latencies: list[float]
    sample: str

    @property
    def rate(self) -> float:
        """Right answers in a second."""
        return self.statuses.get("200", 0) / self.seconds

    @property
    def failures(self) -> int:
        """Everything else."""
        return self.broken + sum(n for status, n in self.statuses.items() if status != "200")

    def ms(self, share: float) -> float:
        """A percentile in milliseconds."""
        return percentile(self.latencies, share) * 1000


def over_http(template: bytes, seconds: float) -> str:
    """A table: what a server with two workers answers, as fast as it can and at half of that."""
    rows = [
        "| database | load | submits/s | p50 ms | p95 ms | p99 ms | max ms | failures |",
        "|---|---|---|---|---|---|---|---|",
    ]
    sizes = []
    with databases() as known, tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "body.json"
        body.write_bytes(template)
        for name, url in known:
            ready(url)
            with running(url, WORKERS) as server:
                put_load(server.port, body, min(2.0, seconds), 0)
                full = put_load(server.port, body, seconds, 0)
                half = put_load(server.port, body, seconds, full.rate / 2)
                rows += [row(name, f"{CONNECTIONS} connections, closed loop", full)]
                rows += [row(name, f"half of that, {full.rate / 2:.0f}/s, open loop", half)]
                resident = [memory(pid) for pid in server.workers()]
                shown = ", ".join(f"{rss:.0f} MB ({pss:.0f})" for rss, pss in resident)
                sizes.append(f"{name}: ready in {server.started_in:.1f} s; each worker {shown}")
    return (
        f"`forthwith serve` with {WORKERS} workers, {CONNECTIONS} kept-alive connections, "
        f"{seconds:.0f} s each after warming up, the sandbox off and warnings alone logged. In an open loop requests start on a schedule and "
        "latency counts from the scheduled instant.\n\n"
        + "\n".join(rows)
        + "\n\nMemory of the workers after this load, resident (proportional):\n\n- "
        + "\n- ".join(sizes)
    )


def row(name: str, load: str, outcome: Outcome) -> str:
    """One line of the table."""
    if outcome.failures:
        print(outcome.statuses, outcome.broken, outcome.sample, file=sys.stderr)
    return (
        f"| {name} | {load} | {outcome.rate:.0f} | {outcome.ms(0.5):.1f} | {outcome.ms(0.95):.1f} "
        f"| {outcome.ms(0.99):.1f} | {outcome.ms(1):.1f} | {outcome.failures} |"
    )


def put_load(port: int, body: Path, seconds: float, rate: float, address: str = PATH) -> Outcome:
    """Run the load generator in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), address, str(body),
               "--connections", str(CONNECTIONS), "--seconds", str(seconds), "--rate", str(rate)]  # fmt: skip
    made = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(made.stdout)
    return Outcome(**found | {"latencies": sorted(found["latencies"])})


def starting() -> str:
    """Import time and what a context costs, each in a fresh process."""
    code = (
        "import time; a = time.perf_counter(); import app.factory; b = time.perf_counter();"
        "from app.settings import Settings;"
        "app.factory.build_context(Settings.from_environ({'DATABASE_URL': 'sqlite:////dev/null/x'}));"
        "print(b - a, time.perf_counter() - b)"
    )
    runs = [
        [float(x) for x in subprocess.run([sys.executable, "-c", code], check=True,
         capture_output=True, env={**os.environ}).stdout.split()]
        for _ in range(3)
    ]  # fmt: skip
    imported, built = (sorted(each)[1] for each in zip(*runs, strict=True))
    return (
        f"Importing the whole program takes {imported * 1000:.0f} ms, loading profiles of both "
        f"guides and the rulebook {built * 1000:.0f} ms (medians of 3 fresh processes)."
    )
