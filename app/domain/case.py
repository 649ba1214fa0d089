"""A case: one request, its items' states, and which changes each state allows.

Transitions are data, so the diagram in docs/reference/states.md is drawn from them. Who may make a
change is `app.auth.roles`; this module says only what the state allows.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.domain.decision import Outcome, ReviewTime
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.update import Change
from app.sealed import sealed


class CaseState(StrEnum):
    """Where a case stands as a whole."""

    RECEIVED = "received"
    DECIDED = "decided"
    IN_REVIEW = "in-review"
    AWAITING_INFORMATION = "awaiting-information"
    WITH_DELEGATE = "with-delegate"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = MappingProxyType(
    {
        CaseState.RECEIVED: frozenset(
            {
                CaseState.DECIDED,
                CaseState.IN_REVIEW,
                CaseState.AWAITING_INFORMATION,
                CaseState.WITH_DELEGATE,
                CaseState.REJECTED,
                CaseState.CANCELLED,
            }
        ),
        CaseState.IN_REVIEW: frozenset(
            {
                CaseState.DECIDED,
                CaseState.AWAITING_INFORMATION,
                CaseState.WITH_DELEGATE,
                CaseState.CANCELLED,
            }
        ),
        CaseState.AWAITING_INFORMATION: frozenset(
            {
                CaseState.DECIDED,
                CaseState.IN_REVIEW,
                CaseState.WITH_DELEGATE,
                CaseState.CANCELLED,
            }
        ),
        CaseState.WITH_DELEGATE: frozenset(
            {
                CaseState.DECIDED,
                CaseState.IN_REVIEW,
                CaseState.AWAITING_INFORMATION,
                CaseState.CANCELLED,
            }
        ),
        CaseState.DECIDED: frozenset(
            {
                CaseState.DECIDED,
                CaseState.IN_REVIEW,
                CaseState.AWAITING_INFORMATION,
                CaseState.WITH_DELEGATE,
                CaseState.CANCELLED,
            }
        ),
        CaseState.REJECTED: frozenset(),
        CaseState.CANCELLED: frozenset(),
    }
)
"""From each state, the states that may follow."""

WAITING: frozenset[CaseState] = frozenset(
    {CaseState.IN_REVIEW, CaseState.AWAITING_INFORMATION, CaseState.WITH_DELEGATE}
)
"""States in which a clock runs: the case must be decided by its due instant."""


class ClockState(StrEnum):
    """What the time of a case does."""

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    EXPIRED = "expired"


CLOCK: Mapping[ClockState, Mapping[EventKind, ClockState]] = MappingProxyType(
    {
        ClockState.STOPPED: MappingProxyType({EventKind.CLOCK_STARTED: ClockState.RUNNING}),
        ClockState.RUNNING: MappingProxyType(
            {
                EventKind.CLOCK_STARTED: ClockState.RUNNING,
                EventKind.CLOCK_PAUSED: ClockState.PAUSED,
                EventKind.CLOCK_EXTENDED: ClockState.RUNNING,
                EventKind.CLOCK_EXPIRED: ClockState.EXPIRED,
                EventKind.CLOCK_STOPPED: ClockState.STOPPED,
            }
        ),
        ClockState.PAUSED: MappingProxyType(
            {
                EventKind.CLOCK_STARTED: ClockState.RUNNING,
                EventKind.CLOCK_RESUMED: ClockState.RUNNING,
                EventKind.CLOCK_EXTENDED: ClockState.PAUSED,
                EventKind.CLOCK_EXPIRED: ClockState.EXPIRED,
                EventKind.CLOCK_STOPPED: ClockState.STOPPED,
            }
        ),
        ClockState.EXPIRED: MappingProxyType(
            {
                EventKind.CLOCK_STARTED: ClockState.RUNNING,
                EventKind.CLOCK_RESUMED: ClockState.EXPIRED,
                EventKind.CLOCK_STOPPED: ClockState.STOPPED,
            }
        ),
    }
)
"""From each state of a clock, the events that may follow, and what the clock does after them.

A missed deadline is not undone: nobody adds time to it. What arrives late (`clock-resumed`) does not help.
"""

FINAL: frozenset[Outcome] = frozenset(
    {
        Outcome.APPROVED,
        Outcome.MODIFIED,
        Outcome.NOT_COVERED,
        Outcome.NOT_REQUIRED,
        Outcome.DENIED,
        Outcome.CANCELLED,
    }
)
"""Outcomes that end the review of an item."""

REVISABLE: frozenset[Change] = frozenset({Change.CHANGED, Change.CANCELLED})

AMENDABLE: Mapping[Outcome, frozenset[Change]] = MappingProxyType(
    {
        Outcome.APPROVED: REVISABLE,
        Outcome.MODIFIED: REVISABLE,
        Outcome.NOT_REQUIRED: REVISABLE,
        Outcome.PENDED: REVISABLE,
        Outcome.NOT_COVERED: frozenset(),
        Outcome.DENIED: frozenset(),
        Outcome.CANCELLED: frozenset(),
    }
)
"""What an update may do to an item: after a denial a new request is needed (PAS 2.2.1, spec-64)."""


@sealed(frozen=True, slots=True)
class Case:
    """The queryable head of a case; its history is the list of events.

    `number` is the payer's public reference (not guessable). `submitter` is the principal's id. `line` is
    the line of business, `review` whether the request came before, during or after its services, `due`
    the instant by which it must be decided while it waits.
    """

    id: uuid.UUID
    tenant: str
    number: str
    guide: Guide
    state: CaseState
    submitter: str
    requestor_npi: str
    member_id: str
    plan: str
    line: str
    received_at: datetime
    due: datetime | None
    authorization_number: str = ""
    rulebook: str = ""
    review: ReviewTime = ReviewTime.PROSPECTIVE


def allows(state: CaseState, change_to: CaseState) -> bool:
    """Whether a case in `state` may become `change_to`."""
    return change_to in TRANSITIONS[state]
