"""Hook calls are kept as long as the settings say, and what they read from the EHR a shorter time."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.clock import uuid7
from app.domain.crd import Guidance
from app.domain.guide import Guide
from app.flows import prune as pruning
from app.flows.prune import Keep, Pruned, prune
from app.store import CardFeedback, DocumentKind, HookCall, Store
from tests.store.made import NOW, TENANT

KEEP = Keep(record=100, context=10)


def recorded(store: Store, days: int) -> HookCall:
    """A call `days` ago that read something from the EHR."""
    at = NOW - timedelta(days=days)
    key = uuid.UUID(int=(int(at.timestamp() * 1000) << 80) | uuid7().int & ((1 << 80) - 1))
    told = Guidance("key", "ServiceRequest/1", ("s|c",), "p", "1", "0" * 64, at.date())
    names = [uuid.uuid4() for _ in range(3)]
    call = HookCall(key, at, Guide.V22, "order-sign", 5, 200, {}, *names, (told,))
    with store.write(TENANT) as work:
        for name, kind in zip(names, ("received", "sent", "received"), strict=True):
            work.documents.put(name, b"{}", DocumentKind(kind), "application/json")
        work.hooks.add(call, ["ServiceRequest/1"])
        work.feedback.add(CardFeedback(uuid7(), at, "order-sign", f"card-{days}", "accepted"))
    return call


def test_what_is_too_old_is_gone_and_the_rest_stays(store: Store, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(pruning, "BATCH", 2)
    old = [recorded(store, days) for days in (101, 102, 103)]
    middle, fresh = recorded(store, 11), recorded(store, 9)
    assert prune(store, TENANT, KEEP, NOW) == Pruned(contexts=1, calls=3)
    assert prune(store, TENANT, KEEP, NOW) == Pruned(0, 0)
    with store.read(TENANT) as look:
        kept = look.hooks.named("ServiceRequest/1")
        gone = [name for call in old for name in (call.request, call.answer, call.fetched)]
        assert all(look.documents.get(name) is None for name in [*gone, middle.fetched] if name)
        assert all(look.documents.get(n) for n in (middle.request, fresh.fetched) if n)
        assert [look.feedback.of(f"card-{days}") != () for days in (101, 11)] == [False, True]
    assert [call.id for call in kept] == [middle.id, fresh.id]
    assert [call.fetched for call in kept] == [None, fresh.fetched]
    assert kept[0].guidance == middle.guidance
    with store.engines.read.connect() as link:
        assert link.exec_driver_sql("SELECT count(*) FROM trail").scalar() == 2
