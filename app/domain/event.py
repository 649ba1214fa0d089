"""The append-only history of a case: every change says when, who and why."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from app.sealed import sealed


class EventKind(StrEnum):
    """What can happen to a case. Clocks are events too."""

    RECEIVED = "received"
    ELIGIBILITY_CHECKED = "eligibility-checked"
    DECIDED = "decided"
    INFORMATION_REQUESTED = "information-requested"
    CLOCK_STARTED = "clock-started"
    CLOCK_PAUSED = "clock-paused"
    CLOCK_RESUMED = "clock-resumed"
    CLOCK_STOPPED = "clock-stopped"
    CLOCK_EXTENDED = "clock-extended"
    CLOCK_EXPIRED = "clock-expired"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    REPEATED = "repeated"
    ATTACHED = "attached"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    ADOPTED = "adopted"
    UPDATE_REFUSED = "update-refused"
    DELEGATED = "delegated"
    GIVEN_BACK = "given-back"
    TAKEN = "taken"
    RELEASED = "released"
    RETIRED = "retired"


@sealed(frozen=True, slots=True)
class Event:
    """One line of the log. `data` is JSON-able and holds codes, ids and hashes.

    `actor` is a principal's id, a reviewer's own id, or `machine` for a decision by rules.
    """

    id: uuid.UUID
    case_id: uuid.UUID
    kind: EventKind
    at: datetime
    actor: str
    data: Mapping[str, object]
