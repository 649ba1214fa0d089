"""What a person can do with a case. Who may do it is `app.auth.roles`, what it does
`app.determine.review`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.domain.decision import AskedBy, Needed
from app.domain.values import Concept, Period, Text
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Why:
    """What is given for a denial or reduction: `criteria` are ids of rules in the item's finding."""

    criteria: tuple[str, ...]
    reason: Text
    would_change: Text


@sealed(frozen=True, slots=True)
class Take:
    """Work on the case; nobody else decides it meanwhile."""


@sealed(frozen=True, slots=True)
class Release:
    """Give it back."""


@sealed(frozen=True, slots=True)
class Ask:
    """Ask the requester for documents about one item."""

    item: int
    needed: tuple[Needed, ...]


@sealed(frozen=True, slots=True)
class Approve:
    """Authorize waiting items as asked for: those named, or all. `until` is the last day."""

    items: tuple[int, ...] = ()
    until: date | None = None


@sealed(frozen=True, slots=True)
class Modify:
    """Authorize less than asked for, or another setting, and say why."""

    item: int
    why: Why
    units: Decimal | None = None
    period: Period | None = None
    place: Concept | None = None


@sealed(frozen=True, slots=True)
class Deny:
    """Deny one item for medical necessity."""

    item: int
    why: Why


@sealed(frozen=True, slots=True)
class Overturn:
    """Authorize as asked for what another medical director denied or reduced."""

    item: int


@sealed(frozen=True, slots=True)
class Extend:
    """Take `days` calendar days more to decide, because somebody asked for them or the payer must."""

    days: int
    asked_by: AskedBy
    reason: Text


Act = Take | Release | Ask | Approve | Modify | Deny | Overturn | Extend
