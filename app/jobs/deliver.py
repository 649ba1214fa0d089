"""Telling subscribers: several threads beside the web server, so that a slow one holds up only itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from app.clock import Moment
from app.errors import ForthwithError

_log = logging.getLogger("forthwith")

Deliver = Callable[[Moment], bool]
"""Makes one call when one is due, and says whether there was one; `app.flows.deliver.deliver`."""

PAUSE = 0.5
"""Seconds between looks while there is nothing to send."""


def deliver_all(deliver: Deliver, moments: Callable[[], Moment]) -> int:
    """Make every call that is due now; how many there were."""
    made = 0
    while _one(deliver, moments()):
        made += 1
    return made


def keep_delivering(deliver: Deliver, moments: Callable[[], Moment], stop: threading.Event) -> None:
    """Make calls as they become due, until `stop` is set."""
    while not stop.is_set():
        if not _one(deliver, moments()):
            stop.wait(PAUSE)


def _one(deliver: Deliver, moment: Moment) -> bool:
    """What goes wrong with one call ends no thread: its lease runs out and it is tried again."""
    try:
        return deliver(moment)
    except ForthwithError as fault:
        failure_name = type(fault).__name__
        _log.warning("not delivered", extra={"failure_name": failure_name})
        return False
