"""Hook calls as they were recorded, and the trail of names that leads to calls and cases."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select, update

from app.domain.crd import Guidance
from app.domain.guide import Guide
from app.sealed import sealed
from app.store.link import ReadLink, WriteLink
from app.store.tables import documents, hook_calls, trail
from app.store.types import first_key, key_text

_COLUMNS = tuple(column for column in hook_calls.c if column.name != "tenant")
_NAMED = (
    select(*_COLUMNS)
    .join_from(
        trail,
        hook_calls,
        (hook_calls.c.tenant == trail.c.tenant) & (hook_calls.c.id == trail.c.id),
    )
    .where(
        trail.c.tenant == bindparam("tenant"),
        trail.c.name == bindparam("name"),
        trail.c.kind == bindparam("kind"),
    )
    .order_by(hook_calls.c.id)
)
_CASES = (
    select(trail.c.id)
    .where(
        trail.c.tenant == bindparam("tenant"),
        trail.c.name == bindparam("name"),
        trail.c.kind == "case",
    )
    .order_by(trail.c.id)
)
_SINCE = (
    select(*_COLUMNS)
    .where(
        hook_calls.c.tenant == bindparam("tenant"),
        hook_calls.c.at >= bindparam("since"),
        hook_calls.c.id > bindparam("after"),
    )
    .order_by(hook_calls.c.id)
    .limit(bindparam("most"))
)


@sealed(frozen=True, slots=True)
class HookCall:
    """One call: when it came, how long it took, what was answered; `record` after the metric model.

    `request`, `answer` and `fetched` (what the EHR was asked for besides) name the stored documents,
    None where there is nothing to keep, or nothing any more. `guidance` is by what each line was judged.
    """

    id: uuid.UUID
    at: datetime
    guide: Guide
    hook: str
    milliseconds: int
    status: int
    record: Mapping[str, Any]
    request: uuid.UUID | None = None
    answer: uuid.UUID | None = None
    fetched: uuid.UUID | None = None
    guidance: tuple[Guidance, ...] = ()


class HookCalls:
    """Finds calls and what the trail leads to."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def named(self, name: str) -> tuple[HookCall, ...]:
        """The calls in which this order, assertion or number occurs, in the order of their time."""
        rows = self._link.quickly(_NAMED, {"name": key_text(name), "kind": "call"})
        return tuple(_call(row) for row in rows)

    def cases(self, name: str) -> tuple[uuid.UUID, ...]:
        """The cases that were opened under this name."""
        return tuple(row.id for row in self._link.fetch(_CASES, {"name": key_text(name)}))

    def since(self, since: datetime, after: uuid.UUID, most: int) -> tuple[HookCall, ...]:
        """At most `most` calls from `since` on, in the order of their ids, which are after `after`."""
        rows = self._link.fetch(_SINCE, {"since": since, "after": after, "most": most})
        return tuple(_call(row) for row in rows)


class HookCallWriter(HookCalls):
    """Finds and records calls."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def add(self, call: HookCall, names: Iterable[str]) -> None:
        """Record a call under its names; its documents are stored in the same transaction."""
        self._write.add(
            hook_calls,
            {
                "id": call.id,
                "at": call.at,
                "guide": call.guide.value,
                "hook": call.hook,
                "milliseconds": call.milliseconds,
                "status": call.status,
                "record": orjson.dumps(call.record).decode(),
                "request": call.request,
                "answer": call.answer,
                "fetched": call.fetched,
                "guidance": orjson.dumps(call.guidance).decode(),
            },
        )
        self._lead(names, "call", call.id)

    def lead_to_case(self, names: Iterable[str], case_id: uuid.UUID) -> None:
        """Have these names lead to a case."""
        self._lead(names, "case", case_id)

    def forget_contexts(self, before: datetime, most: int) -> int:
        """Delete what at most `most` calls before this instant read from the EHR; how many had any."""
        rows = self._write.change(
            select(hook_calls.c.id, hook_calls.c.fetched)
            .where(
                hook_calls.c.tenant == self._write.tenant,
                hook_calls.c.at < before,
                hook_calls.c.fetched.is_not(None),
            )
            .limit(most)
        )
        self._write.change(
            update(hook_calls)
            .where(
                hook_calls.c.tenant == self._write.tenant,
                hook_calls.c.id.in_([row.id for row in rows]),
            )
            .values(fetched=None)
            .returning(hook_calls.c.id)
        )
        self._forget_documents([row.fetched for row in rows])
        return len(rows)

    def forget(self, before: datetime, most: int) -> int:
        """Delete at most `most` calls before this instant with all that is kept of them; how many."""
        own = hook_calls.c.tenant == self._write.tenant
        oldest = select(hook_calls.c.id).where(own, hook_calls.c.at < before).limit(most)
        ids = [row.id for row in self._write.change(oldest)]
        gone = delete(hook_calls).where(own, hook_calls.c.id.in_(ids))
        rows = self._write.change(
            gone.returning(hook_calls.c.request, hook_calls.c.answer, hook_calls.c.fetched)
        )
        self._forget_documents([each for row in rows for each in row if each is not None])
        return len(rows)

    def forget_names(self, before: datetime) -> None:
        """Delete the names that lead to calls before this instant, which are gone."""
        last = first_key(before)
        self._write.change(
            delete(trail)
            .where(trail.c.tenant == self._write.tenant, trail.c.kind == "call", trail.c.id < last)
            .returning(trail.c.id)
        )

    def _forget_documents(self, ids: Sequence[uuid.UUID]) -> None:
        own = documents.c.tenant == self._write.tenant
        self._write.change(
            delete(documents).where(own, documents.c.id.in_(ids)).returning(documents.c.id)
        )

    def _lead(self, names: Iterable[str], kind: str, target: uuid.UUID) -> None:
        for name in dict.fromkeys([key_text(name) for name in names if name]):
            self._write.add(trail, {"name": name, "kind": kind, "id": target})


def _call(row: Any) -> HookCall:
    return HookCall(
        row.id,
        row.at,
        Guide(row.guide),
        row.hook,
        row.milliseconds,
        row.status,
        orjson.loads(row.record),
        row.request,
        row.answer,
        row.fetched,
        tuple(_guidance(each) for each in orjson.loads(row.guidance)),
    )


def _guidance(kept: dict[str, Any]) -> Guidance:
    day = date.fromisoformat(kept.pop("day"))
    return Guidance(**kept | {"codes": tuple(kept["codes"])}, day=day)
