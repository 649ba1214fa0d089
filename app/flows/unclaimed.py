"""What came before its request, and what of it no request ever claimed."""

from __future__ import annotations

import uuid
from datetime import datetime

from app.auth.roles import check
from app.auth.scopes import Scope
from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.flows.context import Context
from app.sealed import sealed
from app.store import Store

MOST = 200
"""Lines in one list."""


@sealed(frozen=True, slots=True)
class Unmatched:
    """A submission without a request: who sent it, under which number, about whom, for which providers.

    `is_unclaimed`: none came in time, and none will get it any more.
    """

    id: uuid.UUID
    submitter: str
    guide: Guide
    tracking: str
    member: str
    providers: tuple[str, ...]
    received_at: datetime
    expires_at: datetime
    is_unclaimed: bool


def report_unclaimed(store: Store, tenant: str, moment: Moment) -> tuple[uuid.UUID, ...]:
    """Note what found no request in its time, each once, and return which that is.

    It stays stored and in the list of the desk. Raises Unavailable.
    """
    with store.write(tenant) as work:
        return work.held.report(moment.now)


def unmatched(context: Context, caller: Principal, now: datetime) -> list[Unmatched]:
    """What belongs to no request yet, or never will, the oldest first. Raises NotAllowed."""
    check(caller, Scope.REVIEW)
    with context.store.read(caller.tenant) as look:
        found = look.held.unmatched(MOST)
    return [
        Unmatched(
            each.id,
            each.submitter,
            each.guide,
            each.tracking,
            each.member,
            each.providers,
            each.received_at,
            each.expires_at,
            each.expires_at <= now,
        )
        for each in found
    ]
