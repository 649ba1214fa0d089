"""Play the reviewer: decide by itself what waits for a person. For trials and test suites.

A demo has nobody at the desk. This plays that person through `/desk/api`, as two invented clinicians:
it approves what waits, and denies, reduces or asks where examples/demo/reviewer.json says so. It runs
in demo mode only (FORTHWITH_DEMO=on) and never by default. No payer's case is decided this way.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from app.clients.desk import DeskClient
from app.clients.policy import CallFailed
from app.clock import moment
from app.errors import BadSetup, Unavailable
from app.flows.play_review import Player, read_script
from app.jobs.play import keep_reviewing
from app.jobs.stop import until_told
from app.settings import Settings
from app.web import log

EXAMPLES = """\
examples:
  FORTHWITH_DEMO=on forthwith demo-reviewer                review at the server of these settings
  FORTHWITH_DEMO=on forthwith demo-reviewer --delay 0      decide at once
  FORTHWITH_DEMO=on forthwith demo-reviewer --once         one round, then exit
  FORTHWITH_DEMO_REVIEWER=on make run                      serve with the demo reviewer beside
"""
_EVERY = 1.0
"""Seconds between rounds."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--server", default="", metavar="URL", help="the server (the one of these settings)"
    )
    parser.add_argument(
        "--delay",
        type=int,
        metavar="SECONDS",
        help="how long a case waits first (FORTHWITH_DEMO_REVIEWER_DELAY)",
    )
    parser.add_argument(
        "--patience",
        type=int,
        metavar="SECONDS",
        help="the same for a case that waits for documents (FORTHWITH_DEMO_REVIEWER_PATIENCE)",
    )
    parser.add_argument("--once", action="store_true", help="one round, then exit")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: stopped, or one round done; 1: no server there. BadSetup (2) outside a demo."""
    check(settings)
    log.configure(settings.log_level)
    desk = _desk(args.server or _here(settings))
    delay = settings.demo_reviewer_delay if args.delay is None else args.delay
    patience = settings.demo_reviewer_patience if args.patience is None else args.patience
    player = _player(desk, delay, patience)
    try:
        if args.once:
            print(f"{player.round(moment().now)} cases reviewed.")
        else:
            keep_reviewing(player.round, moment, until_told(), _EVERY)
    except Unavailable as fault:
        print(f"forthwith: {fault}", file=sys.stderr)
        return 1
    finally:
        desk.close()
    return 0


def check(settings: Settings) -> None:
    """Raise BadSetup where a machine would decide real cases."""
    if not settings.demo:
        raise BadSetup(
            "The demo reviewer plays a person and runs in demo mode only: set FORTHWITH_DEMO=on, "
            "never where real requests are decided."
        )


def beside(settings: Settings) -> None:
    """The same as a child process of `serve`."""
    log.configure(settings.log_level)
    desk = _desk(_here(settings))
    player = _player(desk, settings.demo_reviewer_delay, settings.demo_reviewer_patience)
    try:
        keep_reviewing(player.round, moment, until_told(), _EVERY)
    finally:
        desk.close()


def _player(desk: DeskClient, delay: int, patience: int) -> Player:
    return Player(desk, read_script(), timedelta(seconds=delay), timedelta(seconds=patience))


def _desk(server: str) -> DeskClient:
    try:
        return DeskClient(server.rstrip("/"))
    except CallFailed as failed:
        raise BadSetup(str(failed)) from None


def _here(settings: Settings) -> str:
    """Where the server listens, whatever its public address."""
    host = settings.host.strip("[]")
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
