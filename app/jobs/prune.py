"""Once an hour beside the web server: delete what must not be kept any longer, tell what was not claimed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from app.clock import Moment
from app.errors import Unavailable
from app.jobs.unclaimed import Report, tell_unclaimed

_log = logging.getLogger("forthwith")

Prune = Callable[[Moment], int]
"""Deletes what is too old at an instant, and says how many records that were."""

EVERY = 3600.0
"""Seconds between rounds."""


def keep_pruning(
    prune: Prune, report: Report, moments: Callable[[], Moment], stop: threading.Event
) -> None:
    """A round now and each hour, until `stop` is set; a database that is away is tried later."""
    while not stop.is_set():
        try:
            tell_unclaimed(report, moments())
            count = prune(moments())
        except Unavailable:
            _log.warning("unavailable")
        else:
            if count:
                _log.info("pruned", extra={"count": count})
        stop.wait(EVERY)
