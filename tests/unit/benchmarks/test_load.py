"""The load generator counts what it sends and gets, and every request is a fresh one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.load import MARKER, Load, content_length
from benchmarks.timing import percentile

BODY = b'{"identifier":"' + MARKER + b'"}'


class Answering:
    """A server that answers each request after a while with the same status."""

    def __init__(self, status: int, delay: float, drop_every: int = 0) -> None:
        self.status, self.delay, self.drop_every = status, delay, drop_every
        self.bodies: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(link,), daemon=True).start()

    def answer(self, link: socket.socket) -> None:
        with link, link.makefile("rb") as lines:
            while line := lines.readline():
                head = line
                while (line := lines.readline()) != b"\r\n":
                    head += line
                self.bodies.append(lines.read(content_length(head.rstrip())))
                if self.drop_every and len(self.bodies) % self.drop_every == 0:
                    return
                time.sleep(self.delay)
                link.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\nhello" % self.status)


@contextmanager
def answering(status: int = 200, delay: float = 0.0, drop_every: int = 0) -> Iterator[Answering]:
    server = Answering(status, delay, drop_every)
    yield server
    server.listener.close()


def test_each_connection_keeps_sending_and_every_body_is_fresh() -> None:
    with answering(delay=0.002) as server:
        load = Load(server.port, "/x", BODY, 3)
        load.run(0.3, 0)
        load.close()
    sent = len(server.bodies)
    assert sent > 20
    assert load.tally.statuses == {200: sent}
    assert len(load.tally.latencies) == sent
    assert load.tally.broken == 0
    assert len(set(server.bodies)) == sent
    assert all(len(body) == len(BODY) and MARKER not in body for body in server.bodies)


def test_a_schedule_is_kept_and_a_stall_is_seen() -> None:
    """Latency counts from the scheduled instant, so a slow server cannot hide its queue."""
    with answering(delay=0.05) as server:
        load = Load(server.port, "/x", BODY, 1)
        load.run(0.5, 40)
        load.close()
    ordered = sorted(load.tally.latencies)
    assert len(ordered) <= 40 * 0.5 + 1
    assert percentile(ordered, 1) > 0.2


def test_other_statuses_and_broken_exchanges_are_counted() -> None:
    with answering(status=503, drop_every=4) as server:
        load = Load(server.port, "/x", BODY, 1)
        load.run(0.2, 0)
        load.close()
    assert load.tally.broken >= 1
    assert set(load.tally.statuses) == {503}
    assert load.tally.sample.startswith("HTTP/1.1 503")


def test_a_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 0.99) == 0.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0


def test_an_answer_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        content_length(b"HTTP/1.1 200 OK\r\nX: y")
