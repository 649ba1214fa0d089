"""A real server for a benchmark: its own database and port, stopped when the block ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT = 90.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its port, its process, and the seconds from start to ready."""

    port: int
    pid: int
    started_in: float

    def workers(self) -> list[int]:
        """Worker processes: the leaves below the server's process."""
        return leaves(self.pid)


@contextmanager
def running(database_url: str, workers: int, **settings: str) -> Iterator[Running]:
    """`forthwith serve` with the demo payer on a free port of this machine."""
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "FORTHWITH_WORKERS": str(workers),
        "FORTHWITH_DEMO": "on",
        "FORTHWITH_SANDBOX": "off",
        "FORTHWITH_LOG_LEVEL": "WARNING",
        **settings,
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until_ready(process, port, began + START_LIMIT)
        yield Running(port, process.pid, time.perf_counter() - began)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_until_ready(process: subprocess.Popen[bytes], port: int, deadline: float) -> None:
    """Ask /ready until it says yes; RuntimeError when the server ends or takes too long."""
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it was ready")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError("the server was not ready in time")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def leaves(pid: int) -> list[int]:
    """The processes below `pid` that have no children of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [leaf for child in children for leaf in leaves(int(child))]
    return found or [pid]


def memory(pid: int) -> tuple[float, float]:
    """Resident and proportional size of a process in MB."""
    sizes = {"Rss:": 0.0, "Pss:": 0.0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, *rest = line.split()
        if name in sizes:
            sizes[name] = int(rest[0]) / 1024
    return sizes["Rss:"], sizes["Pss:"]
