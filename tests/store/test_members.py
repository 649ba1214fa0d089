"""The member store finds whom a number names, and takes in only what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.determine.eligibility import number_key
from app.domain.coverage import LineOfBusiness, Plan, Used
from app.domain.roster import CoverageEntry, Entry, PayerEntry, PersonEntry
from app.domain.values import Identifier, Period
from app.errors import Unavailable
from app.store import Store
from app.store.member_rows import prepare
from app.store.members import AT_ONCE, FIND, Change

PLANS = {"P1": Plan("P1", "One", "us", LineOfBusiness.COMMERCIAL)}
US = PayerEntry("Organization/us", "Us", (Identifier("npi", "1900001003"),))
ROSA = PersonEntry(
    "Patient/1",
    "Delgado",
    "Rosa",
    date(1948, 3, 14),
    "female",
    "es",
    "OH",
    ("esrd", "hospice"),
    (Identifier("own", "A-1"),),
)
CARD = CoverageEntry(
    "Coverage/1",
    "Patient/1",
    "P1",
    Period(date(2024, 1, 1), None),
    "Organization/us",
    "C1",
    (Identifier("card", "C1"),),
    "S1",
    True,
    "G1",
    2,
    (Used("visits", Decimal("12.50"), 2026),),
)


def take(store: Store, *entries: Entry) -> Counter[Change]:
    """As the import does: compare, then store what is new."""
    total: Counter[Change] = Counter()
    for entry in entries:
        with store.write("demo") as work:
            row = prepare(entry)
            changes = work.members.compare(type(entry), [row])
            if Change.UNCHANGED not in changes.values():
                work.members.put(type(entry), [row])
            total.update(changes.values())
    return total


@pytest.fixture
def stocked(store: Store) -> Store:
    for entry in (US, ROSA, CARD):
        take(store, entry)
    return store


def find(store: Store, *keys: str, tenant: str = "demo") -> list[str]:
    with store.read(tenant) as look:
        return [row.coverage.member_id for row in look.members.find(keys, PLANS.get)[0]]


def test_everything_about_a_member_comes_back(stocked: Store) -> None:
    with stocked.read("demo") as look:
        (row,), _ = look.members.find(["C1"], PLANS.get)
        (payer,) = look.members.payers()
    assert payer.identifiers == US.identifiers and payer.name == "Us"
    assert (row.person, row.group, row.order) == ("Patient/1", "G1", 2)
    assert row.numbers == (Identifier("own", "A-1"), Identifier("card", "C1"))
    one = row.coverage
    assert (one.member_id, one.plan, one.period) == ("C1", PLANS["P1"], CARD.period)
    assert (one.family, one.given, one.birth_date, one.gender) == (
        "Delgado",
        "Rosa",
        date(1948, 3, 14),
        "female",
    )
    assert (one.language, one.state, one.dependent, one.subscriber_id) == ("es", "OH", True, "S1")
    assert one.tags == {"esrd", "hospice"} and one.used == CARD.used
    assert one.details == {"group": "G1"}


@pytest.mark.parametrize("number", ["C1", "c-1", "S1", "A1", "a 1"])
def test_each_number_of_a_member_finds_it_in_any_writing(stocked: Store, number: str) -> None:
    assert find(stocked, number_key(number)) == ["C1"]


def test_other_numbers_other_tenants_and_no_numbers_find_nobody(stocked: Store) -> None:
    assert find(stocked, "X") == find(stocked) == find(stocked, "") == []
    assert find(stocked, "C1", tenant="other") == []


def test_many_numbers_are_asked_at_once_and_a_row_comes_once(stocked: Store) -> None:
    assert find(stocked, "C1", "S1", *[f"X{n}" for n in range(3 * AT_ONCE)], "A1") == ["C1"]


def test_a_plan_that_the_rulebook_lost_is_no_no(stocked: Store) -> None:
    """Without its plan a member cannot be judged; that is our fault, not the member's."""
    with stocked.read("demo") as look, pytest.raises(Unavailable, match="P1"):
        look.members.find(["C1"], {}.get)


@pytest.mark.parametrize("entry", [US, ROSA, CARD])
def test_the_same_entry_twice_changes_nothing(stocked: Store, entry: Entry) -> None:
    assert take(stocked, entry) == {Change.UNCHANGED: 1}


@pytest.mark.parametrize(
    ("entry", "was", "becomes"),
    [
        (replace(CARD, member_id="C2", numbers=(Identifier("card", "C2"),)), "C1", "C2"),
        (replace(CARD, subscriber_id="S2"), "S1", "S2"),
        (replace(ROSA, numbers=(Identifier("own", "B1"),)), "A1", "B1"),
    ],
)
def test_a_changed_entry_takes_its_old_numbers_along(
    stocked: Store, entry: Entry, was: str, becomes: str
) -> None:
    assert take(stocked, entry) == {Change.CHANGED: 1}
    assert find(stocked, was) == [] and len(find(stocked, becomes)) == 1


def test_a_changed_person_changes_under_every_coverage(stocked: Store) -> None:
    take(stocked, replace(CARD, ref="Coverage/2"))
    take(stocked, replace(ROSA, family="Diaz"))
    with stocked.read("demo") as look:
        rows, _ = look.members.find(["C1"], PLANS.get)
    assert [row.coverage.family for row in rows] == ["Diaz", "Diaz"]


def test_a_coverage_can_move_to_another_person(stocked: Store) -> None:
    take(stocked, replace(ROSA, ref="Patient/2", numbers=()))
    assert take(stocked, replace(CARD, person="Patient/2")) == {Change.CHANGED: 1}
    with stocked.read("demo") as look:
        (row,), _ = look.members.find(["C1"], PLANS.get)
    assert row.person == "Patient/2"


def test_a_withdrawn_coverage_is_gone_with_its_numbers(stocked: Store) -> None:
    gone = CoverageEntry("Coverage/1", "", "", Period(), withdrawn=True)
    assert take(stocked, gone) == {Change.WITHDRAWN: 1}
    assert take(stocked, gone) == {Change.UNCHANGED: 1}
    assert find(stocked, "C1") == find(stocked, "A1") == []


def test_nothing_is_taken_when_the_block_fails(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write("demo") as work:
        work.members.put(PersonEntry, [prepare(ROSA)])
        work.members.put(CoverageEntry, [prepare(CARD)])
        raise ZeroDivisionError
    with store.read("demo") as look:
        assert look.members.is_empty() and look.members.known(PersonEntry, ["Patient/1"]) == {}


def test_a_row_that_came_in_meanwhile_is_replaced(stocked: Store) -> None:
    """Two imports at once: the later one wins, whole."""
    with stocked.write("demo") as work:
        work.members.put(PersonEntry, [prepare(replace(ROSA, family="Diaz"))])
    with stocked.read("demo") as look:
        (row,), _ = look.members.find(["C1"], PLANS.get)
    assert row.coverage.family == "Diaz"


def test_a_new_store_is_empty(store: Store) -> None:
    with store.read("demo") as look:
        assert look.members.is_empty() and look.members.payers() == ()


def test_a_persons_own_number_is_known(stocked: Store) -> None:
    take(stocked, replace(ROSA, ref="Patient/2", numbers=()))
    with stocked.read("demo") as look:
        own: Callable[[str], str] = look.members.own_number
        assert [own(f"Patient/{n}") for n in (1, 2, 3)] == ["A-1", "", ""]


def test_the_look_up_uses_the_indexes(store: Store) -> None:
    """SQLite, which has no statistics, must not read every coverage of the payer."""
    if not store.engines.is_sqlite:
        pytest.skip("PostgreSQL plans by its statistics")
    compiled = str(FIND.compile(store.engines.read, compile_kwargs={"render_postcompile": True}))
    with store.engines.read.connect() as connection:
        marks = compiled.count("?")
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ("x",) * marks).all()
    plan = [str(row[-1]) for row in rows]
    assert any("coverages" in line and "person=?" in line for line in plan), plan
    assert any("member_numbers_tenant_key_person_idx" in line for line in plan), plan
