"""A case that another company reviews for the payer, as far as asking that company goes."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from app.sealed import sealed


class DelegationState(StrEnum):
    """`open` until the company has confirmed the request; then `asked` until it has decided, or the
    case came back to the payer's own people.
    """

    OPEN = "open"
    ASKED = "asked"
    DECIDED = "decided"
    GIVEN_BACK = "given-back"


OVER = frozenset({DelegationState.DECIDED, DelegationState.GIVEN_BACK})
"""The company is not asked any more."""


@sealed(frozen=True, slots=True)
class Delegation:
    """One case at one company; `delegate` is its id in the rulebook.

    `id` is what both sides call it. `failures` counts calls without a usable answer since the last
    one, `error` says in our words what was wrong with it.
    """

    id: uuid.UUID
    case_id: uuid.UUID
    delegate: str
    state: DelegationState
    opened_at: datetime
    failures: int = 0
    error: str = ""
