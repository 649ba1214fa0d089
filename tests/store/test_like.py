"""What SQL rules out of an inquiry is what the exact comparison would rule out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from app.clock import uuid7
from app.domain.case import CaseState
from app.domain.decision import Outcome
from app.domain.event import Event, EventKind
from app.domain.inquiry import Example, Inquiry
from app.domain.request import Person
from app.domain.values import Identifier, Period
from app.flows.inquiry_hits import is_like, may_see
from app.store import CaseItem, Store
from tests.store.test_overdue import DUE, a_case

CODES = "https://example.org/codes"
DAY = date(2026, 12, 1)
NPIS = ("1900002001", "1900005004", "19")
SERVICES = ("E1390", "E0601", "97_10", "%")
NUMBERS = ("FA-1", "FA-2", "IT-1")


def fill(store: Store, chance: random.Random) -> None:
    with store.write("demo") as work:
        for _ in range(60):
            case = a_case(CaseState.DECIDED, None)
            items = [
                CaseItem(
                    sequence,
                    CODES,
                    chance.choice(SERVICES),
                    outcome=chance.choice([Outcome.APPROVED, Outcome.DENIED, None]),
                    authorization_number=chance.choice(("", *NUMBERS[:2])),
                    starts=chance.choice((None, DAY)),
                    ends=chance.choice((None, DAY + timedelta(9))),
                    ordering_npis=tuple(chance.sample(NPIS, chance.randrange(2))),
                    rendering_npis=tuple(chance.sample(NPIS, chance.randrange(3))),
                    traces=(Identifier("", "IT-1"),) if chance.random() < 0.3 else (),
                )
                for sequence in range(1, chance.randrange(2, 4))
            ]
            received = Event(uuid7(), case.id, EventKind.RECEIVED, DUE, "machine", {})
            born = chance.choice((None, date(1948, 3, 14)))
            told = chance.choice((None, ["J44.9"], ["J44.9", "I10"], []))
            work.cases.add(case, items, received, ["FW1", "SUB1"], born, told)


def questions(chance: random.Random) -> Iterator[Inquiry]:
    def some(values: tuple[str, ...]) -> frozenset[str]:
        return frozenset(chance.sample(values, chance.randrange(len(values))))

    def days() -> Period | None:
        early, late = (chance.choice((None, DAY + timedelta(n))) for n in (-3, 3))
        return chance.choice((None, Period(early, late), Period(late, None), Period(None, early)))

    for _ in range(120):
        examples = [
            Example(
                frozenset((CODES, code) for code in some(SERVICES)),
                days(),
                tuple(frozenset({each}) for each in some(NUMBERS)),
                chance.choice((frozenset(), frozenset({Outcome.DENIED}))),
            )
            for _ in range(chance.randrange(3))
        ]
        yield Inquiry(
            person=Person(()),
            members=chance.choice((("FW1",), ("FW1", "SUB1"))),
            provider_npis=some(NPIS) | {"1900002001"},
            team_npis=some(NPIS),
            numbers=tuple(frozenset({each}) for each in some(NUMBERS[:2])),
            days=days(),
            examples=tuple(examples),
        )


def test_the_database_rules_out_only_what_is_not_asked_for(store: Store) -> None:
    chance = random.Random(7)
    fill(store, chance)
    with store.read("demo") as look:
        every = list(look.cases.of_members(["FW1"]))
        found_some = 0
        for asked in questions(chance):

            def right(candidates: Any, asked: Inquiry = asked) -> list[Any]:
                return [
                    each.case.id
                    for each in candidates
                    if may_see(asked, each) and is_like(asked, each)
                ]

            narrowed = list(look.cases.like(asked))
            assert right(narrowed) == right(every), asked
            found_some += 0 < len(narrowed) < len(every)
        assert found_some > 60


def test_birth_date_and_diagnoses_narrow_where_they_are_known(store: Store) -> None:
    fill(store, random.Random(8))
    person = Person((), birth_date=date(2001, 1, 1))
    asked = Inquiry(person, ("FW1",), frozenset(NPIS), diagnoses=frozenset({("s", "I1")}))
    with store.read("demo") as look:
        every, left = list(look.cases.of_members(["FW1"])), list(look.cases.like(asked))
    assert 0 < len(left) < len(every) / 2


def test_every_page_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest first and each once, also when two member numbers lead to a case."""
    monkeypatch.setattr("app.store.cases.MOST_TOGETHER", 7)
    fill(store, random.Random(9))
    asked = Inquiry(Person(()), ("FW1", "SUB1"), frozenset({*NPIS, "9"}))
    with store.read("demo") as look:
        found = [each.case.id for each in look.cases.like(asked) if may_see(asked, each)]
        every = [c.case.id for c in look.cases.of_members(["FW1"]) if may_see(asked, c)]
    assert found == every


def test_no_table_is_read_whole(store: Store) -> None:
    """Each statement of a search uses an index, as SQLite plans it."""
    if not store.engines.is_sqlite:
        pytest.skip("PostgreSQL reads a small table whole, and is right to")
    chance = random.Random(7)
    fill(store, chance)
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, sql: str, values: Any, *_more: object) -> None:
        asked.append((sql, values))

    listen(store.engines.read, "before_cursor_execute", note)
    with store.read("demo") as look:
        for inquiry in questions(chance):
            list(look.cases.like(inquiry))
    remove(store.engines.read, "before_cursor_execute", note)
    with store.engines.read.connect() as connection:
        for sql, values in asked[:60]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            scanned = {str(step[3]) for step in plan if str(step[3]).startswith("SCAN")}
            assert scanned <= {"SCAN found"}, plan  # what the search itself has found, a page of it
