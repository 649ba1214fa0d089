"""Answer requests over HTTP, with one worker process per core."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import socket
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from app import resources
from app.cli import demo_reviewer, work
from app.errors import BadSetup
from app.factory import prepare, warm
from app.settings import Settings

EXAMPLES = """\
examples:
  forthwith serve                      answer on http://127.0.0.1:8080
  PORT=9000 forthwith serve            on another port
  FORTHWITH_DEMO=on forthwith serve    with the demo payer's members and coverages
"""
_EXAMPLE = "pas/2.2/oxygen-approved.json"

_THREADS = 64
"""Threads of a worker: they wait for slow callers, one at a time computes (docs/adr/0013)."""


def configure(parser: argparse.ArgumentParser) -> None:
    """`serve` has no arguments: everything is a setting, so that workers see the same."""
    parser.description = (
        f"{parser.description} Every choice is a setting: see docs/reference/settings.md."
    )


def run(_args: argparse.Namespace, settings: Settings) -> int:
    """Prepare the database, then serve until stopped. Raises BadSetup with one sentence."""
    settings.check_door()
    if settings.demo_reviewer:
        demo_reviewer.check(settings)
    host = "127.0.0.1" if settings.host.lower() == "localhost" else settings.host.strip("[]")
    _check_free(host, settings.port)
    prepare(settings)
    beside = [_beside("worker", work.beside, settings)] if settings.work else []
    if settings.demo_reviewer:
        beside.append(_beside("demo reviewer", demo_reviewer.beside, settings))
    warm()
    gc.freeze()  # what is loaded now is shared with the workers, not copied
    server = Granian(
        "app.factory:application",
        factory=True,
        address=host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        log_level=LogLevels.error,  # its warnings are about our many threads, see _THREADS
    )
    server.on_startup(lambda: print(_welcome(settings), flush=True))
    try:
        server.serve()
    finally:
        for process in beside:
            process.terminate()
            process.join()
    return 0


def _beside(name: str, target: Callable[[Settings], None], settings: Settings) -> BaseProcess:
    """What a command of its own does, in a fresh process that ends with this one."""
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=(settings,), name=name, daemon=True
    )
    process.start()
    return process


def _check_free(host: str, port: int) -> None:
    """Raise BadSetup when somebody listens there: the workers' shared sockets would not notice."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise BadSetup(
                f"PORT {port} of {host} cannot be used ({fault.strerror}): "
                "stop what listens there or choose another."
            ) from None


def _welcome(settings: Settings) -> str:
    """The addresses and one line to try."""
    example = resources.data("examples") / _EXAMPLE
    here = Path.cwd()
    shown = example.relative_to(here) if example.is_relative_to(here) else example
    return (
        f"Forthwith answers on {settings.address}\n"
        f"  {settings.address}/            what this is and what to try\n"
        f"  {settings.address}/fhir/2.2    PAS 2.2.1\n"
        f"  {settings.address}/fhir/2.0    PAS 2.0.1\n"
        "Try it from another terminal:\n"
        f"  curl -s {settings.address}/fhir/2.2/Claim/\\$submit "
        f"-H 'Content-Type: application/fhir+json' --data-binary @{shown}\n"
        "Stop it with Ctrl-C."
    )
