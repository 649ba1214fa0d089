"""The record of a hook call on each kind of database: found, counted, told as a story, honoured."""

from __future__ import annotations

import pytest

from app.domain.guide import Guide
from app.flows.hook_metrics import Wanted, measures, records
from app.flows.prune import Keep, Pruned, prune
from app.flows.trace import trace
from tests.spec.crd.asking import ask, call, only
from tests.spec.crd.test_honoured import submitted, what_if
from tests.world import NOW, World, actions


@pytest.mark.parametrize("guide", list(Guide))
def test_the_trail_goes_from_hook_to_case(worlds: World, guide: Guide) -> None:
    store, tenant = worlds.context.store, worlds.context.settings.tenant
    (key,) = only(ask(worlds, what_if(guide), guide))["coverage-assertion-id"]
    assert actions(worlds.answer(submitted(guide, key), guide)) == {1: "A1"}
    granted = only(ask(worlds, call("order-sign-granted", guide), guide))
    (number,) = granted["satisfied-pa-id"]

    found = trace(store, tenant, key)
    assert [step.call.hook for step in found.steps] == ["order-sign"]
    assert len(found.cases) == 1 and found.steps[0].told[0].assertion == key
    assert trace(store, tenant, number).steps
    (sign,) = measures(store, tenant, Wanted(NOW)).values()
    assert (sign.calls, sign.orders, sign.needed["satisfied"]) == (2, 2, 1)
    assert len(list(records(store, tenant, "https://p.example", Wanted(NOW)))) == 2
    assert prune(store, tenant, Keep(1, 1), NOW) == Pruned(0, 0)
