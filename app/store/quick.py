"""Look-ups that every submission makes: compiled once, then run by the driver itself.

SQLAlchemy describes the select and its types; its execution of a look-up by key costs several times
what the database takes for it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Select

Convert = Callable[[Any], Any]


class Quick:
    """A compiled select: `run` gives rows with the names of its columns."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = compiled.string
        self._order: tuple[str, ...] | None = (
            tuple(compiled.positiontup) if compiled.positiontup else None
        )
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

    def run(self, cursor: Any, values: Mapping[str, Any]) -> list[Any]:
        """All rows for these parameters; keys and instants become what the driver takes."""
        order = self._order
        if self._own or self._binds:
            values = {**self._own, **values}
            values |= {name: bind(values[name]) for name, bind in self._binds.items()}
        cursor.execute(self._sql, values if order is None else [values[name] for name in order])
        rows = cursor.fetchall()
        if self._convert and rows:
            rows = [self._converted(row) for row in rows]
        return [self._row(row) for row in rows]

    def _converted(self, row: Any) -> list[Any]:
        changed = list(row)
        for place, convert in self._convert:
            changed[place] = convert(changed[place])
        return changed


@cache
def quick(statement: Select[Any], dialect: Dialect) -> Quick:
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
