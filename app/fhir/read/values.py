"""FHIR data types as values of the domain. A value that cannot be read is as if it were not there.

Nothing here raises: validation has spoken already, and a reader that trusts it would turn one
missed rule into a fault of ours.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.values import Identifier, Money, Period, Quantity
from app.fhir.read.systems import canonical

Node = Mapping[str, Any]

EMPTY: dict[str, Any] = {}


def text(node: Node, name: str) -> str:
    """The string `name`, or ""."""
    value = node.get(name)
    return value if isinstance(value, str) else ""


def part(node: Node, name: str) -> dict[str, Any]:
    """The object `name`, or an empty one."""
    value = node.get(name)
    return value if isinstance(value, dict) else EMPTY


def parts(node: Node, name: str) -> list[dict[str, Any]]:
    """The objects in the array `name`."""
    value = node.get(name)
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, dict)]


def whole(value: Any) -> int | None:
    """An integer; a boolean is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def wholes(node: Node, name: str) -> list[int]:
    """The integers in the array `name`."""
    value = node.get(name)
    return [each for each in value if type(each) is int] if isinstance(value, list) else []


def number(value: Any) -> Decimal | None:
    """A decimal with the digits that were sent."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def extension(node: Node, url: str) -> dict[str, Any] | None:
    """The first extension with `url`."""
    found = node.get("extension")
    if isinstance(found, list):
        for each in found:
            if isinstance(each, dict) and each.get("url") == url:
                return each
    return None


def extensions(node: Node, url: str) -> list[dict[str, Any]]:
    """All extensions with `url`."""
    return [each for each in parts(node, "extension") if each.get("url") == url]


def extended(node: Node, url: str, value: str) -> Any:
    """`value` (as `valueString`) of the first extension with `url`, else None."""
    found = extension(node, url)
    return None if found is None else found.get(value)


def extended_text(node: Node, url: str) -> str:
    """The string value of the first extension with `url`, else ""."""
    found = extended(node, url, "valueString")
    return found if isinstance(found, str) else ""


def extended_code(node: Node, url: str) -> str:
    """The first code of the CodeableConcept value of the first extension with `url`, else ""."""
    found = extended(node, url, "valueCodeableConcept")
    return first_code(found)


def first_code(concept: Any) -> str:
    """The first code of a CodeableConcept, else ""."""
    if isinstance(concept, dict):
        for coding in parts(concept, "coding"):
            code = coding.get("code")
            if isinstance(code, str) and code:
                return code
    return ""


def day(value: Any) -> date | None:
    """The calendar day of a date or dateTime as the sender wrote it.

    A year or month alone becomes its first day: the oldest that it can mean.
    """
    read = instant(value)
    return read.date() if isinstance(read, datetime) else read


def last_day(value: Any) -> date | None:
    """The last calendar day that a date, month or year can mean."""
    if isinstance(value, str) and len(value) in (4, 7):
        start = day(value)
        if start is None:
            return None
        month = 12 if len(value) == 4 else start.month
        return date(start.year, month, monthrange(start.year, month)[1])
    return day(value)


def instant(value: Any) -> datetime | date | None:
    """A date, or a dateTime with its offset; a year or month alone becomes its first day."""
    if not isinstance(value, str):
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


def period(node: Any) -> Period | None:
    """A Period in calendar days, or None when it has neither end."""
    if not isinstance(node, dict):
        return None
    start, end = day(node.get("start")), last_day(node.get("end"))
    return None if start is None and end is None else Period(start, end)


def timed(node: Node, name: str) -> Period | None:
    """The element `name` as a date or a period (`timingDate`, `timingPeriod`), in days."""
    for kind in ("Date", "DateTime"):
        value = node.get(name + kind)
        if value is not None:
            start, end = day(value), last_day(value)
            return None if start is None else Period(start, end)
    return period(node.get(name + "Period"))


def quantity(node: Any) -> Quantity | None:
    """A quantity that says exactly how much; one with a comparator does not."""
    if not isinstance(node, dict) or "comparator" in node:
        return None
    return measured(node)


def measured(node: Node) -> Quantity | None:
    """The number and unit of a quantity, whatever its comparator."""
    value = number(node.get("value"))
    if value is None:
        return None
    where = text(node, "system")
    return Quantity(
        value, text(node, "unit"), text(node, "code"), canonical(where) if where else ""
    )


def money(node: Any) -> Money | None:
    """An amount with its currency; US dollars when none is named."""
    if not isinstance(node, dict):
        return None
    value = number(node.get("value"))
    return None if value is None else Money(value, text(node, "currency") or "USD")


def identifier(node: Any) -> Identifier | None:
    """A business identifier, or None without a value."""
    if not isinstance(node, dict):
        return None
    value = text(node, "value")
    if not value:
        return None
    return Identifier(canonical(text(node, "system")), value, first_code(node.get("type")))


def identifiers(node: Node, name: str = "identifier") -> tuple[Identifier, ...]:
    """All business identifiers of a resource."""
    return tuple([read for each in parts(node, name) if (read := identifier(each)) is not None])
