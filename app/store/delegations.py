"""Cases at companies that review for the payer, and who is asking them at the moment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from app.domain.delegation import OVER, Delegation, DelegationState
from app.store.link import ReadLink, WriteLink
from app.store.tables import delegations

_ONE = select(delegations).where(
    delegations.c.tenant == bindparam("tenant"), delegations.c.id == bindparam("key")
)
_OF_CASE = (
    select(delegations)
    .where(
        delegations.c.tenant == bindparam("tenant"), delegations.c.case_id == bindparam("case_id")
    )
    .order_by(delegations.c.id)
)


class Delegations:
    """Finds them."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def get(self, id: uuid.UUID) -> Delegation | None:
        """One of them, or None."""
        row = self._link.first(_ONE, {"key": id})
        return _delegation(row) if row else None

    def of(self, case_id: uuid.UUID) -> tuple[Delegation, ...]:
        """All of a case, the oldest first."""
        return tuple(_delegation(row) for row in self._link.fetch(_OF_CASE, {"case_id": case_id}))

    def any_due(self, names: Sequence[str], now: datetime) -> bool:
        """Whether one of these companies is to be called and nobody is calling it."""
        waiting = select(delegations.c.id).where(*_waiting(self._link.tenant, names, now)).limit(1)
        return self._link.first(waiting, {}) is not None


class DelegationWriter(Delegations):
    """Finds, opens and works on them; each method belongs to the block's transaction."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def open(self, new: Delegation) -> None:
        """The company is to be asked from now on."""
        self._write.add(
            delegations,
            {
                "id": new.id,
                "case_id": new.case_id,
                "delegate": new.delegate,
                "state": new.state.value,
                "opened_at": new.opened_at,
                "failures": 0,
                "error": "",
                "due_at": new.opened_at,
                "lease": None,
                "leased_until": None,
            },
        )

    def take(
        self, names: Sequence[str], now: datetime, until: datetime, lease: uuid.UUID
    ) -> Delegation | None:
        """The one that waits longest, ours until `until`; None when nothing waits."""
        row = self._write.lease(delegations, _waiting(self._write.tenant, names, now), lease, until)
        return _delegation(row) if row else None

    def settle(
        self,
        id: uuid.UUID,
        lease: uuid.UUID,
        state: DelegationState,
        again: datetime,
        failures: int = 0,
        error: str = "",
    ) -> bool:
        """End a turn and call again at `again`; False, and nothing happens, when the lease was lost."""
        settled = self._update(id).where(delegations.c.lease == lease)
        rows = self._write.change(
            settled.values(
                state=state.value,
                due_at=again,
                failures=failures,
                error=error,
                lease=None,
                leased_until=None,
            )
        )
        return bool(rows)

    def close(self, id: uuid.UUID, state: DelegationState) -> None:
        """Whoever calls at the moment, it is over."""
        ended = self._update(id).values(
            state=state.value, due_at=None, error="", lease=None, leased_until=None
        )
        self._write.change(ended)

    def _update(self, id: uuid.UUID) -> Any:
        changing = update(delegations).where(
            delegations.c.tenant == self._write.tenant, delegations.c.id == id
        )
        return changing.returning(delegations.c.id)


def _waiting(tenant: str, names: Sequence[str], now: datetime) -> tuple[Any, ...]:
    until = delegations.c.leased_until
    return (
        delegations.c.tenant == tenant,
        delegations.c.delegate.in_(list(names)),
        delegations.c.due_at <= now,
        or_(until.is_(None), until <= now),
        delegations.c.state.not_in([each.value for each in OVER]),
    )


def _delegation(row: Any) -> Delegation:
    return Delegation(
        row.id,
        row.case_id,
        row.delegate,
        DelegationState(row.state),
        row.opened_at,
        row.failures,
        row.error,
    )
