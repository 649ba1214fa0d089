"""FHIRPath functions that pick, test and combine items. Each takes (items, arguments, scope)."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from . import elements
from .elements import Items, equals, truth
from .nodes import Element, PathError, number
from .scope import Evaluate, Scope

Function = Callable[[Items, list[Evaluate], Scope], Items]


def _each(items: Items, argument: Evaluate, scope: Scope) -> list[bool | None]:
    return [truth(argument(scope.at(item, index))) for index, item in enumerate(items)]


def where(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    verdicts = _each(items, arguments[0], scope)
    return [item for item, verdict in zip(items, verdicts, strict=True) if verdict is True]


def select(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    found: Items = []
    for index, item in enumerate(items):
        found.extend(arguments[0](scope.at(item, index)))
    return found


def exists(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    if arguments:
        return [True in _each(items, arguments[0], scope)]
    return [not _nothing(items)]


def _nothing(items: Items) -> bool:
    # As in HL7's engine: an object without content does not exist.
    return all(isinstance(item, Element) and item.value == {} for item in items)


def every(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    if arguments:
        return [all(verdict is True for verdict in _each(items, arguments[0], scope))]
    return [all(truth([item]) is True for item in items)]


def _quantified(wanted: bool, some: bool) -> Function:
    def function(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
        verdicts = [truth([item]) is wanted for item in items]
        return [any(verdicts) if some else all(verdicts)]

    return function


def empty(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return [_nothing(items)]


def count(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return [len(items)]


def negate(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    verdict = truth(items)
    return [] if verdict is None else [not verdict]


def first(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return items[:1]


def last(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return items[-1:]


def tail(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return items[1:]


def skip(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    return items[max(0, whole(arguments[0], scope)) :]


def take(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    return items[: max(0, whole(arguments[0], scope))]


def single(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    if len(items) > 1:
        raise PathError("single() of several items")
    return items


def whole(argument: Evaluate, scope: Scope) -> int:
    """An argument as an integer; PathError if it is not exactly one."""
    given = argument(scope)
    value = given[0].value if len(given) == 1 and isinstance(given[0], Element) else given
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(value, bool) or not isinstance(value, int):
        raise PathError("an integer argument was expected")
    return value


def key_of(item: object) -> object | None:
    """A hashable stand-in with the same equality, None where only `equals` can tell."""
    when = elements.moment(item)
    if when is not None:
        return (when.parts, when.zoned and len(when.parts) > 3, when.clock)
    value = item.value if isinstance(item, Element) else item
    if elements.is_primitive(item):
        as_number = number(value)
        return as_number if as_number is not None else elements.text(item)
    if elements.measure(item) is not None:
        return None
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return None


class Known:
    """Items that can be asked for quickly, so that many of them do not make a check slow."""

    def __init__(self, items: Items) -> None:
        self._keys: set[object] = set()
        self._odd: Items = []
        for item in items:
            self.add(item)

    def __contains__(self, item: object) -> bool:
        key = key_of(item)
        if key is not None:
            return key in self._keys
        return any(equals(other, item) is True for other in self._odd)

    def add(self, item: object) -> None:
        """Know one more."""
        key = key_of(item)
        if key is None:
            self._odd.append(item)
        else:
            self._keys.add(key)


def merge(items: Items) -> Items:
    """`items` without repetitions, in order."""
    known, found = Known([]), []
    for item in items:
        if item not in known:
            known.add(item)
            found.append(item)
    return found


def distinct(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return merge(items)


def is_distinct(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return [len(merge(items)) == len(items)]


def subset_of(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    other = Known(arguments[0](scope))
    return [all(item in other for item in items)]


def superset_of(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    known = Known(items)
    return [all(item in known for item in arguments[0](scope))]


def intersect(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    other = Known(arguments[0](scope))
    return merge([item for item in items if item in other])


def exclude(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    other = Known(arguments[0](scope))
    return [item for item in items if item not in other]


def combine(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    return items + arguments[0](scope)


def union(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    return merge(items + arguments[0](scope))


def repeat(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    # Elements are told apart by identity, so a document cannot make this loop forever.
    found: Items = []
    known: set[int] = set()
    level = items
    while level:
        added: Items = []
        for item in level:
            for one in arguments[0](scope.at(item)):
                mark = id(_inside(one))
                if mark not in known:
                    known.add(mark)
                    added.append(one)
        found.extend(added)
        level = added
    return found


def _inside(item: object) -> object:
    return item.value if isinstance(item, Element) else item


def aggregate(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    total: Items = arguments[1](scope) if len(arguments) > 1 else []
    for index, item in enumerate(items):
        inner = scope.at(item, index)
        inner.total = total
        total = arguments[0](inner)
    return total


def children(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return [child for item in items for child in elements.children(item)]


def descendants(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    return list(elements.descendants(items))


def iif(items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    if len(items) > 1:
        raise PathError("iif() of several items")
    inner = scope.at(items[0]) if items else scope.nowhere()
    if truth(arguments[0](inner)) is True:
        return arguments[1](inner)
    return arguments[2](inner) if len(arguments) > 2 else []


def trace(items: Items, _arguments: list[Evaluate], _scope: Scope) -> Items:
    # What it would print is a person's data; an invariant only needs the value passed on.
    return items


def coalesce(_items: Items, arguments: list[Evaluate], scope: Scope) -> Items:
    for argument in arguments:
        found = argument(scope)
        if found:
            return found
    return []


FUNCTIONS: dict[str, Function] = {
    "where": where,
    "select": select,
    "exists": exists,
    "all": every,
    "allTrue": _quantified(True, some=False),
    "allFalse": _quantified(False, some=False),
    "anyTrue": _quantified(True, some=True),
    "anyFalse": _quantified(False, some=True),
    "empty": empty,
    "count": count,
    "not": negate,
    "first": first,
    "last": last,
    "tail": tail,
    "skip": skip,
    "take": take,
    "single": single,
    "distinct": distinct,
    "isDistinct": is_distinct,
    "subsetOf": subset_of,
    "supersetOf": superset_of,
    "intersect": intersect,
    "exclude": exclude,
    "combine": combine,
    "union": union,
    "repeat": repeat,
    "aggregate": aggregate,
    "children": children,
    "descendants": descendants,
    "iif": iif,
    "trace": trace,
    "coalesce": coalesce,
}
