"""Attachments that found no request in their time: a line in the log for each, so that somebody looks."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from app.clock import Moment

_log = logging.getLogger("forthwith")

Report = Callable[[Moment], tuple[uuid.UUID, ...]]
"""Notes what found no request by an instant, like `app.flows.unclaimed.report_unclaimed`."""


def tell_unclaimed(report: Report, moment: Moment) -> int:
    """How many there were, each told in the log once. Raises Unavailable."""
    found = report(moment)
    for each in found:
        held_id = str(each)
        _log.warning("attachment unclaimed", extra={"held_id": held_id})
    return len(found)
