"""The append-only log. Triggers refuse to change or remove a line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from app.domain.event import Event, EventKind
from app.sealed import sealed
from app.store.codec import encode
from app.store.link import ReadLink, WriteLink
from app.store.tables import events

_OF_CASE = (
    select(events.c.id, events.c.case_id, events.c.kind, events.c.at, events.c.actor, events.c.data)
    .where(events.c.tenant == bindparam("tenant"), events.c.case_id == bindparam("case_id"))
    .order_by(events.c.sequence)
)

_HOLDING = (
    select(events.c.case_id, events.c.kind, events.c.actor)
    .where(
        events.c.tenant == bindparam("tenant"),
        events.c.case_id.in_(bindparam("ids", expanding=True)),
        events.c.kind.in_([EventKind.TAKEN.value, EventKind.RELEASED.value]),
    )
    .order_by(events.c.case_id, events.c.sequence)
)

_ESCALATED = (
    select(events.c.case_id)
    .where(
        events.c.tenant == bindparam("tenant"),
        events.c.case_id.in_(bindparam("ids", expanding=True)),
        events.c.kind == EventKind.ESCALATED.value,
    )
    .distinct()
)

_PAPERS = (
    select(events.c.case_id, events.c.kind, events.c.at, events.c.data)
    .where(
        events.c.tenant == bindparam("tenant"),
        events.c.case_id.in_(bindparam("ids", expanding=True)),
        events.c.kind.in_([EventKind.RECEIVED.value, EventKind.ANSWERED.value]),
    )
    .order_by(events.c.case_id, events.c.sequence)
)

_NEXT = (
    "INSERT INTO events (tenant, case_id, sequence, id, kind, at, actor, data) "
    "SELECT ?, ?, COALESCE(MAX(sequence), 0) + 1, ?, ?, ?, ?, ? "
    "FROM events WHERE tenant = ? AND case_id = ?"
)


@sealed(frozen=True, slots=True)
class Papers:
    """Keys of the documents of a case, when it was answered, and what was noted of its request."""

    received: uuid.UUID
    answered: uuid.UUID
    at: datetime
    noted: Mapping[str, object]


class Events:
    """Reads the log."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def of(self, case_id: uuid.UUID) -> tuple[Event, ...]:
        """All events of a case, in the order in which they were stored."""
        return tuple(
            Event(
                row.id, row.case_id, EventKind(row.kind), row.at, row.actor, orjson.loads(row.data)
            )
            for row in self._link.fetch(_OF_CASE, {"case_id": case_id})
        )

    def papers(self, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Papers]:
        """Of each of these cases the request and the answer in force."""
        found: dict[uuid.UUID, dict[str, Any]] = {}
        for row in self._link.fetch(_PAPERS, {"ids": list(case_ids)}):
            found.setdefault(row.case_id, {})[row.kind] = row
        return {case_id: _papers(rows) for case_id, rows in found.items() if len(rows) == 2}

    def holders(self, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Who has taken each of these cases and not given it back."""
        found: dict[uuid.UUID, str] = {}
        for row in self._link.fetch(_HOLDING, {"ids": list(case_ids)}):
            found[row.case_id] = row.actor if row.kind == EventKind.TAKEN.value else ""
        return {case_id: actor for case_id, actor in found.items() if actor}

    def escalated(self, case_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Which of these cases have missed a deadline."""
        rows = self._link.fetch(_ESCALATED, {"ids": list(case_ids)})
        return frozenset(row.case_id for row in rows)


class EventWriter(Events):
    """Reads and extends the log."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link
        self._new: dict[uuid.UUID, count[int]] = {}

    def open(self, case_id: uuid.UUID) -> None:
        """From here on in this transaction, `case_id` is a new case: its log starts at 1."""
        self._new[case_id] = count(1)

    def append(self, event: Event) -> None:
        """Add one event at the end of its case's log."""
        data = encode(event.data).decode()
        numbers = self._new.get(event.case_id)
        if numbers is None:
            tenant, case_id = self._write.tenant, event.case_id
            kind = event.kind.value
            self._write.turn(case_id)
            self._write.after(
                _NEXT, tenant, case_id, event.id, kind, event.at, event.actor, data, tenant, case_id
            )
            return
        self._write.add(
            events,
            {
                "case_id": event.case_id,
                "sequence": next(numbers),
                "id": event.id,
                "kind": event.kind.value,
                "at": event.at,
                "actor": event.actor,
                "data": data,
            },
        )


def _papers(rows: Mapping[str, Any]) -> Papers:
    received, answered = rows[EventKind.RECEIVED.value], rows[EventKind.ANSWERED.value]
    noted = orjson.loads(received.data)
    answer = orjson.loads(answered.data)["document"]
    return Papers(uuid.UUID(noted["document"]), uuid.UUID(answer), answered.at, noted)
