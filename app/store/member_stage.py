"""Where a member file waits until all of it is known to be good: a private file that is never seen.

SQLite's temporary database: on disk, so memory stays constant; without a name, so it is gone when
the process ends, however it ends. Entries may refer to others that come later in the file, which is
why they are kept before they are joined.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import orjson

from app.domain.coverage import Used
from app.domain.roster import (
    CoverageEntry,
    Entry,
    PaidEntry,
    PaidLine,
    PayerEntry,
    PersonEntry,
    Placed,
)
from app.domain.values import Coding, Identifier, Period
from app.store.member_rows import Prepared, stored_day

_KINDS: dict[str, type[Entry]] = {
    kind.__name__: kind for kind in (PayerEntry, PersonEntry, CoverageEntry, PaidEntry)
}
_SCHEMA = """
PRAGMA temp_store = FILE;
PRAGMA cache_size = -16000;
CREATE TABLE entry (kind TEXT, ref TEXT, line INTEGER, body BLOB, PRIMARY KEY (kind, ref)) WITHOUT ROWID;
CREATE TABLE fresh (kind TEXT, body BLOB);
CREATE TABLE alias (kind TEXT, name TEXT, ref TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID;
"""


class MemberStage:
    """The entries of one member file, each `ref` once; `count` says how many. Use as a context."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._aliased = False
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def put(self, placed: Placed) -> int:
        """Keep an entry; gives the line of an entry with the same ref and other content, else 0.

        The first of two that contradict each other stays.
        """
        kind, ref = type(placed.entry).__name__, placed.entry.ref
        body = orjson.dumps(placed.entry, default=_plain)
        added = self._database.execute(
            "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?)", (kind, ref, placed.line, body)
        )
        for alias in placed.aliases:
            self._aliased = True
            self._database.execute(
                "INSERT OR IGNORE INTO alias VALUES (?, ?, ?)", (kind, alias, ref)
            )
        if added.rowcount:
            self.count += 1
            return 0
        line, kept = self._database.execute(
            "SELECT line, body FROM entry WHERE kind = ? AND ref = ?", (kind, ref)
        ).fetchone()
        return 0 if kept == body else int(line)

    def entries(self, kind: type[Entry]) -> Iterator[Placed]:
        """All entries of one kind in the order of their refs, references made into refs.

        A reference that names nothing in this file stays as it is.
        """
        rows = self._database.execute(
            "SELECT line, body FROM entry WHERE kind = ? ORDER BY ref", (kind.__name__,)
        )
        for line, body in rows:
            yield Placed(self._joined(_entry(kind, orjson.loads(body))), line)

    def has(self, kind: type[Entry], ref: str) -> bool:
        """Whether the file has such an entry."""
        return self._body(kind, ref) is not None

    def get(self, kind: type[Entry], ref: str) -> Entry | None:
        """That entry of the file, None when it has none."""
        body = self._body(kind, ref)
        return None if body is None else _entry(kind, orjson.loads(body))

    def _body(self, kind: type[Entry], ref: str) -> bytes | None:
        found = self._database.execute(
            "SELECT body FROM entry WHERE kind = ? AND ref = ?", (kind.__name__, ref)
        ).fetchone()
        return found[0] if found else None

    def store_later(self, kind: type[Entry], rows: Iterable[Prepared]) -> None:
        """Keep rows that bring something new."""
        self._database.executemany(
            "INSERT INTO fresh VALUES (?, ?)", [(kind.__name__, orjson.dumps(row)) for row in rows]
        )

    def fresh(self, kind: type[Entry]) -> Iterator[Prepared]:
        """The rows kept by `store_later`."""
        for (body,) in self._database.execute(
            "SELECT body FROM fresh WHERE kind = ?", (kind.__name__,)
        ):
            yield Prepared(**orjson.loads(body))

    def _joined(self, entry: Entry) -> Entry:
        if not self._aliased or not isinstance(entry, CoverageEntry | PaidEntry):
            return entry
        person = self._ref(PersonEntry, entry.person)
        if isinstance(entry, PaidEntry):
            return replace(entry, person=person)
        return replace(entry, person=person, payer=self._ref(PayerEntry, entry.payer))

    def _ref(self, kind: type[Entry], name: str) -> str:
        if not name:
            return ""
        found = self._database.execute(
            "SELECT ref FROM alias WHERE kind = ? AND name = ?", (kind.__name__, name)
        ).fetchone()
        return str(found[0]) if found else name


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _entry(kind: type[Entry], body: dict[str, Any]) -> Entry:
    """The entry that orjson took apart."""
    for name in ("numbers", "identifiers"):
        if name in body:
            body[name] = tuple([Identifier(**each) for each in body[name]])
    if kind is PersonEntry:
        body["birth_date"] = date.fromisoformat(body["birth_date"])
        body["tags"] = tuple(body["tags"])
    if kind is PaidEntry:
        body["services"] = tuple([_service(each) for each in body["services"]])
    if kind is CoverageEntry:
        body["period"] = _period(body["period"])
        body["used"] = tuple(
            [Used(u["limit"], Decimal(u["amount"]), u["year"]) for u in body["used"]]
        )
    return kind(**body)


def _service(body: dict[str, Any]) -> PaidLine:
    amounts = {name: Decimal(body[name]) for name in ("units", "paid") if body[name] is not None}
    codings = tuple([Coding(**each) for each in body["codings"]])
    return PaidLine(codings, _period(body["period"]), npi=body["npi"], **amounts)


def _period(body: dict[str, Any]) -> Period:
    return Period(**{name: stored_day(value) for name, value in body.items()})
