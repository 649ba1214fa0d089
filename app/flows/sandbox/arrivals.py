"""The live view of a demo: what a submitter sent, over HTTP or from a page, and what became of it.

Kept in demo mode only, the newest few of each submitter. A failure to keep one is no failure of the
request. The access token of a hook call is struck out.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import orjson

from app.domain.principal import Principal
from app.errors import CouldNotAnswer, Issue, NotFound
from app.flows.context import Context
from app.store import Arrival


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it went: `path` without the server's address, `began` when it came."""

    path: str
    began: datetime
    status: int
    request: bytes
    answer: bytes
    refusals: Sequence[Issue] = ()


def note(context: Context, caller: Principal, exchange: Exchange) -> None:
    """Keep an exchange for the caller's live view."""
    moment = context.moment()
    took = moment.now - exchange.began
    arrival = Arrival(
        id=moment.new_id(),
        at=exchange.began,
        submitter=caller.id,
        path=exchange.path,
        status=exchange.status,
        milliseconds=max(0, round(took.total_seconds() * 1000)),
        refusals=tuple((e.severity, e.code, e.at, e.message) for e in exchange.refusals),
        request=_without_token(exchange.request),
        answer=exchange.answer,
    )
    with suppress(CouldNotAnswer), context.store.write(caller.tenant) as work:
        work.arrivals.add(arrival)
        work.arrivals.trim(caller.id)


def newest(context: Context, caller: Principal) -> Sequence[Arrival]:
    """What this caller sent, the newest first."""
    with context.store.read(caller.tenant) as look:
        return look.arrivals.newest(caller.id)


def one(context: Context, caller: Principal, name: str) -> Arrival:
    """One of them; raises NotFound, also for what somebody else sent."""
    with suppress(ValueError), context.store.read(caller.tenant) as look:
        found = look.arrivals.one(caller.id, uuid.UUID(name))
        if found is not None:
            return found
    raise NotFound("There is no such arrival, or no more.")


def _without_token(raw: bytes) -> bytes:
    """A hook call without its access token; nothing of one that cannot be read."""
    if b"access_token" not in raw:
        return raw
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return b""
    granted = document.get("fhirAuthorization") if isinstance(document, dict) else None
    if isinstance(granted, dict):
        granted.pop("access_token", None)
    return orjson.dumps(document) if b"access_token" not in orjson.dumps(document) else b""
