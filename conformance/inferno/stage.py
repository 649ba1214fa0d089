"""What a run needs: the product on its own port, HL7's engine as the judge, Inferno itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

ROOT: Final = Path(__file__).resolve().parents[2]
LOCAL: Final = "http://127.0.0.1:4567"
"""Where the tool beside the checkout runs Inferno's own server."""
JUDGE: Final = "http://127.0.0.1:3500"
"""And where Inferno asks for a judgement."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running Forthwith: its address, its environment (for further commands), its folder."""

    address: str
    environ: Mapping[str, str]
    folder: Path

    def command(self, *arguments: str) -> None:
        """`forthwith ARGUMENTS` on the product's own database; raises when it fails."""
        line = [sys.executable, "-m", "app.cli", *arguments]
        subprocess.run(line, cwd=ROOT, env=dict(self.environ), check=True)


def place() -> str:
    """An Inferno's address, or the script that runs one (setting FORTHWITH_INFERNO)."""
    return os.environ.get("FORTHWITH_INFERNO", str(ROOT.parent / "shared/tools/inferno/inferno"))


def is_address(where: str) -> bool:
    """Whether an Inferno runs already, there."""
    return where.startswith(("http://", "https://"))


def why_absent() -> str:
    """One sentence for a machine without Inferno, empty when there is one."""
    where = place()
    if is_address(where) or (Path(where).is_file() and os.access(where, os.X_OK)):
        return ""
    return (
        "No Inferno here: set FORTHWITH_INFERNO to the address of a running one "
        "(http://localhost), or to a script that answers `web` and `referee GUIDE`."
    )


@contextlib.contextmanager
def product(settings: Mapping[str, str]) -> Iterator[Product]:
    """`forthwith serve` with demo data, a free port and a fresh database, until the end."""
    folder = Path(tempfile.mkdtemp(prefix="forthwith-inferno."))
    port = os.environ.get("PORT") or str(_free_port())
    environ = {
        **os.environ,
        "PORT": port,
        "DATABASE_URL": f"sqlite:///{folder}/forthwith.sqlite3",
        "FORTHWITH_DEMO": "on",
        **settings,
    }
    address = os.environ.get("FORTHWITH_PUBLIC_URL") or f"http://127.0.0.1:{port}"
    try:
        with (
            (folder / "product.log").open("wb") as log,
            _running([sys.executable, "-m", "app.cli", "serve"], environ, log.fileno()),
        ):
            _until(f"http://127.0.0.1:{port}/ready", 90)
            yield Product(address, environ, folder)
    finally:
        kept = os.environ.get("FORTHWITH_INFERNO_LOGS")
        if kept:
            shutil.copytree(folder, kept, dirs_exist_ok=True)
        shutil.rmtree(folder)


@contextlib.contextmanager
def inferno(guide: str, log: Path) -> Iterator[str]:
    """The address of Inferno; started here, with HL7's engine for `guide`, unless one is given.

    `log` gets one line for each resource that the engine judged.
    """
    where = place()
    if is_address(where):
        yield where.rstrip("/")
        return
    _make_ready()
    environ = {**os.environ, "REFEREE_LOG": str(log), "INFERNO_DISABLE_TLS_TEST": "true"}
    with (
        _running([where, "referee", guide], environ, subprocess.DEVNULL),
        _running([where, "web"], environ, subprocess.DEVNULL),
    ):
        _until(f"{LOCAL}/api/version", 600)
        _until_judging(600)
        yield LOCAL


def _make_ready() -> None:
    """Have the script's Inferno run its jobs beside the tests that start them (background.rb), and
    forget the judge's session of an earlier suite: the judge has one name for all, Inferno wants one
    for each.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    work = Path(os.environ.get("INFERNO_WORK") or Path(cache) / "inferno")
    kit = work / "ruby33" / "kit"
    if (kit / "lib").is_dir():
        shutil.copy(Path(__file__).with_name("background.rb"), kit / "lib")
    database = kit / "data" / "inferno_development.db"
    if database.is_file():
        with contextlib.closing(sqlite3.connect(database, timeout=30)) as link, link:
            link.execute("DELETE FROM validator_sessions")


@contextlib.contextmanager
def _running(line: list[str], environ: Mapping[str, str], out: int) -> Iterator[None]:
    """A program with all that it starts, ended at the end."""
    started = subprocess.Popen(
        line,
        cwd=ROOT,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        start_new_session=True,
    )
    try:
        yield
    finally:
        for word in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, word)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(url: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.5)
    raise TimeoutError(f"nothing answers at {url} within {seconds:.0f} seconds")


def _until_judging(seconds: float) -> None:
    """Until the engine has judged something: it listens long before it can."""
    trial = {"filesToValidate": [{"fileContent": '{"resourceType": "Basic"}'}]}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(requests.RequestException):
            if requests.post(f"{JUDGE}/validate", json=trial, timeout=60).ok:
                return
        time.sleep(1)
    raise TimeoutError(f"HL7's engine judges nothing within {seconds:.0f} seconds")
