"""Look-ups that every submission makes: compiled once, then run by the driver itself.

SQLAlchemy describes the select and its types; its execution of a look-up by key costs several times
what the database takes for it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Dialect, SelectBase

Convert = Callable[[Any], Any]


class Quick:
    """A compiled select: `run` gives rows with the names of its columns."""

    def __init__(self, statement: SelectBase, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=_counting(dialect))
        self._sql = compiled.string
        self._order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._raw: Any = getattr(dialect.loaded_dbapi, "RawCursor", None)
        self._own = {name: value for name, value in compiled.params.items() if value is not None}
        self._binds = {
            name: convert
            for name, bind in compiled.binds.items()
            if (convert := _binder(bind.type, dialect)) is not None
        }
        columns = list(statement.selected_columns)
        names: Any = " ".join(str(column.key) for column in columns)
        row: Any = namedtuple("Row", names)  # type: ignore[misc]
        self._row: Callable[[Any], Any] = row._make
        self._convert = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := _converter(column.type, dialect)) is not None
        ]

    def run(self, connection: Any, values: Mapping[str, Any]) -> list[Any]:
        """All rows for these parameters, asked by a connection of the driver itself; keys and
        instants become what it takes.
        """
        if self._own or self._binds:
            values = {**self._own, **values}
            values |= {name: bind(values[name]) for name, bind in self._binds.items()}
        asking = connection if self._raw is None else self._raw(connection)
        cursor = asking.execute(self._sql, [values[name] for name in self._order])
        rows = cursor.fetchall()
        cursor.close()
        if self._convert and rows:
            rows = [self._converted(row) for row in rows]
        return [self._row(row) for row in rows]

    def _converted(self, row: Any) -> list[Any]:
        changed = list(row)
        for place, convert in self._convert:
            changed[place] = convert(changed[place])
        return changed


def _counting(dialect: Dialect) -> Dialect:
    """PostgreSQL with `$1` marks, as it wants them itself: psycopg then does not rewrite anything."""
    if dialect.name != "postgresql":
        return dialect
    made: Any = type(dialect)
    counting: Dialect = made(paramstyle="numeric_dollar")
    return counting


@cache
def quick(statement: SelectBase, dialect: Dialect) -> Quick:
    """The compiled form of a select of this program, for one database."""
    return Quick(statement, dialect)


def _converter(kind: Any, dialect: Dialect) -> Convert | None:
    """From the driver's value to ours, as SQLAlchemy would do it."""
    found: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


def _binder(kind: Any, dialect: Dialect) -> Convert | None:
    """From our value to the driver's, as SQLAlchemy would do it."""
    found: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found
