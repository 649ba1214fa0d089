"""What was held and found no request is told once, whoever asks, and only when its time is over."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.clock import uuid7
from app.domain.guide import Guide
from app.store import DocumentKind, Held, Store
from tests.store.made import NOW, TENANT


def held(store: Store, days: int) -> uuid.UUID:
    """A submission that waits for so many days."""
    name, made = uuid7(), uuid7()
    until = NOW + timedelta(days=days)
    with store.write(TENANT) as work:
        work.documents.put(name, b"{}", DocumentKind.RECEIVED, "application/json")
        work.held.put(
            Held(made, "ehr", Guide.V22, "T-1", "FW1", ("1",), name, {"sha256": "0"}, NOW, until)
        )
    return made


def test_each_is_reported_once_when_its_time_is_over(store: Store) -> None:
    first, second = held(store, 1), held(store, 9)
    reported = []
    for days in (0, 2, 2, 10):
        with store.write(TENANT) as work:
            reported.append(work.held.report(NOW + timedelta(days=days)))
    assert reported == [(), (first,), (), (second,)]
    with store.read(TENANT) as look:
        assert [each.id for each in look.held.unmatched(9)] == [first, second]
