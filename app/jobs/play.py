"""The demo reviewer's day: a round every second until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from app.clock import Moment
from app.errors import Unavailable

_log = logging.getLogger("forthwith")

Round = Callable[[datetime], int]
"""One look at all that waits, like `app.flows.play_review.Player.round`."""


def keep_reviewing(
    a_round: Round, moments: Callable[[], Moment], stop: threading.Event, every: float
) -> None:
    """A server that is away is tried again; that it is away is said once."""
    away = False
    while not stop.is_set():
        try:
            count = a_round(moments().now)
            away = False
            if count:
                _log.info("reviewed", extra={"count": count})
        except Unavailable:
            if not away:
                _log.warning("no desk to review at")
            away = True
        stop.wait(every)
