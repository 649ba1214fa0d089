"""Telling subscribers: notifications in a second of one worker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
from sqlalchemy import create_engine, text

from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.factory import build_context
from app.fhir.urls import core, ext
from app.flows.submit import submit
from app.flows.subscriptions import create
from app.settings import Settings
from app.store import Change
from benchmarks import bench_submit
from benchmarks.bench_store import databases

TITLE = "Notifications: one worker"
SUBSCRIBERS = 8
LIMIT = 300.0


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    events = 20 if quick else 400
    rows = ["| database | guide | calls | seconds | notifications/s |", "|---|---|---|---|---|"]
    with databases() as known:
        for name, url in known:
            bench_submit.ready(url)
            for guide in Guide:
                calls, seconds = told(url, guide, events)
                rows.append(
                    f"| {name} | {guide.value} | {calls:,} | {seconds:.1f} | {calls / seconds:,.0f} |"
                )
    return (
        f"One `forthwith work` process tells {SUBSCRIBERS} subscribers of {events} changed answers each, "
        "in order, one call for each event. 2.2 sends the whole response bundle along, 2.0 its "
        "address. The subscribers answer at once on this machine; a call is confirmed in the database "
        "before the next one of the same subscriber.\n\n" + "\n".join(rows)
    )


def told(url: str, guide: Guide, events: int) -> tuple[int, float]:
    """How many calls there were to make, and how long a worker took for them."""
    settings = Settings.from_environ(
        {"DATABASE_URL": url, "FORTHWITH_DEMO": "on", "FORTHWITH_SANDBOX": "off"}
    )
    context, caller = build_context(settings), door(settings)("")
    with endpoint() as (address, got):
        answer = orjson.loads(submit(context, caller, _request(guide), guide, moment()))
        for place in range(SUBSCRIBERS):
            create(context, caller, _wanted(guide, f"{address}/{place}"), guide, moment())
        with _worker(url):
            _wait(lambda: got[0] >= SUBSCRIBERS)
        got[0] = 0
        response_id = answer["entry"][0]["resource"]["id"]
        change = Change(caller.id, guide, frozenset(), response_id, 1, moment().now)
        with context.store.write(caller.tenant) as work:
            for _ in range(events):
                work.subscriptions.changed(change)
        with _worker(url):
            _wait(lambda: got[0] > 0)
            began, first = time.perf_counter(), got[0]
            _wait(lambda: got[0] >= events * SUBSCRIBERS)
            seconds = time.perf_counter() - began
    context.store.close()
    _forget(url)
    return events * SUBSCRIBERS - first, seconds


@contextmanager
def endpoint() -> Iterator[tuple[str, list[int]]]:
    """A subscriber that answers 200, and how many calls it got."""
    got, lock = [0], threading.Lock()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            with lock:
                got[0] += 1

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _worker(url: str) -> Iterator[None]:
    environ = {
        **os.environ,
        "DATABASE_URL": url,
        "FORTHWITH_DEMO": "on",
        "FORTHWITH_SANDBOX": "off",
    }
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "work"], env=environ)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait(done: Callable[[], bool]) -> None:
    end = time.perf_counter() + LIMIT
    while not done():
        if time.perf_counter() > end:
            raise RuntimeError("the worker was not done in time")
        time.sleep(0.002)


def _request(guide: Guide) -> bytes:
    path = bench_submit.EXAMPLE.parents[1] / guide.value / "oxygen-clinical-review.json"
    return bench_submit.fresh(bench_submit.body_template(path))


def _wanted(guide: Guide, address: str) -> bytes:
    content = "full-resource" if guide is Guide.V22 else "id-only"
    payload = {"extension": [{"url": ext.BACKPORT_PAYLOAD_CONTENT, "valueCode": content}]}
    return orjson.dumps(
        {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "Answers of the payer",
            "criteria": core.SUBSCRIPTION_TOPIC,
            "channel": {
                "type": "rest-hook",
                "endpoint": address,
                "payload": "application/fhir+json",
                "_payload": payload,
            },
        }
    )


def _forget(url: str) -> None:
    """The next round has subscriptions of its own."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM notices"))
        connection.execute(text("DELETE FROM subscriptions"))
    engine.dispose()
