"""FHIR data types as values of the domain. A value that cannot be read is as if it were not there.

Nothing here raises: validation has spoken already, and a reader that trusts it would turn one
missed rule into a fault of ours.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.values import Identifier, Money, Period, Quantity
from app.fhir.read.systems import canonical

Node = Mapping[str, Any]
Nodes = Sequence[dict[str, Any]]

EMPTY: dict[str, Any] = {}
NOTHING: Nodes = ()


def text(node: Node, name: str) -> str:
    """The string `name`, or ""."""
    value = node.get(name)
    return value if type(value) is str else ""


def part(node: Node, name: str) -> dict[str, Any]:
    """The object `name`, or an empty one."""
    value = node.get(name)
    return value if type(value) is dict else EMPTY


def parts(node: Node, name: str) -> Nodes:
    """The objects in the array `name`: the array itself where it holds nothing else."""
    value = node.get(name)
    if type(value) is not list:
        return NOTHING
    for each in value:
        if type(each) is not dict:
            return [each for each in value if type(each) is dict]
    return value


def first(node: Node, name: str) -> dict[str, Any] | None:
    """The first object in the array `name`."""
    value = node.get(name)
    if type(value) is list:
        for each in value:
            if type(each) is dict:
                return each
    return None


def whole(value: Any) -> int | None:
    """An integer; a boolean is none."""
    return value if type(value) is int else None


def wholes(node: Node, name: str) -> list[int]:
    """The integers in the array `name`."""
    value = node.get(name)
    return [each for each in value if type(each) is int] if type(value) is list else []


def number(value: Any) -> Decimal | None:
    """A decimal with the digits that were sent."""
    if type(value) is int:
        return Decimal(value)
    if not isinstance(value, float | Decimal):
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def by_url(node: Node) -> Mapping[str, Nodes]:
    """The extensions by their url, for who looks for several."""
    listed = node.get("extension")
    if type(listed) is not list:
        return EMPTY
    found: dict[str, list[dict[str, Any]]] = {}
    for each in listed:
        if type(each) is dict and type(url := each.get("url")) is str:
            found.setdefault(url, []).append(each)
    return found


def told_text(told: Mapping[str, Nodes], url: str) -> str:
    """`extended_text` of what `by_url` found."""
    return text(told[url][0], "valueString") if url in told else ""


def told_code(told: Mapping[str, Nodes], url: str) -> str:
    """`extended_code` of what `by_url` found."""
    return first_code(told[url][0].get("valueCodeableConcept")) if url in told else ""


def extension(node: Node, url: str) -> dict[str, Any] | None:
    """The first extension with `url`."""
    found = node.get("extension")
    if type(found) is list:
        for each in found:
            if type(each) is dict and each.get("url") == url:
                return each
    return None


def extensions(node: Node, url: str) -> Nodes:
    """All extensions with `url`."""
    found = node.get("extension")
    if type(found) is not list:
        return NOTHING
    return [each for each in found if type(each) is dict and each.get("url") == url]


def extended(node: Node, url: str, value: str) -> Any:
    """`value` (as `valueString`) of the first extension with `url`, else None."""
    found = extension(node, url)
    return None if found is None else found.get(value)


def extended_text(node: Node, url: str) -> str:
    """The string value of the first extension with `url`, else ""."""
    found = extension(node, url)
    return "" if found is None else text(found, "valueString")


def extended_code(node: Node, url: str) -> str:
    """The first code of the CodeableConcept value of the first extension with `url`, else ""."""
    found = extension(node, url)
    return "" if found is None else first_code(found.get("valueCodeableConcept"))


def first_code(concept: Any) -> str:
    """The first code of a CodeableConcept, else ""."""
    codings = concept.get("coding") if type(concept) is dict else None
    if type(codings) is list:
        for coding in codings:
            code = coding.get("code") if type(coding) is dict else None
            if type(code) is str and code:
                return code
    return ""


def day(value: Any) -> date | None:
    """The calendar day of a date or dateTime as the sender wrote it.

    A year or month alone becomes its first day: the oldest that it can mean.
    """
    if type(value) is str and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    read = instant(value)
    return read.date() if isinstance(read, datetime) else read


def last_day(value: Any) -> date | None:
    """The last calendar day that a date, month or year can mean."""
    start = day(value)
    if start is None or len(value) > 7:
        return start
    month = 12 if len(value) == 4 else start.month
    return date(start.year, month, monthrange(start.year, month)[1])


def instant(value: Any) -> datetime | date | None:
    """A date, or a dateTime with its offset; a year or month alone becomes its first day."""
    if type(value) is not str:
        return None
    size = len(value)
    try:
        if size == 10:
            return date.fromisoformat(value)
        if size > 10:
            read = datetime.fromisoformat(value)
            return read if read.tzinfo is not None else None
        if size in (4, 7):
            return date.fromisoformat(value + ("-01-01" if size == 4 else "-01"))
    except ValueError:
        return None
    return None


def days(value: Any) -> Period | None:
    """The days that a date, dateTime, month or year can mean."""
    start = day(value)
    if start is None:
        return None
    return Period(start, start if len(value) > 7 else last_day(value))


def period(node: Any) -> Period | None:
    """A Period in calendar days, or None when it has neither end."""
    if type(node) is not dict:
        return None
    start, end = node.get("start"), node.get("end")
    start = None if start is None else day(start)
    end = None if end is None else last_day(end)
    return None if start is None and end is None else Period(start, end)


def timed(node: Node, name: str) -> Period | None:
    """The element `name` as a date or a period (`timingDate`, `timingPeriod`), in days."""
    for kind in ("Date", "DateTime"):
        value = node.get(name + kind)
        if value is not None:
            return days(value)
    span = node.get(name + "Period")
    return None if span is None else period(span)


def quantity(node: Any) -> Quantity | None:
    """A quantity that says exactly how much; one with a comparator does not."""
    return measured(node) if type(node) is dict and "comparator" not in node else None


def measured(node: Node) -> Quantity | None:
    """The number and unit of a quantity, whatever its comparator."""
    value = number(node.get("value"))
    if value is None:
        return None
    unit, code, where = node.get("unit"), node.get("code"), node.get("system")
    return Quantity(
        value,
        unit if type(unit) is str else "",
        code if type(code) is str else "",
        canonical(where) if type(where) is str and where else "",
    )


def money(node: Any) -> Money | None:
    """An amount with its currency; US dollars when none is named."""
    value = number(node.get("value")) if type(node) is dict else None
    return None if value is None else Money(value, text(node, "currency") or "USD")


def identifier(node: Any) -> Identifier | None:
    """A business identifier, or None without a value."""
    value = node.get("value") if type(node) is dict else None
    if type(value) is not str or not value:
        return None
    where, kind = node.get("system"), node.get("type")
    return Identifier(
        canonical(where) if type(where) is str else "",
        value,
        first_code(kind) if kind is not None else "",
    )


def identifiers(node: Node, name: str = "identifier") -> tuple[Identifier, ...]:
    """All business identifiers of a resource."""
    listed = node.get(name)
    if type(listed) is not list:
        return ()
    if len(listed) == 1:
        read = identifier(listed[0])
        return () if read is None else (read,)
    return tuple([read for each in listed if (read := identifier(each)) is not None])
