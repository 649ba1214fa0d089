"""Watch over deadlines: note every case that still waits after its due instant."""

from __future__ import annotations

import argparse
import functools
import signal
import threading

from app.clock import moment
from app.errors import BadSetup
from app.flows.expire import expire
from app.jobs.watch import watch, watch_once
from app.settings import Settings
from app.store import Store, is_current
from app.web import log

EXAMPLES = """\
examples:
  forthwith work                   watch until stopped; several may run at once
  forthwith work --once            one round, for a scheduler of your own
  forthwith work --every 10        look every 10 seconds

Each missed deadline is one event in the log of its case and one line on standard error.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--once", action="store_true", help="one round, then exit")
    parser.add_argument(
        "--every", type=float, default=30.0, metavar="SECONDS", help="pause between rounds (30)"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: stopped, or one round done. BadSetup (2) for a database that is not migrated."""
    log.configure(settings.log_level)
    store = Store(settings.database_url, settings.sqlite_sync)
    find = functools.partial(expire, store, settings.tenant)
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        if args.once:
            print(f"{watch_once(find, moment())} deadlines missed.")
            return 0
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        watch(find, moment, stop, max(0.1, args.every))
    finally:
        store.close()
    return 0
