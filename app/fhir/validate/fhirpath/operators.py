"""The operators of FHIRPath on two collections, three-valued where FHIRPath is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from . import elements, model
from .elements import Items, equals, order, truth
from .nodes import Element, NotSupported, PathError, number
from .selecting import Known, merge

Operator = Callable[[Items, Items], Items]


def _tri(verdict: bool | None) -> Items:
    return [] if verdict is None else [verdict]


def both(left: Items, right: Items) -> Items:
    one, other = truth(left), truth(right)
    if one is False or other is False:
        return [False]
    return [True] if one and other else []


def either(left: Items, right: Items) -> Items:
    one, other = truth(left), truth(right)
    if one or other:
        return [True]
    return [] if one is None or other is None else [False]


def one_of(left: Items, right: Items) -> Items:
    one, other = truth(left), truth(right)
    return [] if one is None or other is None else [one is not other]


def implies(left: Items, right: Items) -> Items:
    one = truth(left)
    if one is False:
        return [True]
    other = truth(right)
    if other is True:
        return [True]
    return [] if one is None or other is None else [False]


def same(left: Items, right: Items) -> bool | None:
    """`left = right`: None if either is empty or a pair leaves it open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    verdicts = [equals(one, other) for one, other in zip(left, right, strict=True)]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def equal(left: Items, right: Items) -> Items:
    return _tri(same(left, right))


def unequal(left: Items, right: Items) -> Items:
    verdict = same(left, right)
    return [] if verdict is None else [not verdict]


def _loose(item: object) -> object:
    written = elements.text(item) if elements.is_primitive(item) else None
    return None if written is None else " ".join(written.lower().split())


def _alike(one: object, other: object) -> bool:
    if equals(one, other) is True:
        return True
    plain = _loose(one)
    return plain is not None and plain == _loose(other)


def equivalent(left: Items, right: Items) -> Items:
    return [len(left) == len(right) and all(any(_alike(a, b) for b in right) for a in left)]


def not_equivalent(left: Items, right: Items) -> Items:
    return [not equivalent(left, right)[0]]


def _ordered(holds: Callable[[int], bool]) -> Operator:
    def operator(left: Items, right: Items) -> Items:
        found = order(left, right)
        return [] if found is None else [holds(found)]

    return operator


def union(left: Items, right: Items) -> Items:
    return merge(left + right)


def member_of(left: Items, right: Items) -> Items:
    if len(left) > 1:
        raise PathError("`in` with several items on its left")
    return [left[0] in Known(right)] if left else []


def holds_member(left: Items, right: Items) -> Items:
    return member_of(right, left)


def join(left: Items, right: Items) -> Items:
    if len(left) > 1 or len(right) > 1:
        raise PathError("`&` of several items")
    return ["".join(elements.text(item) or "" for item in left + right)]


def _value(items: Items) -> Any:
    if len(items) > 1:
        raise PathError("arithmetic on several items")
    return items[0].value if isinstance(items[0], Element) else items[0]


def plus(left: Items, right: Items) -> Items:
    if not left or not right:
        return []
    one, other = _value(left), _value(right)
    texts = {elements.type_name(left[0]), elements.type_name(right[0])} <= model.TEXTS
    if texts and isinstance(one, str) and isinstance(other, str):
        return [one + other]
    return _arithmetic(lambda a, b: a + b)(left, right)


def _arithmetic(work: Callable[[Any, Any], Any]) -> Operator:
    def operator(left: Items, right: Items) -> Items:
        if not left or not right:
            return []
        one, other = _value(left), _value(right)
        if type(one) is int and type(other) is int:
            return _work(work, one, other)
        first, second = number(one), number(other)
        if first is None or second is None:
            if any(map(_has_calendar_or_unit, (left[0], right[0]))):
                raise NotSupported("arithmetic on dates and quantities")
            raise PathError("arithmetic on something else than numbers")
        return _work(work, first, second)

    return operator


def _has_calendar_or_unit(item: object) -> bool:
    return elements.moment(item) is not None or elements.measure(item) is not None


def _work(work: Callable[[Any, Any], Any], one: Any, other: Any) -> Items:
    try:
        return [work(one, other)]
    except (ZeroDivisionError, DivisionByZero, InvalidOperation):
        return []


def _whole_division(one: Any, other: Any) -> int:
    return int(Decimal(one) / Decimal(other))


def _remainder(one: Any, other: Any) -> Any:
    return one - other * _whole_division(one, other)


OPERATORS: dict[str, Operator] = {
    "and": both,
    "or": either,
    "xor": one_of,
    "implies": implies,
    "=": equal,
    "!=": unequal,
    "~": equivalent,
    "!~": not_equivalent,
    "<": _ordered(lambda sign: sign < 0),
    "<=": _ordered(lambda sign: sign <= 0),
    ">": _ordered(lambda sign: sign > 0),
    ">=": _ordered(lambda sign: sign >= 0),
    "|": union,
    "&": join,
    "+": plus,
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: Decimal(a) / Decimal(b)),
    "div": _arithmetic(_whole_division),
    "mod": _arithmetic(_remainder),
    "in": member_of,
    "contains": holds_member,
}
