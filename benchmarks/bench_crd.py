"""CRD: what a hook call costs, how many a server answers, and that a slow EHR holds up only itself."""

from __future__ import annotations

import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from app.auth.door import door
from app.clients.ehr import EhrClient
from app.clock import moment
from app.domain.crd import Hook
from app.domain.guide import Guide
from app.factory import build_context
from app.fhir.validate.text import parse
from app.flows.ehr import register
from app.flows.hook import hook
from app.flows.hook_record import Recording
from app.settings import Settings
from app.web.turn import Turn
from benchmarks.bench_submit import (
    CONNECTIONS,
    EXAMPLE,
    WORKERS,
    Outcome,
    body_template,
    databases,
    put_load,
    ready,
)
from benchmarks.server import running
from benchmarks.timing import milliseconds, percentile
from tests.ehr_double import Ehr, ehr

TITLE = "CRD: a hook call, and a slow EHR"
SIGN = EXAMPLE.parents[2] / "crd" / "2.2" / "order-sign-three.json"
SIGN_PATH = "/crd/2.2/cds-services/order-sign"
SUBMIT_PATH = "/fhir/2.2/Claim/$submit"
WAITING = 16
SLOW = 3.0
RATE = 60.0
BESIDE = """\
Measured once, on two cores: the Java CRD reference server answered an order-sign call in 1.6 s (median),
1.3 a second.

The goals for this page: order-sign with three orders and full prefetch in at most 5 ms (median), at
least 500 a second over HTTP on two cores, p99 below 40 ms at half that load; with 8 queries to an EHR
that takes 50 ms for each, p50 below 250 ms; with 16 calls waiting on an EHR that takes 3 s, p99 of
order-sign and `$submit` within twice that of an idle server."""


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    body = orjson.dumps(orjson.loads(SIGN.read_bytes()))
    seconds = 2.0 if quick else 8.0
    return "\n\n".join(
        [
            f"The call is `examples/crd/2.2/{SIGN.name}` without white space: {len(body):,} bytes, "
            "three orders, all data sent along. Each call is judged, answered and recorded durably "
            "(request, answer, metric) in one transaction.",
            in_process(body, 60 if quick else 400),
            over_http(body, seconds),
            asking(body, seconds),
            waiting(body, seconds),
            BESIDE,
        ]
    )


def in_process(body: bytes, repeats: int) -> str:
    """One call in one process, with and without its record."""
    rows = ["| database | answer, median ms | answer and record, median ms | p99 ms |"]
    rows.append("|---|---|---|---|")
    with databases() as known:
        for name, url in known:
            alone, whole = one_call(ready(url), body, repeats)
            rows.append(
                f"| {name} | {percentile(alone, 0.5):.2f} | {percentile(whole, 0.5):.2f} "
                f"| {percentile(whole, 0.99):.2f} |"
            )
    return "\n".join(rows)


def one_call(settings: Settings, body: bytes, repeats: int) -> tuple[list[float], list[float]]:
    """Sorted milliseconds of the answer alone, and with its record."""
    context, caller = build_context(settings), door(settings)("")
    client = EhrClient(register(context.store, settings))

    def answer(recorded: bool = False) -> None:
        now = moment()
        recording = Recording(context, caller, Guide.V22, Hook.ORDER_SIGN, now, client.fetch)
        recording.document = document = parse(body, context.limits)
        made = hook(
            context,
            caller,
            document,
            Guide.V22,
            Hook.ORDER_SIGN,
            now,
            recording.fetch,
            Turn(),
        )
        if recorded:
            recording.answered(made, orjson.dumps(made.body))

    alone = milliseconds(answer, repeats)
    whole = milliseconds(lambda: answer(recorded=True), repeats)
    client.close()
    context.store.close()
    return alone, whole


def over_http(body: bytes, seconds: float) -> str:
    """As fast as it can, and at half of that."""
    rows = [
        "| database | load | calls/s | p50 ms | p99 ms | failures |",
        "|---|---|---|---|---|---|",
    ]
    with databases() as known, written(body) as path:
        for name, url in known:
            ready(url)
            with running(url, WORKERS) as server:
                put_load(server.port, path, min(2.0, seconds), 0, SIGN_PATH)
                full = put_load(server.port, path, seconds, 0, SIGN_PATH)
                half = put_load(server.port, path, seconds, full.rate / 2, SIGN_PATH)
            rows.append(row(f"{name} | {CONNECTIONS} connections, closed loop", full))
            rows.append(row(f"{name} | half of that, {full.rate / 2:.0f}/s, open loop", half))
    return "\n".join(rows)


def asking(body: bytes, seconds: float) -> str:
    """Nothing sent along: the EHR is asked, and takes 50 ms for each answer."""
    bare, held = without_prefetch(body)
    order = bare["context"]["draftOrders"]["entry"][0]["resource"]
    order["performer"] = {"reference": "Practitioner/performs"}
    held.append({"resourceType": "Practitioner", "id": "performs"})
    with ehr(*held, seconds=0.05) as one, fresh_database() as url:
        ready(url)
        with (
            written(with_server(bare, one)) as path,
            running(url, WORKERS, FORTHWITH_EHR_SERVERS=one.base) as server,
        ):
            urllib.request.urlopen(sign(server.port, path.read_bytes()), timeout=10).close()
            queries = len(one.asked)
            found = put_load(server.port, path, seconds, 10, SIGN_PATH)
    return (
        f"With nothing sent along each call makes {queries} queries to an EHR that takes 50 ms for "
        f"each: p50 {found.ms(0.5):.0f} ms, p99 {found.ms(0.99):.0f} ms, "
        f"{found.failures} failures at 10 calls a second."
    )


def waiting(body: bytes, seconds: float) -> str:
    """An idle server beside one with 16 calls that wait for a slow EHR."""
    bare, held = without_prefetch(body)
    rows = [
        f"| load, {RATE:.0f}/s | idle p50 ms | idle p99 ms | {WAITING} waiting p50 ms "
        f"| {WAITING} waiting p99 ms | failures |",
        "|---|---|---|---|---|---|",
    ]
    kinds = [("order-sign", SIGN_PATH, body), ("$submit", SUBMIT_PATH, body_template(EXAMPLE))]
    with ehr(*held, seconds=SLOW) as one, fresh_database() as url:
        ready(url)
        with running(url, WORKERS, FORTHWITH_EHR_SERVERS=one.base) as server:
            for name, path, content in kinds:
                with written(content) as place:
                    put_load(server.port, place, 1.0, RATE, path)
                    idle = put_load(server.port, place, seconds, RATE, path)
                    with held_up(server.port, with_server(bare, one)):
                        busy = put_load(server.port, place, seconds, RATE, path)
                rows.append(
                    f"| {name} | {idle.ms(0.5):.1f} | {idle.ms(0.99):.1f} | {busy.ms(0.5):.1f} "
                    f"| {busy.ms(0.99):.1f} | {idle.failures + busy.failures} |"
                )
        most = one.most_at_once
    return (
        f"A slow EHR takes {SLOW:.0f} s for each answer, and {WAITING} callers wait for it all the "
        f"time (it saw up to {most} queries at once).\n\n" + "\n".join(rows)
    )


def row(start: str, found: Outcome) -> str:
    """One line of a table of loads."""
    return (
        f"| {start} | {found.rate:.0f} | {found.ms(0.5):.1f} | {found.ms(0.99):.1f} "
        f"| {found.failures} |"
    )


@contextmanager
def written(body: bytes) -> Iterator[Path]:
    """The body as a file for the load generator."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body.json"
        path.write_bytes(body)
        yield path


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of an SQLite database that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


def without_prefetch(body: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The call with nothing sent along, and what was: that the EHR has instead."""
    call = orjson.loads(body)
    held: list[dict[str, Any]] = []
    for value in call.pop("prefetch").values():
        if value and value["resourceType"] == "Bundle":
            held += [entry["resource"] for entry in value.get("entry", [])]
        elif value:
            held.append(value)
    return call, held


def with_server(call: dict[str, Any], one: Ehr) -> bytes:
    """The call with the EHR's address and token."""
    return orjson.dumps(call | {"fhirServer": one.base, "fhirAuthorization": one.access()})


def sign(port: int, body: bytes) -> urllib.request.Request:
    """An order-sign call of this machine."""
    return urllib.request.Request(
        f"http://127.0.0.1:{port}{SIGN_PATH}", body, {"Content-Type": "application/json"}
    )


@contextmanager
def held_up(port: int, body: bytes) -> Iterator[None]:
    """WAITING callers who call again as soon as they have an answer, until the block ends."""
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            try:
                urllib.request.urlopen(sign(port, body), timeout=20).close()
            except OSError:
                continue  # a refusal for want of data is an answer, too

    callers = [threading.Thread(target=call, daemon=True) for _ in range(WAITING)]
    for caller in callers:
        caller.start()
    over.wait(1.0)
    try:
        yield
    finally:
        over.set()
        for caller in callers:
            caller.join(20)
