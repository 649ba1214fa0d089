"""What is kept of hook calls ends: first what they read from the EHR, much later the whole record.

CRD 2.2.1 sec-6 lets data be kept for audit and as the context of DTR alone, found-11 and found-37 want
guidance and calls on record. Metrics end with the record that they are part of.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from app.sealed import sealed
from app.store import Store, Write

BATCH = 200
"""Calls in one transaction, so that nobody waits long for the only writer of SQLite."""


@sealed(frozen=True, slots=True)
class Keep:
    """For how many days: the record of a call, and what it read from the EHR."""

    record: int
    context: int


@sealed(frozen=True, slots=True)
class Pruned:
    """How many calls lost what they had read, and how many are gone."""

    contexts: int
    calls: int


def prune(store: Store, tenant: str, keep: Keep, now: datetime) -> Pruned:
    """Delete what is older than `keep` says. Raises Unavailable; what was deleted stays so."""
    context, record = now - timedelta(days=keep.context), now - timedelta(days=keep.record)
    calls = _until_none(store, tenant, lambda work: work.hooks.forget(record, BATCH))
    if calls:
        with store.write(tenant) as work:
            work.hooks.forget_names(record)
            work.feedback.forget(record)
    contexts = _until_none(store, tenant, lambda work: work.hooks.forget_contexts(context, BATCH))
    return Pruned(contexts, calls)


def _until_none(store: Store, tenant: str, forget: Callable[[Write], int]) -> int:
    count = 0
    while True:
        with store.write(tenant) as work:
            gone = forget(work)
        count += gone
        if gone < BATCH:
            return count
