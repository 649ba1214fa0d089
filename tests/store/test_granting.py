"""Which earlier authorizations of a member may cover a service, without reading all of them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.event import Event, EventKind
from app.domain.values import Coding, Concept
from app.store import Store
from app.store import decisions as stored
from tests.store.made import NOW, TENANT, Filing, coverage, filing

LATER = NOW + timedelta(hours=1)


def granted(code: str) -> Filing:
    """A case that grants this code."""
    made = filing()
    item = made.decision.items[0]
    assert item.grant
    grant = replace(item.grant, service=Concept((Coding("http://hcpcs", code),)))
    decision = replace(made.decision, items=(replace(item, grant=grant),))
    return replace(made, decision=decision)


def put(store: Store, *filings: Filing) -> None:
    for each in filings:
        with store.write(TENANT) as work:
            each.store(work)


def test_only_decisions_that_name_a_code_are_read_newest_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PAGE", 2)
    first, other, last = granted("E1390"), granted("E0250"), granted("E1390")
    put(store, first, other, last)
    with store.read(TENANT) as look:
        found = list(look.decisions.granting("FW100001", LATER, ["e1390"]))
        nobody = list(look.decisions.granting("FW100002", LATER, ["E1390"]))
        before = list(look.decisions.granting("FW100001", NOW - timedelta(1), ["E1390"]))
    assert found == [last.decision, first.decision]
    assert nobody == before == []


def test_a_decision_that_was_replaced_grants_nothing_any_more(store: Store) -> None:
    made = granted("E1390")
    put(store, made)
    withdrawn = replace(
        made.decision,
        items=(replace(made.decision.items[0], grant=None),),
        made_at=NOW + timedelta(minutes=1),
    )
    with store.write(TENANT) as work:
        event = Event(uuid.uuid4(), made.case.id, EventKind.DECIDED, LATER, "machine", {})
        work.decisions.add(uuid.UUID(int=(1 << 128) - 2), withdrawn, coverage(), event)
    with store.read(TENANT) as look:
        assert list(look.decisions.granting("FW100001", LATER, ["E1390"])) == []
