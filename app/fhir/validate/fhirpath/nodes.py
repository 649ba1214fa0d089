"""What an expression works on: FHIR elements, system values, dates, quantities, the context."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from app.sealed import sealed

Ast = list[Any]


class BadExpression(ValueError):
    """The text is not a FHIRPath expression that we can compile."""


class PathError(Exception):
    """FHIRPath defines this evaluation as an error (a list where one item is due, a wrong type)."""


class NotSupported(Exception):
    """The expression needs something that we do not do: the answer is unknown."""


class Element:
    """A FHIR element: its JSON (`value`, None if only extensions), its type, and its `_name` sibling."""

    __slots__ = ("beside", "type", "value")

    def __init__(self, value: Any, type_name: str, beside: Any = None) -> None:
        self.value = value
        self.type = type_name
        self.beside = beside

    def __repr__(self) -> str:
        return f"Element({self.type})"


def _no_reference(_reference: str) -> None:
    return None


def _no_terminology(_node: object, _value_set: str) -> None:
    return None


class Context:
    """What surrounds an element: see the package docstring. One for each resource, for all its elements."""

    __slots__ = ("member_of", "resolve", "resource", "root")

    def __init__(
        self,
        resource: Any,
        root: Any = None,
        resolve: Callable[[str], Any] = _no_reference,
        member_of: Callable[[Any, str], bool | None] = _no_terminology,
    ) -> None:
        self.resource = resource
        self.root = resource if root is None else root
        self.resolve = resolve
        self.member_of = member_of


_TEMPORAL = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?)?)?)?)?"
    r"(Z|[+-]\d\d:\d\d)?"
)
_TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?")


@sealed(frozen=True, slots=True)
class Temporal:
    """A date, dateTime or instant (or time, with `clock`): its parts, as many as were written."""

    parts: tuple[int | Decimal, ...]
    zoned: bool
    text: str
    clock: bool = False


def temporal(text: object) -> Temporal | None:
    """`text` as a date or dateTime with its offset taken out, None if it is not one."""
    found = _TEMPORAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    *numbers, fraction, offset = found.groups()
    whole = [int(number) for number in numbers if number is not None]
    if offset is None or len(whole) < 5:
        return Temporal(_parts(whole, fraction), offset is not None, str(text))
    shift = timedelta(0)
    if offset != "Z":
        shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
        shift = -shift if offset[0] == "-" else shift
    try:
        moment = datetime(*whole, tzinfo=timezone(shift)).astimezone(UTC)  # type: ignore[misc, arg-type]
    except (ValueError, OverflowError):
        return None
    return Temporal(_parts(list(moment.timetuple()[: len(whole)]), fraction), True, str(text))


def time_of_day(text: object) -> Temporal | None:
    """`text` as a time, None if it is not one."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    *numbers, fraction = found.groups()
    whole = [int(number) for number in numbers if number is not None]
    return Temporal(_parts(whole, fraction), False, str(text), clock=True)


def _parts(whole: list[int], fraction: str | None) -> tuple[int | Decimal, ...]:
    if fraction is None:
        return tuple(whole)
    return (*whole[:-1], whole[-1] + Decimal(f"0.{fraction}"))


def compare_temporal(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1; None where the written precisions leave it open."""
    if left.clock is not right.clock:
        raise PathError("a time cannot be compared with a date")
    for one, other in zip(left.parts, right.parts, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(left.parts) == len(right.parts) else None


@sealed(frozen=True, slots=True)
class Measure:
    """A quantity literal or the number and unit of a FHIR Quantity."""

    value: Decimal
    unit: str


def number(value: object) -> Decimal | None:
    """A JSON number as a Decimal with its written digits, None for anything else (booleans too)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        text = repr(value)
        return Decimal(text) if text not in ("nan", "inf", "-inf") else None
    return value if isinstance(value, Decimal) else None
