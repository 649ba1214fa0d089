"""An entry of a member file as the rows of its tables, ready to be sent; private to `app.store`.

Rows are made before the transaction, so that it holds the database's only writer for as short a
time as can be. Values are what JSON and both drivers know: texts, numbers, days as ISO texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Table

from app.determine.eligibility import number_key
from app.domain.roster import CoverageEntry, Entry, PaidEntry, PayerEntry, PersonEntry
from app.domain.values import Identifier
from app.sealed import sealed
from app.store.tables import coverages, paid_services, payers, persons

TABLES: Mapping[type[Entry], Table] = MappingProxyType(
    {
        PayerEntry: payers,
        PersonEntry: persons,
        CoverageEntry: coverages,
        PaidEntry: paid_services,
    }
)


@sealed(frozen=True, slots=True)
class Prepared:
    """The row of one entry: `values` in the order of the columns, without tenant and digest.

    `digest` is hexadecimal. `keys` are the numbers that name `person`, in the form in which they
    are compared. An entry that is `withdrawn` has no row.
    """

    ref: str
    values: tuple[Any, ...]
    digest: str
    keys: tuple[str, ...] = ()
    person: str = ""
    withdrawn: bool = False


def prepare(entry: Entry) -> Prepared:
    """The row that an entry becomes, with the digest of all of it."""
    if isinstance(entry, PayerEntry):
        return _prepared(entry.ref, (entry.ref, entry.name, _pairs(entry.identifiers)), (), "")
    if isinstance(entry, PersonEntry):
        return _prepared(entry.ref, _person(entry), _keys(entry.numbers), entry.ref)
    if entry.withdrawn:
        return Prepared(entry.ref, (), "", withdrawn=True)
    if isinstance(entry, PaidEntry):
        return _prepared(entry.ref, (entry.ref, entry.person, _services(entry)), (), entry.person)
    keys = _keys(entry.numbers, entry.member_id, entry.subscriber_id)
    return _prepared(entry.ref, _coverage(entry), keys, entry.person)


def source(kind: type[Entry], ref: str) -> str:
    """What `member_numbers.source` says for the numbers of an entry."""
    return f"{TABLES[kind].name}/{ref}"


def stored_day(text: str | None) -> date | None:
    """A day as it was written; nothing for an open end."""
    return date.fromisoformat(text) if text else None


def _prepared(ref: str, values: tuple[Any, ...], keys: tuple[str, ...], person: str) -> Prepared:
    digest = hashlib.blake2b(orjson.dumps(values), digest_size=16).hexdigest()
    return Prepared(ref, values, digest, keys, person)


def _person(entry: PersonEntry) -> tuple[Any, ...]:
    return (
        entry.ref,
        entry.family,
        entry.given,
        entry.birth_date.isoformat(),
        entry.gender,
        entry.language,
        entry.state,
        _json(sorted(entry.tags)),
        _pairs(entry.numbers),
    )


def _coverage(entry: CoverageEntry) -> tuple[Any, ...]:
    start, end = entry.period.start, entry.period.end
    return (
        entry.ref,
        entry.person,
        entry.member_id,
        entry.subscriber_id,
        int(entry.dependent),
        entry.plan,
        start.isoformat() if start else None,
        end.isoformat() if end else None,
        entry.group,
        entry.order,
        _json([[used.limit, str(used.amount), used.year] for used in entry.used]),
        _pairs(entry.numbers),
    )


def _services(entry: PaidEntry) -> str:
    """Each line as [codings, first day, last day, units, paid, NPI]; a coding is [system, code]."""
    return _json(
        [
            [
                [[coding.system, coding.code] for coding in each.codings],
                each.period.start,
                each.period.end,
                None if each.units is None else str(each.units),
                None if each.paid is None else str(each.paid),
                each.npi,
            ]
            for each in entry.services
        ]
    )


def _keys(numbers: tuple[Identifier, ...], *others: str) -> tuple[str, ...]:
    values = [*[number.value for number in numbers], *others]
    return tuple(key for key in dict.fromkeys(map(number_key, values)) if key)


def _pairs(numbers: tuple[Identifier, ...]) -> str:
    return _json([[number.system, number.value] for number in numbers])


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
