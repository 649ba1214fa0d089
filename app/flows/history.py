"""Whether a policy asks what was authorized or paid before, and the look-up in the store."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from app.determine.history import authorizations, paid_claims
from app.determine.subject import service_codes
from app.domain.coverage import Coverage
from app.domain.decision import Decision
from app.domain.request import PriorAuthRequest
from app.domain.roster import PaidLine
from app.rulebook import Rulebook
from app.sealed import sealed
from app.store import LATEST, Read, Store, Write


class HistorySource(Protocol):
    """Where the payer's own earlier authorizations and paid claims are found."""

    def granted(self, member_id: str, by: datetime) -> Iterable[Decision]:
        """The decisions in force at `by` of this member's cases with an authorization.

        Raises Unavailable when they cannot be read.
        """
        ...

    def paid(self, coverage: Coverage) -> Iterable[tuple[str, PaidLine]]:
        """What was paid for the member of this coverage: the key of the claim, and the service.

        Raises Unavailable when it cannot be read.
        """
        ...


@sealed(frozen=True, slots=True)
class OpenHistory:
    """The cases of one tenant, as a block that is open already sees them. Predeterminations authorize
    nothing, so they are never among them.

    Only cases before `before`, and `kept`, which the caller knows already; of what was paid, only what
    had been served by `served_by`, if that is given.
    """

    look: Read | Write
    before: uuid.UUID = LATEST
    kept: tuple[Decision, ...] = ()
    served_by: date | None = None

    def granted(self, member_id: str, by: datetime) -> Iterable[Decision]:
        """See HistorySource."""
        return (*self.kept, *self.look.decisions.granted(member_id, by, self.before))

    def paid(self, coverage: Coverage) -> Iterable[tuple[str, PaidLine]]:
        """See HistorySource."""
        found, last = self.look.members.paid(coverage), self.served_by
        if last is None:
            return found
        return [each for each in found if each[1].period.start and each[1].period.start <= last]


@sealed(frozen=True, slots=True)
class StoredHistory:
    """The same, in a block of its own for each look-up."""

    store: Store
    tenant: str
    before: uuid.UUID = LATEST
    kept: tuple[Decision, ...] = ()

    def granted(self, member_id: str, by: datetime) -> Iterable[Decision]:
        """See HistorySource."""
        with self.store.read(self.tenant) as look:
            return OpenHistory(look, self.before, self.kept).granted(member_id, by)

    def paid(self, coverage: Coverage) -> Iterable[tuple[str, PaidLine]]:
        """See HistorySource."""
        with self.store.read(self.tenant) as look:
            return OpenHistory(look).paid(coverage)


@sealed(frozen=True, slots=True)
class Asked:
    """What a request's policies want to know of the past."""

    authorizations: bool
    paid_claims: bool

    def of(
        self, history: HistorySource, coverage: Coverage, by: datetime
    ) -> tuple[Iterable[Decision], Iterable[tuple[str, PaidLine]]]:
        """What `history` knows of it; nothing is looked up that nobody wants."""
        return (
            history.granted(coverage.member_id, by) if self.authorizations else (),
            history.paid(coverage) if self.paid_claims else (),
        )


def asks_history(request: PriorAuthRequest, rulebook: Rulebook, today: date) -> Asked:
    """What matters of the past: what a policy that may speak about a line wants; and authorizations
    when the service was given already, as it must be known whether it was asked for in time.
    """
    granted, paid = False, False
    for item in request.items:
        day = request.service_day(item, today)
        granted = granted or day < today
        for entry in rulebook.entries(service_codes(item, rulebook.terms), day, item.guidance):
            granted = granted or entry.ready.authorizations
            paid = paid or entry.ready.paid_claims
    return Asked(granted, paid)


def with_history(
    request: PriorAuthRequest,
    earlier: Iterable[Decision],
    paid: Iterable[tuple[str, PaidLine]] = (),
) -> PriorAuthRequest:
    """The request with what was authorized and paid before added to its evidence."""
    added = (*authorizations(earlier), *paid_claims(paid))
    return replace(request, evidence=(*request.evidence, *added)) if added else request
