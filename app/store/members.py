"""The embedded member store: finds who a number names, and takes in the entries of a member file.

Numbers are indexed in the form in which `app.determine.eligibility` compares them; the choice among
what is found is made there. An entry is written only when its digest says that it is new.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Row, Table, bindparam, delete, insert, select

from app.determine.eligibility import Candidate, Payer, number_key
from app.domain.coverage import Coverage, Plan, Used
from app.domain.roster import CoverageEntry, Entry, PayerEntry, PersonEntry
from app.domain.values import Identifier, Period
from app.errors import Unavailable
from app.store.link import ReadLink, WriteLink
from app.store.tables import coverages, member_numbers, payers, persons

AT_ONCE = 8
"""Numbers in one look-up; a request names two or three."""

BATCH = 400
"""Entries in one statement: SQLite before 3.32 takes 999 parameters."""

PlanOf = Callable[[str], Plan | None]
"""The rulebook's plan by its id."""


class Change(StrEnum):
    """What an entry of a file did to the store."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"


_TABLES: Mapping[type[Entry], Table] = MappingProxyType(
    {PayerEntry: payers, PersonEntry: persons, CoverageEntry: coverages}
)
_KEYS = tuple(f"key{place}" for place in range(AT_ONCE))
_NAMED = (
    select(member_numbers.c.person)
    .where(
        member_numbers.c.tenant == bindparam("tenant"),
        member_numbers.c.key.in_([bindparam(key) for key in _KEYS]),
    )
    .scalar_subquery()
)
FIND = (
    select(
        coverages.c.ref,
        coverages.c.person,
        coverages.c.member_id,
        coverages.c.subscriber_id,
        coverages.c.dependent,
        coverages.c.plan,
        coverages.c.starts,
        coverages.c.ends,
        coverages.c.group_id,
        coverages.c.pays,
        coverages.c.used,
        coverages.c.numbers,
        persons.c.numbers.label("own_numbers"),
        persons.c.family,
        persons.c.given,
        persons.c.birth_date,
        persons.c.gender,
        persons.c.language,
        persons.c.state,
        persons.c.tags,
    )
    .join_from(
        coverages,
        persons,
        (persons.c.tenant == coverages.c.tenant) & (persons.c.ref == coverages.c.person),
    )
    .where(coverages.c.tenant == bindparam("tenant"), coverages.c.person.in_(_NAMED))
)
"""The look-up; tests hold it to its indexes."""

_PAYERS = (
    select(payers.c.name, payers.c.identifiers)
    .where(payers.c.tenant == bindparam("tenant"))
    .order_by(payers.c.ref)
)
_OWN_NUMBERS = select(persons.c.numbers).where(
    persons.c.tenant == bindparam("tenant"), persons.c.ref == bindparam("ref")
)
_ANY = select(coverages.c.ref).where(coverages.c.tenant == bindparam("tenant")).limit(1)


class Members:
    """Finds members of one tenant."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def find(self, keys: Iterable[str], plan_of: PlanOf) -> tuple[Candidate, ...]:
        """Every coverage of everybody whom one of `keys` (`number_key`) names.

        Raises Unavailable when a row names a plan that the rulebook does not have: that is no
        reason to say that the member has no coverage.
        """
        asked = list(dict.fromkeys(key for key in keys if key))
        found: dict[str, Candidate] = {}
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            padded = part + [part[0]] * (AT_ONCE - len(part))
            for row in self._link.fetch(FIND, dict(zip(_KEYS, padded, strict=True))):
                if row.ref not in found:
                    found[row.ref] = _candidate(row, plan_of)
        return tuple([found[ref] for ref in sorted(found)])

    def payers(self) -> tuple[Payer, ...]:
        """The organizations that this server answers for."""
        return tuple(
            Payer(row.name, _identifiers(row.identifiers)) for row in self._link.fetch(_PAYERS, {})
        )

    def is_empty(self) -> bool:
        """Whether no coverage is stored at all."""
        return self._link.first(_ANY, {}) is None

    def own_number(self, person: str) -> str:
        """The first number of a stored person that is its own under every plan, or nothing."""
        found = self._link.first(_OWN_NUMBERS, {"ref": person})
        numbers = _identifiers(found.numbers) if found else ()
        return numbers[0].value if numbers else ""

    def known(self, kind: type[Entry], refs: Sequence[str]) -> dict[str, bytes]:
        """The digests of those entries that are stored, by their ref; at most BATCH refs."""
        table = _TABLES[kind]
        statement = select(table.c.ref, table.c.digest).where(
            table.c.tenant == bindparam("tenant"),
            table.c.ref.in_(bindparam("refs", expanding=True)),
        )
        rows = self._link.fetch(statement, {"refs": list(refs)})
        return {row.ref: bytes(row.digest) for row in rows}


class MemberWriter(Members):
    """Finds members, and takes in entries of a member file."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def take(self, entries: Sequence[Entry]) -> Counter[Change]:
        """Store entries of one kind, at most BATCH of them and each `ref` once.

        An entry that is already stored as it is costs one read. Entries withdrawn are removed.
        """
        if not entries:
            return Counter()
        kind = type(entries[0])
        rows = {entry.ref: _row(entry) for entry in entries}
        stored = self.known(kind, list(rows))
        changes = {entry.ref: _change(entry, rows[entry.ref], stored) for entry in entries}
        fresh = [e for e in entries if changes[e.ref] in (Change.NEW, Change.CHANGED)]
        gone = [ref for ref in rows if changes[ref] in (Change.CHANGED, Change.WITHDRAWN)]
        self._remove(kind, [ref for ref in gone if ref in stored])
        self._add(_TABLES[kind], [rows[entry.ref] for entry in fresh])
        self._add(member_numbers, [row for entry in fresh for row in _number_rows(entry)])
        return Counter(changes.values())

    def _remove(self, kind: type[Entry], refs: Sequence[str]) -> None:
        table = _TABLES[kind]
        self._delete(table, table.c.ref.name, refs)
        self._delete(member_numbers, "source", [_source(kind, ref) for ref in refs])

    def _delete(self, table: Table, column: str, values: Sequence[str]) -> None:
        if values:
            statement = delete(table).where(
                table.c.tenant == bindparam("tenant"), table.c[column] == bindparam("value")
            )
            self._write.execute(statement, [{"value": value} for value in values])

    def _add(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._write.execute(insert(table), rows)


def _change(entry: Entry, row: Mapping[str, Any], stored: Mapping[str, bytes]) -> Change:
    before = stored.get(entry.ref)
    if isinstance(entry, CoverageEntry) and entry.withdrawn:
        return Change.UNCHANGED if before is None else Change.WITHDRAWN
    if before is None:
        return Change.NEW
    return Change.UNCHANGED if before == row["digest"] else Change.CHANGED


def _row(entry: Entry) -> dict[str, Any]:
    """The columns of an entry, with the digest of all of them."""
    if isinstance(entry, PayerEntry):
        row: dict[str, Any] = {
            "ref": entry.ref,
            "name": entry.name,
            "identifiers": _json([[i.system, i.value] for i in entry.identifiers]),
        }
    elif isinstance(entry, PersonEntry):
        row = {
            "ref": entry.ref,
            "family": entry.family,
            "given": entry.given,
            "birth_date": entry.birth_date,
            "gender": entry.gender,
            "language": entry.language,
            "state": entry.state,
            "tags": _json(sorted(entry.tags)),
            "numbers": _json([[i.system, i.value] for i in entry.numbers]),
        }
    else:
        row = {
            "ref": entry.ref,
            "person": entry.person,
            "member_id": entry.member_id,
            "subscriber_id": entry.subscriber_id,
            "dependent": int(entry.dependent),
            "plan": entry.plan,
            "starts": entry.period.start,
            "ends": entry.period.end,
            "group_id": entry.group,
            "pays": entry.order,
            "used": _json([[u.limit, str(u.amount), u.year] for u in entry.used]),
            "numbers": _json([[i.system, i.value] for i in entry.numbers]),
        }
    row["digest"] = hashlib.blake2b(orjson.dumps(row), digest_size=16).digest()
    return row


def _number_rows(entry: Entry) -> list[dict[str, str]]:
    """One row for each key that may name the entry's person."""
    if isinstance(entry, PayerEntry):
        return []
    values = [number.value for number in entry.numbers]
    person = entry.ref
    if isinstance(entry, CoverageEntry):
        values += [entry.member_id, entry.subscriber_id]
        person = entry.person
    keys = dict.fromkeys(number_key(value) for value in values)
    source = _source(type(entry), entry.ref)
    return [{"key": key, "person": person, "source": source} for key in keys if key]


def _source(kind: type[Entry], ref: str) -> str:
    return f"{_TABLES[kind].name}/{ref}"


def _candidate(row: Row[Any], plan_of: PlanOf) -> Candidate:
    plan = plan_of(row.plan)
    if plan is None:
        raise Unavailable(f"The rulebook has no plan {row.plan!r} that a member is stored with.")
    coverage = Coverage(
        member_id=row.member_id,
        plan=plan,
        period=Period(row.starts, row.ends),
        birth_date=row.birth_date,
        gender=row.gender,
        family=row.family,
        given=row.given,
        state=row.state,
        language=row.language or "en",
        subscriber_id=row.subscriber_id,
        dependent=bool(row.dependent),
        used=_used(row.used),
        tags=frozenset(orjson.loads(row.tags)),
        details=MappingProxyType({"group": row.group_id} if row.group_id else {}),
    )
    numbers = _identifiers(row.own_numbers) + _identifiers(row.numbers)
    return Candidate(coverage, row.person, numbers, row.group_id, row.pays)


def _used(text: str) -> tuple[Used, ...]:
    return tuple(Used(limit, Decimal(amount), year) for limit, amount, year in orjson.loads(text))


def _identifiers(text: str) -> tuple[Identifier, ...]:
    return tuple(Identifier(system, value) for system, value in orjson.loads(text))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
