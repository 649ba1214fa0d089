"""A server as a user starts it: the command `forthwith serve`, on a free port, with a new database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "forthwith"


@dataclass(frozen=True, slots=True)
class Live:
    """A running server: its address, its environment, what it printed when it started."""

    address: str
    environ: dict[str, str]
    printed: str


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, **more: str) -> Iterator[Live]:
    """Serve with the demo payer from a database in `folder` until the block ends."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder / 'live.sqlite3'}",
        "FORTHWITH_DEMO": "on",
        "FORTHWITH_WORKERS": "1",
        **more,
    }
    log = folder / "live.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(server, address, log)
        yield Live(address, environ, log.read_text("utf-8"))
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            raise


def _await(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Until it answers /ready; what it printed is in the failure otherwise."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text('utf-8')}")
