"""Whether a policy asks what was authorized before, and the look-up in the stored cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from app.determine.history import authorizations
from app.determine.subject import service_codes
from app.domain.decision import Decision
from app.domain.request import PriorAuthRequest
from app.rulebook import Rulebook
from app.store import Store


class HistorySource(Protocol):
    """Where the payer's own earlier authorizations are found."""

    def granted(self, member_id: str, by: datetime) -> Iterable[Decision]:
        """The decisions in force at `by` of this member's cases with an authorization.

        Raises Unavailable when they cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """The cases of one tenant. Predeterminations authorize nothing, so they are never among them."""

    store: Store
    tenant: str

    def granted(self, member_id: str, by: datetime) -> Iterable[Decision]:
        """See HistorySource."""
        with self.store.read(self.tenant) as look:
            return look.decisions.granted(member_id, by)


def asks_history(request: PriorAuthRequest, rulebook: Rulebook, today: date) -> bool:
    """Whether earlier authorizations matter: a policy that may speak about a line wants them, or the
    service was given already, so that it must be known whether it was asked for in time.
    """
    for item in request.items:
        day = request.service_day(item, today)
        if day < today:
            return True
        found = rulebook.entries(service_codes(item, rulebook.terms), day)
        if any(entry.ready.authorizations for entry in found):
            return True
    return False


def with_history(request: PriorAuthRequest, earlier: Iterable[Decision]) -> PriorAuthRequest:
    """The request with what was authorized before added to its evidence."""
    return replace(request, evidence=(*request.evidence, *authorizations(earlier)))
