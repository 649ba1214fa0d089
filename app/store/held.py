"""Attachments that came before their request: kept until a request with their number comes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select, update

from app.domain.guide import Guide
from app.sealed import sealed
from app.store.link import ReadLink, WriteLink
from app.store.tables import held_attachments as held

_FOUND = select(held).where(
    held.c.tenant == bindparam("tenant"),
    held.c.submitter == bindparam("submitter"),
    held.c.tracking == bindparam("tracking"),
    held.c.guide == bindparam("guide"),
    held.c.case_id.is_(None),
    held.c.expires_at > bindparam("now", type_=held.c.expires_at.type),
)


_WAITING = (
    select(held)
    .where(held.c.tenant == bindparam("tenant"), held.c.case_id.is_(None))
    .order_by(held.c.id)
    .limit(bindparam("most"))
)


@sealed(frozen=True, slots=True)
class Held:
    """A submission of `submitter` under its own number `tracking`; `document` is all that it sent.

    `member` is the member's or patient's number and `providers` the NPIs, as they were sent; `told`
    is what the log of the case will say of it. After `expires_at` it is matched no more.
    """

    id: uuid.UUID
    submitter: str
    guide: Guide
    tracking: str
    member: str
    providers: tuple[str, ...]
    document: uuid.UUID
    told: Mapping[str, object]
    received_at: datetime
    expires_at: datetime


class HeldAttachments:
    """Finds what waits for its request."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def find(
        self, submitter: str, guide: Guide, tracking: Sequence[str], now: datetime
    ) -> tuple[Held, ...]:
        """What this submitter sent under one of these numbers and nothing was matched with, in the
        order in which it came.
        """
        asked = {"submitter": submitter, "guide": guide.value, "now": now}
        rows = [
            row
            for name in dict.fromkeys(tracking)
            for row in self._link.quickly(_FOUND, {**asked, "tracking": name})
        ]
        rows.sort(key=lambda row: row.id)
        return tuple(_held(row) for row in rows)

    def unmatched(self, most: int) -> tuple[Held, ...]:
        """What belongs to no case, the oldest first, whether its time is over or not."""
        return tuple(_held(row) for row in self._link.fetch(_WAITING, {"most": most}))


class HeldAttachmentWriter(HeldAttachments):
    """Keeps them, and notes which request they belong to."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def put(self, new: Held) -> None:
        """Keep one; its document has to be stored in the same block."""
        self._write.add(
            held,
            {
                "id": new.id,
                "submitter": new.submitter,
                "guide": new.guide.value,
                "tracking": new.tracking,
                "member": new.member,
                "providers": " ".join(new.providers),
                "document": new.document,
                "told": orjson.dumps(new.told).decode(),
                "received_at": new.received_at,
                "expires_at": new.expires_at,
                "case_id": None,
            },
        )

    def matched(self, id: uuid.UUID, case_id: uuid.UUID) -> bool:
        """Give one to a case; False when another request was faster."""
        given = (
            update(held)
            .where(held.c.tenant == self._write.tenant, held.c.id == id, held.c.case_id.is_(None))
            .values(case_id=case_id)
            .returning(held.c.id)
        )
        return bool(self._write.change(given))

    def report(self, now: datetime) -> tuple[uuid.UUID, ...]:
        """Note what found no case in its time. Of several who ask at once each learns of others."""
        noted = (
            update(held)
            .where(
                held.c.tenant == self._write.tenant,
                held.c.case_id.is_(None),
                held.c.reported_at.is_(None),
                held.c.expires_at <= now,
            )
            .values(reported_at=now)
            .returning(held.c.id)
        )
        return tuple(row.id for row in self._write.change(noted))


def _held(row: Any) -> Held:
    return Held(
        row.id,
        row.submitter,
        Guide(row.guide),
        row.tracking,
        row.member,
        tuple(row.providers.split()),
        row.document,
        orjson.loads(row.told),
        row.received_at,
        row.expires_at,
    )
