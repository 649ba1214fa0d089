"""The watch over deadlines: a loop that runs beside the web server, in as many processes as wanted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from app.clock import Moment
from app.domain.case import Case
from app.errors import Unavailable

_log = logging.getLogger("forthwith")

Expire = Callable[[Moment], tuple[Case, ...]]
"""Notes missed deadlines at an instant and returns the cases, like `app.flows.expire.expire`."""


def watch_once(expire: Expire, moment: Moment) -> int:
    """One round: how many deadlines were found missed. A database that is away is tried later."""
    try:
        late = expire(moment)
    except Unavailable:
        _log.warning("unavailable")
        return 0
    for case in late:
        case_id = str(case.id)
        _log.warning("overdue", extra={"case_id": case_id})
    return len(late)


def watch(
    expire: Expire, moments: Callable[[], Moment], stop: threading.Event, every: float
) -> None:
    """Look every `every` seconds, at once when there was something, until `stop` is set."""
    while not stop.is_set():
        if watch_once(expire, moments()) == 0:
            stop.wait(every)
