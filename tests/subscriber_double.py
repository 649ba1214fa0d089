"""A simulated subscriber: an endpoint on 127.0.0.1 that keeps what it is sent and can be down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Json = dict[str, Any]


@dataclass
class Subscriber:
    """A running endpoint. `statuses` are the next answers, then always 200.

    While `answers` is not set it holds calls; `called` is set by a call that is held.
    """

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    got: list[Json] = field(default_factory=list)
    refused: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)
    called: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address to subscribe with."""
        return f"http://127.0.0.1:{self.port}/told"

    def kinds(self) -> list[str]:
        """The notification types that were accepted, in their order."""
        return [said(bundle, "type") for bundle in self.got]

    def numbers(self) -> list[int]:
        """The event numbers that were accepted, in their order."""
        return [number for bundle in self.got for number in event_numbers(bundle)]


def said(bundle: Json, name: str) -> str:
    """A plain parameter of the status of a notification."""
    for parameter in bundle["entry"][0]["resource"]["parameter"]:
        if parameter["name"] == name:
            return next(str(value) for key, value in parameter.items() if key != "name")
    return ""


def event_numbers(bundle: Json) -> list[int]:
    """The numbers of the events that a notification holds."""
    return [
        int(part["valueString"])
        for parameter in bundle["entry"][0]["resource"]["parameter"]
        for part in parameter.get("part", [])
        if part["name"] == "event-number"
    ]


@contextmanager
def subscriber(*statuses: int) -> Iterator[Subscriber]:
    """A subscriber that first answers with `statuses`, one after the other."""
    made = Subscriber(statuses=list(statuses))
    made.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            bundle = orjson.loads(self.rfile.read(length))
            status = made.statuses.pop(0) if made.statuses else 200
            (made.got if status < 300 else made.refused).append(bundle)
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            if not made.answers.is_set():
                made.called.set()
                made.answers.wait()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
