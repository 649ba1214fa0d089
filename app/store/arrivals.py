"""What arrived in a demo, for the eyes of who sent it: the newest few, whatever became of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, delete, select

from app.sealed import sealed
from app.store.compression import pack, unpack
from app.store.link import ReadLink, WriteLink
from app.store.tables import arrivals

KEPT = 100
"""Arrivals of one submitter that are kept; older ones go when a new one comes."""

_OWN = (
    (arrivals.c.tenant == bindparam("tenant")) & (arrivals.c.submitter == bindparam("submitter"))
)  # fmt: skip
_NEWEST = (
    select(arrivals)
    .where(_OWN)
    .order_by(arrivals.c.at.desc(), arrivals.c.id.desc())
    .limit(bindparam("most"))
)
_TRIM = (
    "DELETE FROM arrivals WHERE tenant = ? AND submitter = ? AND id NOT IN (SELECT id FROM arrivals "
    "WHERE tenant = ? AND submitter = ? ORDER BY at DESC, id DESC LIMIT ?)"
)
_ONE = select(arrivals).where(_OWN, arrivals.c.id == bindparam("id"))


@sealed(frozen=True, slots=True)
class Arrival:
    """One request and its answer. `refusals` are (severity, code, place, message) of a refusal."""

    id: uuid.UUID
    at: datetime
    submitter: str
    path: str
    status: int
    milliseconds: int
    refusals: tuple[tuple[str, str, str, str], ...]
    request: bytes
    answer: bytes


class Arrivals:
    """Finds arrivals."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def newest(self, submitter: str, most: int = KEPT) -> Sequence[Arrival]:
        """The newest of a submitter first."""
        rows = self._link.fetch(_NEWEST, {"submitter": submitter, "most": most})
        return [_arrival(row) for row in rows]

    def one(self, submitter: str, name: uuid.UUID) -> Arrival | None:
        """An arrival of this submitter."""
        row = self._link.first(_ONE, {"submitter": submitter, "id": name})
        return _arrival(row) if row is not None else None


class ArrivalWriter(Arrivals):
    """Finds and keeps arrivals."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def add(self, arrival: Arrival) -> None:
        """Keep one."""
        dictionary, request = pack(arrival.request)
        _, answer = pack(arrival.answer)
        self._write.add(
            arrivals,
            {
                "submitter": arrival.submitter,
                "id": arrival.id,
                "at": arrival.at,
                "path": arrival.path,
                "status": arrival.status,
                "milliseconds": arrival.milliseconds,
                "refusals": orjson.dumps(arrival.refusals).decode(),
                "dictionary": dictionary,
                "request": request,
                "answer": answer,
            },
        )

    def trim(self, submitter: str) -> None:
        """Let go of all but the newest."""
        own = (self._write.tenant, submitter)
        self._write.after(_TRIM, *own, *own, KEPT)

    def forget(self) -> int:
        """Let go of everybody's; how many there were."""
        gone = delete(arrivals).where(arrivals.c.tenant == self._write.tenant)
        return len(self._write.change(gone.returning(arrivals.c.id)))


def _arrival(row: Row[Any]) -> Arrival:
    return Arrival(
        id=row.id,
        at=row.at,
        submitter=row.submitter,
        path=row.path,
        status=row.status,
        milliseconds=row.milliseconds,
        refusals=tuple(tuple(each) for each in orjson.loads(row.refusals)),
        request=unpack(row.dictionary, row.request),
        answer=unpack(row.dictionary, row.answer),
    )
