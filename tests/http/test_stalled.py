"""A real server with one worker goes on answering while callers stall."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import orjson

from app.domain.guide import Guide
from tests.house.live import serving
from tests.world import FHIR_JSON, example

STALLED = 20
HALF = (
    b"POST /fhir/2.2/Claim/$submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
    b"Content-Length: 50000\r\n\r\n{"
)


def test_callers_who_stop_halfway_hold_up_nobody(tmp_path: Path) -> None:
    with serving(tmp_path) as live, ExitStack() as callers:
        port = int(live.address.rpartition(":")[2])
        for _ in range(STALLED):
            caller = callers.enter_context(socket.create_connection(("127.0.0.1", port)))
            caller.sendall(HALF)
        request = urllib.request.Request(
            f"{live.address}/fhir/2.2/Claim/$submit",
            data=orjson.dumps(example("oxygen-approved", Guide.V22)),
            headers={"Content-Type": FHIR_JSON},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{live.address}/health", timeout=20) as answer:
            assert answer.status == 200
