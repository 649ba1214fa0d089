"""One JSON line for each call, with a request id that the caller sees too. No person's data.

A line holds the route's pattern (never the path, which may hold a number), status and time.
"""

from __future__ import annotations

import logging
import re
import time

import orjson
from flask import Flask, Response, g, request

from app.clock import moment

HEADER = "X-Request-ID"
log = logging.getLogger("forthwith")
_FIELDS = ("request_id", "method_name", "route_name", "status", "ms", "failure_name", "place_id",
           "case_id", "held_id", "count")  # fmt: skip
_SOUND = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class JsonLines(logging.Formatter):
    """A record as one JSON object; only the fields named above are written."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a newline."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        return orjson.dumps(line).decode()


def configure(level: str) -> None:
    """Send our log to standard error as JSON lines; call once in each process."""
    stream = logging.StreamHandler()
    stream.setFormatter(JsonLines())
    for ours in (log, logging.getLogger("app")):
        ours.handlers[:] = [stream]
        ours.setLevel(level)


def install(app: Flask) -> None:
    """Give each call an id and a line."""

    def before() -> None:
        sent = request.headers.get(HEADER, "")
        g.request_id = sent if _SOUND.fullmatch(sent) else moment().new_uuid().hex
        g.began = time.perf_counter()

    def after(answer: Response) -> Response:
        answer.headers[HEADER] = g.request_id
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if log.isEnabledFor(logging.INFO):
            ms = round((time.perf_counter() - g.began) * 1000, 2)
            rule = request.url_rule
            route_name = rule.rule if rule else ""
            log.info(
                "call",
                extra={
                    "request_id": g.request_id,
                    "method_name": request.method,
                    "route_name": route_name,
                    "status": answer.status_code,
                    "ms": ms,
                },
            )
        return answer

    app.before_request(before)
    app.after_request(after)
