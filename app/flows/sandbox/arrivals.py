"""The live view of a demo: what a submitter sent, over HTTP or from a page, and what became of it.

Kept in demo mode only, the newest few of each submitter. A failure to keep one is no failure of the
request, and keeping is no part of its time: what arrives waits in a `Notepad` until it is written down
with others. The access token of a hook call is struck out.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock

import orjson

from app.clock import Moment
from app.domain.principal import Principal
from app.errors import CouldNotAnswer, Issue, NotFound
from app.flows.context import Context
from app.sealed import sealed
from app.store import Arrival


@sealed(frozen=True, slots=True)
class Exchange:
    """One request as it went: `path` without the server's address, `began` when it came."""

    path: str
    began: datetime
    status: int
    request: bytes
    answer: bytes
    refusals: Sequence[Issue] = ()


AT_ONCE = 25
"""Arrivals that wait to be written down; of more only the newest are kept."""


@sealed(frozen=True, slots=True)
class _Noted:
    caller: Principal
    exchange: Exchange
    moment: Moment


class Notepad:
    """Arrivals of one process that wait to be written down."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._later: Callable[[], None] = _nothing
        self._waiting: deque[_Noted] = deque(maxlen=AT_ONCE)
        self._one_at_a_time = Lock()

    def when_waiting(self, call: Callable[[], None]) -> None:
        """Have `call` made when a first one waits; it has to see that `keep` is called."""
        self._later = call

    def note(self, caller: Principal, exchange: Exchange) -> None:
        """Have an exchange kept soon."""
        noted = _Noted(caller, exchange, self._context.moment())
        with self._one_at_a_time:
            first = not self._waiting
            self._waiting.append(noted)
        if first:
            self._later()

    def keep(self) -> None:
        """Write down what waits."""
        with self._one_at_a_time:
            noted = list(self._waiting)
            self._waiting.clear()
        for tenant in {each.caller.tenant for each in noted}:
            own = [each for each in noted if each.caller.tenant == tenant]
            with suppress(CouldNotAnswer), self._context.store.write(tenant) as work:
                for each in own:
                    work.arrivals.add(_arrival(each))
                for submitter in {each.caller.id for each in own}:
                    work.arrivals.trim(submitter)


def _nothing() -> None:
    """Nobody wants to know."""


def note(context: Context, caller: Principal, exchange: Exchange) -> None:
    """Keep an exchange for the caller's live view, at once."""
    pad = Notepad(context)
    pad.note(caller, exchange)
    pad.keep()


def _arrival(noted: _Noted) -> Arrival:
    exchange, moment = noted.exchange, noted.moment
    took = moment.now - exchange.began
    return Arrival(
        id=moment.new_id(),
        at=exchange.began,
        submitter=noted.caller.id,
        path=exchange.path,
        status=exchange.status,
        milliseconds=max(0, round(took.total_seconds() * 1000)),
        refusals=tuple((e.severity, e.code, e.at, e.message) for e in exchange.refusals),
        request=_without_token(exchange.request),
        answer=exchange.answer,
    )


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
