"""The quick way of a select gives what SQLAlchemy gives, on both databases."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from app.store import Store
from app.store.members import _PAYERS, FIND
from app.store.quick import quick
from app.store.submissions import _FIND
from app.store.tables import coverages, metadata

KEYS = {f"key{place}": "X" for place in range(8)}
CASES = [
    (_FIND, {"submitter": "someone", "transaction_key": b"k" * 32}),
    (FIND, KEYS),
    (_PAYERS, {}),
]


def fill(store: Store) -> None:
    """One row in each table that the hot path asks, foreign keys aside."""
    with store.engines.write.begin() as link:
        if store.engines.is_sqlite:
            link.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in (metadata.tables["payers"], metadata.tables["persons"], coverages):
            link.execute(table.insert(), {**_row(table), "tenant": "demo"})
        link.execute(
            metadata.tables["member_numbers"].insert(),
            {"tenant": "demo", "source": "p", "key": "X", "person": "x"},
        )


def _row(table) -> dict[str, object]:  # type: ignore[no-untyped-def]
    made: dict[str, object] = {}
    for column in table.columns:
        kind = column.type.python_type
        made[column.name] = {
            str: "x",
            int: 0,
            bytes: b"d" * 16,
            date: date(2026, 1, 2),
            uuid.UUID: uuid.UUID(int=7),
        }[kind]
    for name in ("identifiers", "numbers", "tags", "used"):
        if name in made:
            made[name] = "[]"
    return made


@pytest.mark.parametrize(("statement", "values"), CASES, ids=["submission", "members", "payers"])
def test_rows_are_the_same(store: Store, statement, values) -> None:  # type: ignore[no-untyped-def]
    fill(store)
    asked = {"tenant": "demo", **values}
    with store.engines.read.connect() as link:
        plain = [tuple(row) for row in link.execute(statement, asked)]
        driver = link.connection.driver_connection
        found = quick(statement, store.engines.read.dialect).run(driver, asked)
    assert [tuple(row) for row in found] == plain
    assert [row._fields for row in found] == [
        tuple(c.key for c in statement.selected_columns)
    ] * len(plain)
    if statement is not _FIND:
        assert plain
