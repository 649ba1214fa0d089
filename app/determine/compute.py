"""Facts computed from other facts: body mass index, days between, percentages, vials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal

from app.determine.dates import day_of, has_time, instant, whole_months, whole_years
from app.domain.facts import Fact, Source
from app.domain.policy import Expression, FactSpec
from app.domain.values import Scalar

Look = Callable[[str], Fact]


class _Unknown(Exception):
    """An operand is not known, or cannot be computed with."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def compute(spec: FactSpec, expression: Expression, look: Look) -> Fact:
    """The value of a derived fact; unknown when an operand that counts is unknown."""
    used: list[Fact] = []
    try:
        value = _value(expression, look, used)
    except _Unknown as fault:
        return Fact(spec.name, False, unit=spec.unit, why_unknown=fault.why)
    sources: tuple[Source, ...] = tuple(
        dict.fromkeys(source for fact in used for source in fact.sources)
    )
    dates = [fact.at for fact in used if fact.at is not None]
    return Fact(spec.name, True, value, spec.unit, max(dates, key=instant, default=None), sources)


def _value(expression: Expression, look: Look, used: list[Fact]) -> Scalar:
    operation, operands = expression.operation, expression.operands
    if expression.number is not None:
        return expression.number
    if operation == "fact":
        fact = look(expression.fact)
        if not fact.known or fact.value is None:
            raise _Unknown(fact.why_unknown or "missing")
        used.append(fact)
        return fact.value
    if operation == "first-known":
        return _first_known(operands, look, used)
    values = [_value(each, look, used) for each in operands]
    if operation.endswith("-between"):
        return _between(operation, values[0], values[1])
    if operation in ("day-of", "midnight-after"):
        return _day(operation, values[0])
    numbers = [each for each in values if isinstance(each, Decimal)]
    if len(numbers) != len(values):
        raise _Unknown("not-an-option")
    return _arithmetic(operation, numbers)


def _first_known(operands: tuple[Expression, ...], look: Look, used: list[Fact]) -> Scalar:
    why = "missing"
    for each in operands:
        tried: list[Fact] = []
        try:
            value = _value(each, look, tried)
        except _Unknown as fault:
            why = fault.why
            continue
        used.extend(tried)
        return value
    raise _Unknown(why)


def _between(operation: str, start: Scalar, end: Scalar) -> Decimal:
    if not isinstance(start, date) or not isinstance(end, date):
        raise _Unknown("not-an-option")
    match operation:
        case "days-between":
            return Decimal((day_of(end) - day_of(start)).days)
        case "months-between":
            return Decimal(whole_months(day_of(start), day_of(end)))
        case "years-between":
            return Decimal(whole_years(day_of(start), day_of(end)))
        case _:
            if not (has_time(start) and has_time(end)):
                raise _Unknown("no-time")
            return Decimal((instant(end) - instant(start)).total_seconds()) / 3600


def _day(operation: str, value: Scalar) -> date:
    if not isinstance(value, date):
        raise _Unknown("not-an-option")
    if operation == "day-of":
        return day_of(value)
    if not isinstance(value, datetime):
        raise _Unknown("no-time")
    return datetime.combine(value.date() + timedelta(days=1), time(), value.tzinfo)


def _arithmetic(operation: str, numbers: list[Decimal]) -> Decimal:
    first = numbers[0]
    match operation:
        case "sum":
            return sum(numbers, Decimal(0))
        case "product":
            product = Decimal(1)
            for number in numbers:
                product *= number
            return product
        case "lowest":
            return min(numbers)
        case "highest":
            return max(numbers)
        case "ceiling":
            return first.to_integral_value(ROUND_CEILING)
        case "difference":
            return first - numbers[1]
        case "ratio":
            return first / _not_zero(numbers[1])
        case "percent":
            return first / _not_zero(numbers[1]) * 100
        case "percent-fall":
            return (first - numbers[1]) / _not_zero(first) * 100
        case _:
            metres = _not_zero(numbers[1]) / 100
            return first / (metres * metres)


def _not_zero(number: Decimal) -> Decimal:
    if not number:
        raise _Unknown("implausible")
    return number
