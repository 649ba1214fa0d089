"""Member rows as CSV: one line for each person under each plan. `TEMPLATE` is a file to start from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from app.domain.coverage import Used
from app.domain.roster import CoverageEntry, PersonEntry, Placed, Unusable
from app.domain.values import Identifier, Period
from app.errors import BadData
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Column:
    """A column: whether it must be filled, what it holds, and an example."""

    name: str
    needed: bool
    says: str
    example: str


COLUMNS = (
    Column("member_id", True, "the number on the card", "FW100003"),
    Column("family", True, "family name", "Carter"),
    Column("given", False, "given names", "Denise"),
    Column("birth_date", True, "day of birth, as 1979-06-21", "1979-06-21"),
    Column("gender", False, "male, female, other or unknown", "female"),
    Column("language", False, "language of letters, as en or es", "en"),
    Column("state", False, "two letters of the state of residence", "TX"),
    Column("plan", True, "id of the plan in the rulebook", "FW-FI-01"),
    Column("starts", False, "first day of coverage; empty: always", "2025-01-01"),
    Column("ends", False, "last day of coverage; empty: open", ""),
    Column("member_system", False, "address of the number's system", "https://fairwater.example/member-id"),
    Column("subscriber_id", False, "the family's number", ""),
    Column("dependent", False, "yes for a dependent of the subscriber", "no"),
    Column("group", False, "number of the group", ""),
    Column("order", False, "1 for the plan that pays first", "1"),
    Column("tags", False, "marks that policies ask for, with spaces between", ""),
    Column("used", False, "LIMIT:YEAR:AMOUNT of each limit, with spaces between", ""),
    Column("person_id", False, "your key of the person; empty: the number", ""),
    Column("coverage_id", False, "your key of the row; empty: number, plan and start", ""),
)  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
NEEDED = tuple(column.name for column in COLUMNS if column.needed)
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


def template() -> str:
    """A CSV file with the header and one example row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(NAMES)
    writer.writerow(column.example for column in COLUMNS)
    return out.getvalue()


def csv_rows(stream: BinaryIO) -> Iterator[tuple[int, Placed | Unusable]]:
    """(line, entry) of each row, a person and a coverage for each, or why it cannot be used.

    Raises BadData when the header does not fit or the file is not UTF-8.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        reader = csv.DictReader(text, restkey="", restval=None, strict=True)
        _check_header(reader.fieldnames or ())
        for row in reader:
            yield from _row(reader.line_num, row)
    except UnicodeDecodeError:
        raise BadData("The file is not UTF-8.") from None
    except csv.Error as fault:
        raise BadData(f"The CSV cannot be read near line {reader.line_num}: {fault}.") from None
    finally:
        text.detach()


def _check_header(names: object) -> None:
    found = [str(name) for name in names] if isinstance(names, list | tuple) else []
    missing = [name for name in NEEDED if name not in found]
    unknown = [name for name in found if name not in NAMES]
    if missing or unknown or len(set(found)) != len(found):
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown or found)}"
        raise BadData(f"The CSV's first line {what}; see `forthwith members import --template`.")


def _row(line: int, row: Mapping[str, str | None]) -> Iterator[tuple[int, Placed | Unusable]]:
    if "" in row or None in row.values():
        yield line, Unusable("the row has more or fewer fields than the first line")
        return
    fields = {name: (value or "").strip() for name, value in row.items()}
    try:
        yield line, Placed(_person(fields), line)
        yield line, Placed(_coverage(fields), line)
    except Unusable as reason:
        yield line, reason


def _person(row: Mapping[str, str]) -> PersonEntry:
    for name in NEEDED:
        if not row[name]:
            raise Unusable(f"{name} is empty")
    gender = row.get("gender", "").lower()
    if gender not in ("", "male", "female", "other", "unknown"):
        raise Unusable("gender must be male, female, other or unknown")
    born = _day(row, "birth_date")
    if born is None:
        raise Unusable("birth_date is empty")
    _coverage(row)  # so that a row is taken whole or not at all
    return PersonEntry(
        ref=_person_ref(row),
        family=row["family"],
        given=row.get("given", ""),
        birth_date=born,
        gender=gender,
        language=row.get("language", "").partition("-")[0].lower(),
        state=row.get("state", "").upper(),
        tags=tuple(sorted(set(row.get("tags", "").split()))),
    )


def _coverage(row: Mapping[str, str]) -> CoverageEntry:
    period = Period(_day(row, "starts"), _day(row, "ends"))
    if period.start and period.end and period.start > period.end:
        raise Unusable("ends is before starts")
    dependent = row.get("dependent", "").lower()
    if dependent not in _YES:
        raise Unusable("dependent must be yes or no")
    order = row.get("order", "") or "0"
    if not order.isascii() or not order.isdecimal() or len(order) > 4:
        raise Unusable("order must be a whole number")
    key = f"{_person_ref(row)}|{row['plan']}|{row.get('starts', '')}"
    return CoverageEntry(
        ref=row.get("coverage_id") or key,
        person=_person_ref(row),
        plan=row["plan"],
        period=period,
        member_id=row["member_id"],
        numbers=(Identifier(row.get("member_system", ""), row["member_id"], "MB"),),
        subscriber_id=row.get("subscriber_id", ""),
        dependent=_YES[dependent],
        group=row.get("group", ""),
        order=int(order),
        used=tuple(_used(text) for text in row.get("used", "").split()),
    )


def _person_ref(row: Mapping[str, str]) -> str:
    return row.get("person_id") or f"{row.get('member_system', '')}|{row['member_id']}"


def _used(text: str) -> Used:
    limit, year, amount = (*text.rsplit(":", 2), "", "")[:3]
    try:
        read = Used(limit, Decimal(amount), int(year))
    except (InvalidOperation, ValueError):
        read = None
    if read is None or not limit or not read.amount.is_finite() or read.amount < 0:
        raise Unusable("used must be LIMIT:YEAR:AMOUNT, as pt-visits:2026:12")
    return read


def _day(row: Mapping[str, str], name: str) -> date | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{name} must be a day such as 2026-01-31") from None
    raise Unusable(f"{name} must be a day such as 2026-01-31")
