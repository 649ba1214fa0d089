"""A small load generator: one process, many kept-alive connections, no thread and no library.

    python -m benchmarks.load PORT PATH BODY_FILE --connections 8 --seconds 5 [--rate 200]

BODY_FILE may hold the marker `MARKER` (32 characters), which is replaced by a fresh value
of the same length in each request. Without --rate every connection sends its next request when it
has its answer (closed loop); with --rate requests start on a fixed schedule and latency counts from
the scheduled instant, so that a stalled server cannot hide its stall (open loop). Prints one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

MARKER = b"@@transaction-identifier-here-@@"


@dataclass(slots=True)
class Wire:
    """One connection and the exchange that is under way on it."""

    sock: socket.socket
    due: float = 0.0
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    got: bytearray = field(default_factory=bytearray)
    need: int = 0
    busy: bool = False


@dataclass(slots=True)
class Tally:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    broken: int = 0
    sample: str = ""


class Load:
    """Sends one kind of request over `connections` connections to a port of this machine."""

    def __init__(self, port: int, path: str, body: bytes, connections: int) -> None:
        self.port = port
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/fhir+json\r\nAccept: application/fhir+json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        self.before, marker, self.after = (head + body).partition(MARKER)
        self.fresh = bool(marker)
        self.selector = selectors.DefaultSelector()
        self.wires = [self.connect() for _ in range(connections)]
        self.tally = Tally()

    def connect(self) -> Wire:
        """A new connection, watched."""
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        wire = Wire(sock)
        self.selector.register(sock, selectors.EVENT_READ, wire)
        return wire

    def begin(self, wire: Wire, due: float) -> None:
        """Send the next request on an idle connection."""
        name = uuid.uuid4().hex.encode() if self.fresh else b""
        wire.due, wire.busy, wire.need = due, True, 0
        wire.got.clear()
        wire.out = memoryview(self.before + name + self.after)
        self.push(wire)

    def push(self, wire: Wire) -> None:
        """Write as much as the socket takes; watch for more room when it does not take all."""
        try:
            wire.out = wire.out[wire.sock.send(wire.out) :]
        except BlockingIOError:
            pass
        except OSError:
            self.lose(wire)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.out else 0)
        self.selector.modify(wire.sock, wanted, wire)

    def pull(self, wire: Wire) -> bool:
        """Read; True when the answer is complete."""
        try:
            data = wire.sock.recv(1 << 17)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.lose(wire)
            return False
        wire.got += data
        if not wire.need:
            end = wire.got.find(b"\r\n\r\n")
            if end < 0:
                return False
            wire.need = end + 4 + content_length(bytes(wire.got[:end]))
        return len(wire.got) >= wire.need

    def finish(self, wire: Wire) -> None:
        """Count one answer."""
        status = int(wire.got[9:12])
        self.tally.statuses[status] += 1
        self.tally.latencies.append(time.perf_counter() - wire.due)
        if status != 200 and not self.tally.sample:
            self.tally.sample = bytes(wire.got[:2000]).decode("utf-8", "replace")
        wire.busy = False

    def lose(self, wire: Wire) -> None:
        """Count a broken exchange and open the connection again."""
        self.tally.broken += wire.busy
        self.selector.unregister(wire.sock)
        wire.sock.close()
        fresh = self.connect()
        self.selector.modify(fresh.sock, selectors.EVENT_READ, wire)
        wire.sock, wire.busy = fresh.sock, False

    def run(self, seconds: float, rate: float) -> float:
        """Keep going for `seconds`, then wait for what is under way; the time that it took."""
        began = time.perf_counter()
        end = began + seconds
        step = 1 / rate if rate else 0.0
        due = began
        while True:
            now = time.perf_counter()
            if now < end:
                due = self.start_what_is_due(now, due, step)
            elif not any(wire.busy for wire in self.wires):
                return time.perf_counter() - began
            wait = max(0.0, min(due - now, end - now)) if step and now < end else 0.05
            for key, events in self.selector.select(wait):
                wire: Wire = key.data
                if events & selectors.EVENT_WRITE and wire.out:
                    self.push(wire)
                if events & selectors.EVENT_READ and self.pull(wire):
                    self.finish(wire)

    def close(self) -> None:
        """Close all connections."""
        for wire in self.wires:
            wire.sock.close()
        self.selector.close()

    def start_what_is_due(self, now: float, due: float, step: float) -> float:
        """Start requests on idle connections; in an open loop no more than the schedule says."""
        for wire in self.wires:
            if wire.busy:
                continue
            if not step:
                self.begin(wire, now)
            elif due <= now:
                self.begin(wire, due)
                due += step
        return due


def content_length(head: bytes) -> int:
    """The length that an answer's head announces; ValueError when it does not."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without Content-Length")


def main() -> None:
    """Run one load and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("body", type=Path)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=float, default=0)
    args = parser.parse_args()
    load = Load(args.port, args.path, args.body.read_bytes(), args.connections)
    took = load.run(args.seconds, args.rate)
    load.close()
    json.dump(
        {
            "seconds": took,
            "statuses": dict(load.tally.statuses),
            "broken": load.tally.broken,
            "latencies": load.tally.latencies,
            "sample": load.tally.sample,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
