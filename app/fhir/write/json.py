"""Domain values as the JSON of FHIR data types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.domain.values import Coding, Concept, Identifier, Period, Quantity
from app.fhir.urls import system

Json = dict[str, Any]


def number(value: Decimal) -> int | float:
    """A JSON number: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def instant(at: datetime) -> str:
    """An instant in UTC to the millisecond."""
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return stamp.replace("+00:00", "Z")


def day(at: date) -> str:
    """A calendar day."""
    return at.isoformat()


def period(span: Period) -> Json:
    """A Period of calendar days."""
    written: Json = {}
    if span.start is not None:
        written["start"] = span.start.isoformat()
    if span.end is not None:
        written["end"] = span.end.isoformat()
    return written


def coding(read: Coding) -> Json:
    """A Coding without its empty parts."""
    return _coding(read.system, read.code, read.display)


def _coding(where: str, code: str, display: str) -> Json:
    written: Json = {}
    if where:
        written["system"] = where
    if code:
        written["code"] = code
    if display:
        written["display"] = display
    return written


def concept(read: Concept) -> Json:
    """A CodeableConcept without its empty parts."""
    written: Json = {}
    if read.codings:
        written["coding"] = [coding(each) for each in read.codings]
    if read.text:
        written["text"] = read.text
    return written


def coded(where: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one code."""
    return {"coding": [_coding(where, code, display)]}


def identifier(read: Identifier) -> Json:
    """An Identifier by system and value."""
    return {"system": read.system, "value": read.value} if read.system else {"value": read.value}


def quantity(read: Quantity) -> Json:
    """A count in words; a code only from the X12 unit list, the one that the guide allows."""
    written: Json = {"value": number(read.value), "unit": read.unit or read.code or "unit"}
    if read.system == system.X12_UNIT and read.code:
        written |= {"system": read.system, "code": read.code}
    return written


def extension(url: str, kind: str, value: Any) -> Json:
    """A simple extension: `extension(url, "String", "x")` has a `valueString`."""
    return {"url": url, f"value{kind}": value}


def copied(node: Mapping[str, Any], url: str) -> list[Json]:
    """The extensions with `url` of something received, as they are."""
    found = node.get("extension")
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, dict) and each.get("url") == url]
