"""Rows of many tables sent as few statements as can be: one INSERT per table, built once.

SQLAlchemy describes the tables and runs the reads. Its execution of nine small inserts costs more
than the database takes for them, so collected rows go to the driver's cursor directly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache
from itertools import chain, count
from typing import Any

from sqlalchemy import Date, Table

from app.store.tables import metadata
from app.store.types import Instant, Key, instant_text

Row = Mapping[str, Any]
Statement = tuple[str, tuple[Any, ...]]

MOST = 50
"""Rows in one statement: SQLite before 3.32 takes 999 parameters."""

MOST_VALUES = 5_000
"""Values in one statement of PostgreSQL, which takes 65,535 and plans each of them."""

_ORDER = {table.name: place for place, table in enumerate(metadata.sorted_tables)}


class Batch:
    """Rows in the order in which foreign keys allow them, whatever order they were added in."""

    def __init__(self, sqlite: bool, tenant: str) -> None:
        self._sqlite = sqlite
        self._tenant = tenant
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._late: list[Statement] = []

    def __bool__(self) -> bool:
        return bool(self._rows or self._late)

    def add(self, table: Table, row: Row) -> None:
        """Collect one row of the tenant; a column that `row` does not name is NULL."""
        values = _binder(table, self._sqlite)(self._tenant, row)
        rows = self._rows.get(table.name)
        if rows is None:
            self._rows[table.name] = [values]
        else:
            rows.append(values)

    def after(self, sql: str, *values: Any) -> None:
        """Collect a statement (with `?` marks) that runs after all rows."""
        marked = sql if self._sqlite else sql.replace("?", "%s")
        self._late.append(
            (marked, tuple(_plain(value) if self._sqlite else value for value in values))
        )

    def statements(self) -> list[Statement]:
        """What to execute, in this order; may be asked again when a transaction is repeated."""
        made: list[Statement] = []
        for name in sorted(self._rows, key=_ORDER.__getitem__):
            rows = self._rows[name]
            for start in range(0, len(rows), MOST):
                part = rows[start : start + MOST]
                values = part[0] if len(part) == 1 else tuple(chain.from_iterable(part))
                made.append((_insert(metadata.tables[name], len(part), self._sqlite), values))
        return made + self._late

    def together(self) -> Statement | None:
        """All rows as one statement with `$1` marks (PostgreSQL), so that it is a transaction itself.

        None when there is something to run after them, or when it would be too long.
        """
        shape = tuple(
            (name, len(self._rows[name])) for name in sorted(self._rows, key=_ORDER.__getitem__)
        )
        values = tuple(chain.from_iterable(row for name, _ in shape for row in self._rows[name]))
        return None if self._late or len(values) > MOST_VALUES else (_together(shape), values)

    def clear(self) -> None:
        """Forget what was sent."""
        self._rows.clear()
        self._late.clear()


def _plain(value: Any) -> Any:
    """A value as SQLite keeps it, by its Python type."""
    if hasattr(value, "bytes"):
        return value.bytes
    if hasattr(value, "tzinfo"):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


@cache
def _insert(table: Table, rows: int, sqlite: bool) -> str:
    mark = "?" if sqlite else "%s"
    one = f"({', '.join([mark] * len(table.columns))})"
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES {", ".join([one] * rows)}'  # noqa: S608


@lru_cache(maxsize=1000)
def _together(shape: tuple[tuple[str, int], ...]) -> str:
    """PostgreSQL checks foreign keys at the end of a statement, so the parts need no order."""
    places = count(1)
    parts = []
    for name, rows in shape:
        marked = _insert(metadata.tables[name], rows, sqlite=False).split("%s")
        parts.append("".join(f"{text}${next(places)}" for text in marked[:-1]) + marked[-1])
    *earlier, last = parts
    named = ", ".join(f"part{place} AS ({part})" for place, part in enumerate(earlier))
    return f"WITH {named} {last}" if named else last


@cache
def _binder(table: Table, sqlite: bool) -> Callable[[str, Row], tuple[Any, ...]]:
    """Turns a row into the driver's values, in the order of the columns; the tenant is the first."""
    tenant, *columns = table.columns
    assert tenant.name == "tenant"
    names = tuple(column.name for column in columns)
    keys: list[int] = []
    others: list[tuple[int, Callable[[Any], str]]] = []
    for place, column in enumerate(columns if sqlite else (), 1):
        if isinstance(column.type, Key):
            keys.append(place)
        elif isinstance(column.type, Instant):
            others.append((place, instant_text))
        elif isinstance(column.type, Date):
            others.append((place, date.isoformat))

    def bind(tenant: str, row: Row) -> tuple[Any, ...]:
        values = [tenant, *map(row.get, names)]
        for place in keys:
            value: Any = values[place]
            if value is not None:
                values[place] = value.bytes
        for place, convert in others:
            value = values[place]
            if value is not None:
                values[place] = convert(value)
        return tuple(values)

    return bind
