"""`$inquire` and `$submit` where very many cases are stored."""

from __future__ import annotations

import http.client
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, create_engine, text

from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.factory import build_context
from app.fhir.urls import ext
from app.flows.submit import submit
from app.settings import Settings
from benchmarks import bench_submit, fill, postgres
from benchmarks.server import running
from benchmarks.timing import percentile

TITLE = "Inquire and submit with a million stored cases"
DATABASE = "FORTHWITH_BENCH_DATABASE"
"""A database that `python -m benchmarks.fill` filled; without it one is filled for the chapter."""
CASES, CASES_QUICK, CASES_SQLITE = 1_000_000, 5_000, 50_000
PATH = "/fhir/2.2/Claim/$inquire"
NARROW = timedelta(days=45)
HEADERS = {"Content-Type": "application/fhir+json"}
ABOUT_ONE = text(
    "SELECT m.key, c.requestor_npi, c.authorization_number, i.service_system, i.service_code, i.starts "
    "FROM case_members m JOIN cases c ON c.tenant = m.tenant AND c.id = m.case_id "
    "JOIN case_items i ON i.tenant = c.tenant AND i.case_id = c.id "
    "WHERE m.tenant = 'demo' AND m.key = :key AND c.authorization_number <> '' "
    "AND i.starts IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A stored case as somebody who knows of it asks."""

    member: int
    npi: str
    number: str
    system: str
    code: str
    starts: date


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    with filled(quick) as (url, name), create_engine(url).connect() as connection:
        cases = connection.execute(text("SELECT count(*) FROM cases")).scalar_one()
        spread = fill.Spread(cases)
        kinds = list(questions(connection, spread, 50 if quick else 500, random.Random(5)))
        connection.close()
        rows = ["| inquiry | hits | p50 ms | p99 ms | max ms |", "|---|---|---|---|---|"]
        with running(url, 2, FORTHWITH_WORK="off") as server:
            rows += [asked(server.port, says, bodies) for says, bodies in kinds]
        beside = submits(url, 30 if quick else 300)
    return (
        f"{name} with {cases:,} stored cases of {spread.members:,} members, {spread.heavy} of whom "
        f"have {fill.HEAVY_CASES:,} requests or more each, by {fill.PROVIDERS:,} providers in "
        f"{fill.YEARS} years (`python -m benchmarks.fill`). Over HTTP, one question after the other on "
        "one connection, each a different one, each written down in the log of inquiries.\n\n"
        + "\n".join(rows)
        + f"\n\nGoal: p99 below 50 ms.\n\n{beside}"
    )


@contextmanager
def filled(quick: bool) -> Iterator[tuple[str, str]]:
    """The URL of a database with many cases, and what kind it is."""
    if given := os.environ.get(DATABASE, ""):
        fill.prepared(given)
        yield given, "PostgreSQL" if "postgres" in given else "SQLite"
    elif postgres.server():
        with postgres.database(postgres.server()) as url:
            driver = url.replace("postgresql://", "postgresql+psycopg://")
            _fill(driver, CASES_QUICK if quick else CASES)
            yield driver, "PostgreSQL"
    else:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/filled.sqlite3"
            _fill(url, CASES_QUICK if quick else CASES_SQLITE)
            yield url, "SQLite"


def _fill(url: str, cases: int) -> None:
    fill.prepared(url)
    for more in fill.shown(cases):
        fill.fill(url, cases, len(os.sched_getaffinity(0)), 1, more)


def questions(
    connection: Connection, spread: fill.Spread, repeats: int, chance: random.Random
) -> Iterator[tuple[str, list[bytes]]]:
    """(what they are, bodies) of each kind of inquiry."""

    def typical() -> int:
        return chance.randrange(spread.heavy, spread.members)

    def heavy() -> int:
        return chance.randrange(spread.heavy)

    kinds: tuple[tuple[str, Callable[[], int], Callable[[Known], bytes]], ...] = (
        ("by authorization number", typical, by_number),
        ("by service and 90 days", typical, by_service),
        ("any service, any day", typical, any_service),
        ("by authorization number, of a thousand", heavy, by_number),
        ("by service and 90 days, of a thousand", heavy, by_service),
        ("any service, any day, of a thousand", heavy, any_service),
    )
    for says, member, body in kinds:
        bodies: list[bytes] = []
        while len(bodies) < repeats:
            index = member()
            found = connection.execute(ABOUT_ONE, {"key": fill.member_number(index)}).all()
            if found:
                _, npi, number, system, code, starts = chance.choice(found)
                day = date.fromisoformat(str(starts))
                bodies.append(body(Known(index, npi, number, system, code, day)))
        yield says, bodies


def _inquiry(known: Known) -> Any:
    raw = (fill.EXAMPLES / "2.2" / "inquire" / "any-service.json").read_text("utf-8")
    for old, new in (
        ("FW100001", fill.member_number(known.member)),
        ("1900002001", known.npi),
        ("1948-03-14", fill.birth_date(known.member).isoformat()),
    ):
        raw = raw.replace(old, new)
    bundle = orjson.loads(raw)
    bundle["entry"][0]["resource"].pop("billablePeriod", None)
    return bundle


def any_service(known: Known) -> bytes:
    """All of a member that the provider may see."""
    return orjson.dumps(_inquiry(known))


def by_number(known: Known) -> bytes:
    """The one with this authorization number."""
    bundle = _inquiry(known)
    line = bundle["entry"][0]["resource"]["item"][0]
    line.setdefault("extension", []).append(
        {"url": ext.AUTHORIZATION_NUMBER, "valueString": known.number}
    )
    return orjson.dumps(bundle)


def by_service(known: Known) -> bytes:
    """Those with this service in 90 days around the day of a known one."""
    bundle = _inquiry(known)
    line = bundle["entry"][0]["resource"]["item"][0]
    line["productOrService"] = {"coding": [{"system": known.system, "code": known.code}]}
    early, late = known.starts - NARROW, known.starts + NARROW
    line["servicedPeriod"] = {"start": early.isoformat(), "end": late.isoformat()}
    return orjson.dumps(bundle)


def asked(port: int, says: str, bodies: list[bytes]) -> str:
    """A line of the table: every question sent once, after a few to warm up."""
    link = http.client.HTTPConnection("127.0.0.1", port)
    taken, hits = [], 0
    for place, body in enumerate([*bodies[:20], *bodies]):
        began = time.perf_counter()
        link.request("POST", PATH, body, HEADERS)
        response = link.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{says}: HTTP {response.status} {answer[:300]!r}")
        if place >= 20:
            taken.append((time.perf_counter() - began) * 1000)
            hits += len(orjson.loads(answer).get("parameter", ()))
    link.close()
    taken.sort()
    return (
        f"| {says} | {hits / len(bodies):.1f} | {percentile(taken, 0.5):.1f} "
        f"| {percentile(taken, 0.99):.1f} | {taken[-1]:.1f} |"
    )


def submits(url: str, repeats: int) -> str:
    """`$submit` in turns on the filled database and on an empty one of the same kind."""
    with empty(url) as other:
        calls = [_submitter(place) for place in (other, url)]
        taken: list[list[float]] = [[], []]
        for turn in range(repeats + 20):
            for place, call in enumerate(calls):
                began = time.perf_counter()
                call()
                if turn >= 20:
                    taken[place].append((time.perf_counter() - began) * 1000)
    before, now = (percentile(sorted(each), 0.5) for each in taken)
    return (
        f"`$submit` ({bench_submit.EXAMPLE.name}, in process, in turns on both databases): p50 "
        f"{before:.2f} ms on an empty database, {now:.2f} ms on this one, {now / before:.2f} times as "
        "much. Goal: at most 1.2 times."
    )


@contextmanager
def empty(url: str) -> Iterator[str]:
    """The URL of a database of the same kind with no case."""
    if "postgres" in url:
        with postgres.database(url) as fresh:
            driver = fresh.replace("postgresql://", "postgresql+psycopg://")
            fill.prepared(driver)
            yield driver
    else:
        with tempfile.TemporaryDirectory() as folder:
            fill.prepared(f"sqlite:///{folder}/empty.sqlite3")
            yield f"sqlite:///{folder}/empty.sqlite3"


def _submitter(url: str) -> Callable[[], object]:
    settings = Settings.from_environ(
        {"DATABASE_URL": url, "FORTHWITH_DEMO": "on", "FORTHWITH_SANDBOX": "off"}
    )
    context, caller = build_context(settings), door(settings)("")
    template = bench_submit.body_template(bench_submit.EXAMPLE)
    return lambda: submit(context, caller, bench_submit.fresh(template), Guide.V22, moment())
