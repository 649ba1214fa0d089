"""FHIRPath functions on strings and conversions between system values.

As in HL7's engine, a string function gives nothing for an element that is not of a string type.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from . import elements, model
from .elements import Items
from .nodes import Element, Measure, PathError, number, temporal, time_of_day
from .scope import Evaluate, Scope
from .selecting import Function, whole

# A pattern sees at most this much of a value: no element that an invariant matches is longer.
_LONGEST = 100_000


# Integers of FHIRPath have 32 bits.
_LARGEST = 2**31 - 1


@lru_cache(maxsize=1024)
def pattern(expression: str) -> re.Pattern[str]:
    """A FHIRPath (PCRE) pattern in Python's spelling; PathError if it is not a pattern."""
    try:
        return re.compile(expression, re.DOTALL)
    except re.error as broken:
        raise PathError("not a regular expression") from broken


def _one_text(items: Items) -> str | None:
    if len(items) != 1:
        if items:
            raise PathError("a string function of several items")
        return None
    item = items[0]
    if elements.type_name(item) not in model.TEXTS:
        return None
    return elements.text(item)


def _argument(argument: Evaluate, scope: Scope) -> str | None:
    given = argument(scope)
    return elements.text(given[0]) if len(given) == 1 else None


def _test(verdict: Callable[[str, str], bool]) -> Function:
    def function(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
        if not items:
            return []
        subject, given = _one_text(items), _argument(arguments[0], scope)
        if given is None or (subject is None and elements.type_name(items[0]) not in model.TEXTS):
            return []
        return [subject is not None and verdict(subject, given)]

    return function


def _matches(subject: str, expression: str) -> bool:
    return subject != "" and pattern(expression).search(subject[:_LONGEST]) is not None


def _matches_full(subject: str, expression: str) -> bool:
    return subject != "" and pattern(expression).fullmatch(subject[:_LONGEST]) is not None


def _change(change: Callable[[str], str]) -> Function:
    def function(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
        subject = _one_text(items)
        return [] if subject is None else [change(subject)]

    return function


def length(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    subject = _one_text(items)
    return [] if subject is None else [len(subject)]


def substring(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    subject = _one_text(items)
    if subject is None:
        return []
    start = whole(arguments[0], scope)
    if not 0 <= start < len(subject):
        return []
    end = start + max(0, whole(arguments[1], scope)) if len(arguments) > 1 else len(subject)
    found = subject[start:end]
    return [found] if found else []


def index_of(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    subject, given = _one_text(items), _argument(arguments[0], scope)
    return [] if subject is None or given is None else [subject.find(given)]


def replace(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    subject, old = _one_text(items), _argument(arguments[0], scope)
    new = _argument(arguments[1], scope)
    return [] if subject is None or old is None or new is None else [subject.replace(old, new)]


def replace_matches(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    subject, old = _one_text(items), _argument(arguments[0], scope)
    new = _argument(arguments[1], scope)
    if subject is None or old is None or new is None:
        return []
    spelled = re.sub(r"\$(\d+)", r"\\\1", new)
    return [pattern(old).sub(spelled, subject[:_LONGEST])]


def split(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    subject, mark = _one_text(items), _argument(arguments[0], scope)
    return [] if subject is None or not mark else list(subject.split(mark))


def join(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    mark = (_argument(arguments[0], scope) or "") if arguments else ""
    return [mark.join(part for item in items if (part := elements.text(item)) is not None)]


def to_chars(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return list(_one_text(items) or "")


def to_string(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    found = [part for item in items if (part := elements.text(item)) is not None]
    if len(found) > 1:
        raise PathError("toString() of several items")
    return list(found)


def _single_text(items: Items, name: str) -> str | None:
    if len(items) > 1:
        raise PathError(f"{name}() of several items")
    return elements.text(items[0]) if items else None


def to_integer(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    written = _single_text(items, "toInteger") or ""
    if written in ("true", "false"):
        return [int(written == "true")]
    value = int(written) if re.fullmatch(r"[+-]?[0-9]{1,10}", written) else _LARGEST + 1
    return [value] if -_LARGEST <= value <= _LARGEST else []


def to_decimal(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    written = _single_text(items, "toDecimal") or ""
    if written in ("true", "false"):
        return [Decimal(written == "true")]
    try:
        value = Decimal(written)
    except InvalidOperation:
        return []
    return [value] if value.is_finite() else []


_TRUE = frozenset(("true", "t", "yes", "y", "1", "1.0"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "0.0"))


def to_boolean(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    written = (_single_text(items, "toBoolean") or "").lower()
    return [written in _TRUE] if written in _TRUE | _FALSE else []


def to_date(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    found = temporal(_single_text(items, "toDateTime"))
    return [] if found is None else [found]


def to_time(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    found = time_of_day(_single_text(items, "toTime"))
    return [] if found is None else [found]


def to_quantity(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    if len(items) == 1 and (found := elements.measure(items[0])) is not None:
        return [found]
    written = re.fullmatch(
        r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*(?:'([^']*)'|([a-z]+))?",
        _single_text(items, "toQuantity") or "",
    )
    if written is None:
        return []
    return [Measure(Decimal(written[1]), written[2] or written[3] or "1")]


def _rounded(how: Callable[[Decimal], int]) -> Function:
    def function(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
        if len(items) != 1:
            return []
        value = items[0].value if isinstance(items[0], Element) else items[0]
        as_number = number(value)
        return [] if as_number is None else [how(as_number)]

    return function


def absolute(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    if len(items) != 1:
        return []
    value = items[0].value if isinstance(items[0], Element) else items[0]
    if isinstance(value, int) and not isinstance(value, bool):
        return [abs(value)]
    as_number = number(value)
    return [] if as_number is None else [abs(as_number)]


def _convertible(convert: Function) -> Function:
    def function(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
        return [bool(convert(items, arguments, scope))] if items else []

    return function


FUNCTIONS: dict[str, Function] = {
    "matches": _test(_matches),
    "matchesFull": _test(_matches_full),
    "contains": _test(lambda subject, given: given in subject),
    "startsWith": _test(str.startswith),
    "endsWith": _test(str.endswith),
    "upper": _change(str.upper),
    "lower": _change(str.lower),
    "trim": _change(str.strip),
    "length": length,
    "substring": substring,
    "indexOf": index_of,
    "replace": replace,
    "replaceMatches": replace_matches,
    "split": split,
    "join": join,
    "toChars": to_chars,
    "toString": to_string,
    "toInteger": to_integer,
    "toDecimal": to_decimal,
    "toBoolean": to_boolean,
    "toDate": to_date,
    "toDateTime": to_date,
    "toTime": to_time,
    "toQuantity": to_quantity,
    "convertsToInteger": _convertible(to_integer),
    "convertsToDecimal": _convertible(to_decimal),
    "convertsToBoolean": _convertible(to_boolean),
    "convertsToString": _convertible(to_string),
    "convertsToDate": _convertible(to_date),
    "convertsToDateTime": _convertible(to_date),
    "convertsToTime": _convertible(to_time),
    "convertsToQuantity": _convertible(to_quantity),
    "abs": absolute,
    "ceiling": _rounded(lambda value: int(value.to_integral_value("ROUND_CEILING"))),
    "floor": _rounded(lambda value: int(value.to_integral_value("ROUND_FLOOR"))),
    "truncate": _rounded(int),
}
