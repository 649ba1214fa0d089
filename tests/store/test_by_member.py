"""Cases are found by member number alike on both databases, without reading all cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from app.clock import uuid7
from app.domain.case import Case, CaseState
from app.domain.event import Event, EventKind
from app.domain.values import Identifier
from app.store import Candidate, CaseItem, Listed, Store
from tests.store.test_overdue import DUE, a_case

ITEM = CaseItem(
    1,
    "https://example.org/codes",
    "E1390",
    authorization_number="FA-2",
    starts=date(2026, 12, 1),
    rendering_npis=("1900005004",),
    traces=(Identifier("https://example.org/trace", "IT-1"),),
)


def add(store: Store, members: Sequence[str], tenant: str = "demo") -> Case:
    case = a_case(CaseState.DECIDED, None)
    with store.write(tenant) as work:
        received = Event(uuid7(), case.id, EventKind.RECEIVED, DUE, "machine", {})
        work.cases.add(case, [ITEM], received, members)
    return case


def found(store: Store, *keys: str, tenant: str = "demo") -> list[Candidate]:
    with store.read(tenant) as look:
        return list(look.cases.of_members(keys))


def test_the_newest_case_comes_first_and_each_once(store: Store) -> None:
    first = add(store, ["FW1", "SUB1"])
    add(store, ["FW2"])
    last = add(store, ["FW1", "FW1"])
    assert [each.case.id for each in found(store, "FW1", "SUB1")] == [last.id, first.id]
    assert found(store, "FW3") == found(store) == []


def test_a_candidate_has_its_items_and_every_number_that_leads_to_it(store: Store) -> None:
    case = add(store, ["FW1"])
    (candidate,) = found(store, "FW1")
    (item,) = candidate.items
    assert (item.service_code, item.rendering_npis) == ("E1390", ("1900005004",))
    assert candidate.numbers == {(0, case.number), (1, "FA-2"), (1, "IT-1")}


def test_a_case_without_members_and_one_of_another_tenant_are_not_found(store: Store) -> None:
    add(store, [])
    add(store, ["FW1"], tenant="another")
    assert found(store, "FW1") == []


def test_more_cases_than_are_looked_up_at_once_are_all_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.cases._MOST_AT_ONCE", 2)
    ids = [add(store, ["FW1"]).id for _ in range(5)]
    assert [each.case.id for each in found(store, "FW1")] == sorted(ids, reverse=True)
    assert all(each.items and each.numbers for each in found(store, "FW1"))


def test_no_table_is_read_whole(store: Store) -> None:
    """Each statement of a look-up searches an index, as SQLite plans it."""
    if not store.engines.is_sqlite:
        pytest.skip("PostgreSQL reads a small table whole, and is right to")
    add(store, ["FW1"])
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, sql: str, values: Any, *_more: object) -> None:
        asked.append((sql, values))

    listen(store.engines.read, "before_cursor_execute", note)
    found(store, "FW1")
    remove(store.engines.read, "before_cursor_execute", note)
    assert len(asked) == 3
    with store.engines.read.connect() as connection:
        for sql, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            assert not [step for step in plan if str(step[3]).startswith("SCAN")], plan


def test_the_way_through_old_cases_meets_each_member_number_once(store: Store) -> None:
    """Paged by member number and case; not what waits, not what is newer."""
    known = [add(store, ["FW1", "SUB1"]), add(store, ["FW1"])]
    add(store, ["FW1"], tenant="another")
    waiting = a_case(CaseState.IN_REVIEW, DUE)
    with store.write("demo") as work:
        received = Event(uuid7(), waiting.id, EventKind.RECEIVED, DUE, "machine", {})
        work.cases.add(waiting, [ITEM], received, ["FW1"])
    now, met = datetime.now(UTC) + timedelta(seconds=5), list[Listed]()
    with store.read("demo") as look:
        while page := look.cases.past(now, met[-1] if met else None, 2):
            met += page
        assert look.cases.past(now - timedelta(days=1), None, 9) == ()
    assert sorted((each.key, each.case_id) for each in met) == sorted(
        [("FW1", known[0].id), ("FW1", known[1].id), ("SUB1", known[0].id)]
    )
    assert {each.last_day for each in met} == {ITEM.starts}
