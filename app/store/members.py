"""The embedded member store: finds who a number names, and takes in the entries of a member file.

Numbers are indexed in the form in which `app.determine.eligibility` compares them; the choice among
what is found is made there. An entry is written only when its digest says that it is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Table, bindparam, null, select, union_all

from app.determine.eligibility import Candidate, Payer, number_key
from app.domain.coverage import Coverage, Plan, Used
from app.domain.roster import Entry, PaidLine
from app.domain.values import Coding, Identifier, Period
from app.errors import Unavailable
from app.store.link import ReadLink, WriteLink
from app.store.member_rows import TABLES, Prepared, source, stored_day
from app.store.tables import coverages, member_numbers, paid_services, payers, persons

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


_KEYS = tuple(f"key{place}" for place in range(AT_ONCE))
_NAMED = (
    select(member_numbers.c.person)
    .where(
        member_numbers.c.tenant == bindparam("tenant"),
        member_numbers.c.key.in_([bindparam(key) for key in _KEYS]),
    )
    .scalar_subquery()
)
_COVERAGES = (
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
_TOLD = {"family": payers.c.name, "numbers": payers.c.identifiers}
FIND = union_all(
    _COVERAGES,
    select(
        *[_TOLD.get(each.name, null()).label(each.name) for each in _COVERAGES.selected_columns]
    ).where(payers.c.tenant == bindparam("tenant")),
)
"""The look-up; tests hold it to its indexes. A row without `ref` is a payer: who looks for a member has
to know for whom this server answers, and both come in one round trip."""

_PAYERS = (
    select(payers.c.name, payers.c.identifiers)
    .where(payers.c.tenant == bindparam("tenant"))
    .order_by(payers.c.ref)
)
_OWN_NUMBERS = select(persons.c.numbers).where(
    persons.c.tenant == bindparam("tenant"), persons.c.ref == bindparam("ref")
)
PAID = (
    select(paid_services.c.ref, paid_services.c.services)
    .join_from(
        persons,
        paid_services,
        (paid_services.c.tenant == persons.c.tenant) & (paid_services.c.person == persons.c.ref),
    )
    .where(
        persons.c.tenant == bindparam("tenant"),
        persons.c.ref.in_(
            select(member_numbers.c.person).where(
                member_numbers.c.tenant == bindparam("tenant"),
                member_numbers.c.key == bindparam("key"),
            )
        ),
        persons.c.birth_date == bindparam("birth_date"),
        persons.c.family == bindparam("family"),
        persons.c.given == bindparam("given"),
    )
    .order_by(paid_services.c.ref)
)
"""A subscriber's number names a family, so the person of the coverage is told by name and birth."""

_ANY = select(coverages.c.ref).where(coverages.c.tenant == bindparam("tenant")).limit(1)


class Members:
    """Finds members of one tenant."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def find(
        self, keys: Iterable[str], plan_of: PlanOf
    ) -> tuple[tuple[Candidate, ...], tuple[Payer, ...]]:
        """Every coverage of everybody whom one of `keys` (`number_key`) names; and `payers`.

        Raises Unavailable when a row names a plan that the rulebook does not have: that is no
        reason to say that the member has no coverage.
        """
        asked = list(dict.fromkeys(key for key in keys if key))
        found: dict[str, Candidate] = {}
        known: dict[Payer, None] = {}
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            padded = part + [part[0]] * (AT_ONCE - len(part))
            for row in self._link.quickly(FIND, dict(zip(_KEYS, padded, strict=True))):
                if row.ref is None:
                    known[Payer(row.family, _identifiers(row.numbers))] = None
                elif row.ref not in found:
                    found[row.ref] = _candidate(row, plan_of)
        ours = tuple(known) if asked else self.payers()
        return tuple([found[ref] for ref in sorted(found)]), ours

    def payers(self) -> tuple[Payer, ...]:
        """The organizations that this server answers for."""
        return tuple(
            Payer(row.name, _identifiers(row.identifiers))
            for row in self._link.quickly(_PAYERS, {})
        )

    def paid(self, coverage: Coverage) -> tuple[tuple[str, PaidLine], ...]:
        """Each service that was paid for the member of this coverage, with the ref of its claim.

        `coverage` is as it was found in this store; of a person whom the payer's own system knows
        by another name or birth date nothing is found.
        """
        who = {
            "key": number_key(coverage.member_id),
            "birth_date": coverage.birth_date,
            "family": coverage.family,
            "given": coverage.given,
        }
        rows = self._link.fetch(PAID, who)
        return tuple((row.ref, each) for row in rows for each in _services(row.services))

    def is_empty(self) -> bool:
        """Whether no coverage is stored at all."""
        return self._link.first(_ANY, {}) is None

    def own_number(self, person: str) -> str:
        """The first number of a stored person that is its own under every plan, or nothing."""
        found = self._link.first(_OWN_NUMBERS, {"ref": person})
        numbers = _identifiers(found.numbers) if found else ()
        return numbers[0].value if numbers else ""

    def known(self, kind: type[Entry], refs: Sequence[str]) -> dict[str, str]:
        """The digests of those entries that are stored, by their ref; at most BATCH refs."""
        if not refs:
            return {}
        table = TABLES[kind]
        statement = select(table.c.ref, table.c.digest).where(
            table.c.tenant == bindparam("tenant"),
            table.c.ref.in_(bindparam("refs", expanding=True)),
        )
        rows = self._link.fetch(statement, {"refs": list(refs)})
        return {row.ref: bytes(row.digest).hex() for row in rows}

    def compare(self, kind: type[Entry], rows: Sequence[Prepared]) -> dict[str, Change]:
        """What storing these rows would do, by their ref; at most BATCH rows."""
        stored = self.known(kind, [row.ref for row in rows])
        return {row.ref: _change(row, stored.get(row.ref)) for row in rows}


class MemberWriter(Members):
    """Finds members, and stores the rows of a member file."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def put(self, kind: type[Entry], rows: Sequence[Prepared]) -> None:
        """Add these rows, in place of those that have the same ref; remove the withdrawn ones."""
        statements = _statements(TABLES[kind])
        sources = [(source(kind, row.ref),) for row in rows]
        live = [row for row in rows if not row.withdrawn]
        self._write.many(statements.delete, [(row.ref,) for row in rows if row.withdrawn])
        self._write.many("DELETE FROM member_numbers WHERE tenant = ? AND source = ?", sources)
        self._write.many(
            statements.upsert, [(*row.values, bytes.fromhex(row.digest)) for row in live]
        )
        self._write.many(
            "INSERT INTO member_numbers (tenant, source, key, person) VALUES (?, ?, ?, ?)",
            [(source(kind, row.ref), key, row.person) for row in live for key in row.keys],
        )


class _Statements(NamedTuple):
    """The statements of one table; they hold names of ours alone, so S608 has nothing to fear."""

    upsert: str
    delete: str


@cache
def _statements(table: Table) -> _Statements:
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * len(names))
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names[1:])
    listed = ", ".join(f'"{name}"' for name in names)
    return _Statements(
        f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})'  # noqa: S608
        f" ON CONFLICT (tenant, ref) DO UPDATE SET {changes}",
        f'DELETE FROM "{table.name}" WHERE tenant = ? AND ref = ?',  # noqa: S608
    )


def _change(row: Prepared, stored: str | None) -> Change:
    if row.withdrawn:
        return Change.UNCHANGED if stored is None else Change.WITHDRAWN
    if stored is None:
        return Change.NEW
    return Change.UNCHANGED if stored == row.digest else Change.CHANGED


def _candidate(row: Any, plan_of: PlanOf) -> Candidate:
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


def _services(text: str) -> Iterable[PaidLine]:
    """What `app.store.member_rows` wrote."""
    for codings, start, end, units, paid, npi in orjson.loads(text):
        yield PaidLine(
            tuple(Coding(system, code) for system, code in codings),
            Period(stored_day(start), stored_day(end)),
            None if units is None else Decimal(units),
            None if paid is None else Decimal(paid),
            npi,
        )


def _identifiers(text: str) -> tuple[Identifier, ...]:
    return tuple(Identifier(system, value) for system, value in orjson.loads(text))
