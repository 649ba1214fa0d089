"""A company that reviews for the payer: in the process, and as a server on 127.0.0.1.

Both are one `Company`, so the same tests run against the fake and against the real adapter.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from app.clients.delegate import HEADER, Vendor, is_signed
from app.clients.policy import CallFailed, Reason
from app.clock import moment

Json = dict[str, Any]
SECRET = b"a secret that both sides have shared"


@dataclass
class Company:
    """What it was sent, and what it says: `answers` one after the other, then that it is pending."""

    answers: list[Json | int] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    looks: int = 0
    unsigned: int = 0

    def say(self) -> Json | int:
        """The next answer: a document, or a status without one."""
        return self.answers.pop(0) if self.answers else {"status": "pending"}

    def ask(self, _vendor: Vendor, _name: str, body: bytes, _now: datetime) -> Mapping[str, Any]:
        """In the process: hand a case over."""
        self.asked.append(orjson.loads(body))
        return self._told()

    def look(self, _vendor: Vendor, _name: str, _now: datetime) -> Mapping[str, Any]:
        """In the process: what it says now."""
        self.looks += 1
        return self._told()

    def _told(self) -> Mapping[str, Any]:
        said = self.say()
        if isinstance(said, int):
            raise CallFailed(Reason.UNREADABLE, f"The delegate answered {said}.")
        return said


@contextmanager
def listening(company: Company) -> Iterator[str]:
    """The company as a server; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self._signed(body):
                company.asked.append(orjson.loads(body))
            self._say()

        def do_GET(self) -> None:
            if self._signed(b""):
                company.looks += 1
            self._say()

        def _signed(self, body: bytes) -> bool:
            found = self.headers.get(HEADER, "")
            sound = is_signed(SECRET, found, self.command, self.path, body, moment().now)
            company.unsigned += not sound
            return sound

        def _say(self) -> None:
            said = company.say()
            body = b"" if isinstance(said, int) else orjson.dumps(said)
            self.send_response(said if isinstance(said, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/review"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
