"""Walking FHIR JSON as FHIRPath sees it: children, choices, primitives with their `_name` siblings."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from . import model
from .nodes import (
    Element,
    Measure,
    PathError,
    Temporal,
    compare_temporal,
    number,
    temporal,
    time_of_day,
)

Items = list[Any]


def wrap(value: object, type_name: str, beside: object = None) -> Element:
    """The element for one JSON value; a resource takes the type that it states."""
    return Element(value, model.concrete(type_name, value), beside)


def _spread(value: Any, beside: Any, type_name: str, found: Items) -> None:
    if isinstance(value, list):
        others = beside if isinstance(beside, list) else []
        for position in range(max(len(value), len(others))):
            one = value[position] if position < len(value) else None
            other = others[position] if position < len(others) else None
            if one is not None or other is not None:
                found.append(wrap(one, type_name, other))
    elif isinstance(beside, list) and value is None:
        found.extend(wrap(None, type_name, other) for other in beside if other is not None)
    elif value is not None or beside is not None:
        found.append(wrap(value, type_name, beside))


def member(item: object, name: str, found: Items) -> None:
    """Append the children of `item` called `name` to `found`, whatever spelling a choice has."""
    if isinstance(item, Measure):
        parts: dict[str, Any] = {"value": item.value, "code": item.unit}
        found.extend([parts[name]] if name in parts else [])
        return
    if not isinstance(item, Element):
        return
    inside = item.value
    if not isinstance(inside, dict):
        inside = item.beside if name in ("extension", "id") else None
        if not isinstance(inside, dict):
            return
        _spread(inside.get(name), None, "Extension" if name == "extension" else "string", found)
        return
    spellings = model.choices(item.type, name)
    if spellings is None:
        _spread(inside.get(name), inside.get("_" + name), model.type_of(item.type, name), found)
        return
    for key in inside:
        spelled = key[1:] if key[:1] == "_" else key
        type_name = spellings.get(spelled)
        if type_name is not None and (spelled is key or spelled not in inside):
            _spread(inside.get(spelled), inside.get("_" + spelled), type_name, found)


def children(item: object) -> Items:
    """All direct children of an element, in JSON order."""
    found: Items = []
    if isinstance(item, Element):
        inside = item.value if isinstance(item.value, dict) else item.beside
        type_name = item.type if isinstance(item.value, dict) else "Element"
        for key in inside if isinstance(inside, dict) else ():
            name = key[1:] if key[:1] == "_" else key
            if key == "resourceType" or (name is not key and name in inside):
                continue
            _spread(inside.get(name), inside.get("_" + name), model.type_of(type_name, name), found)
    return found


def descendants(items: Items) -> Iterator[Any]:
    """Every element below `items`, level by level."""
    level = items
    while level:
        level = [child for item in level for child in children(item)]
        yield from level


def type_name(item: object) -> str:
    """The FHIR type name of an item; a system value has the name of its FHIR twin."""
    if isinstance(item, Element):
        return item.type
    if isinstance(item, bool):
        return "boolean"
    if isinstance(item, int):
        return "integer"
    if isinstance(item, Decimal):
        return "decimal"
    if isinstance(item, Temporal):
        return "time" if item.clock else "date" if len(item.parts) <= 3 else "dateTime"
    return "Quantity" if isinstance(item, Measure) else "string"


def is_primitive(item: object) -> bool:
    """Whether the item is a single value, with or without extensions."""
    if isinstance(item, Element):
        return not isinstance(item.value, dict | list) and "." not in item.type.removeprefix(
            "System."
        )
    return not isinstance(item, Measure)


def text(item: object) -> str | None:
    """The item as FHIR would write it; None without a value and for what has parts."""
    value = item.value if isinstance(item, Element) else item
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Temporal):
        return value.text
    if isinstance(value, Measure):
        return f"{value.value} '{value.unit}'"
    as_number = number(value)
    return None if as_number is None else str(as_number)


def moment(item: object) -> Temporal | None:
    """The item as a date or time where its type is one."""
    if isinstance(item, Temporal):
        return item
    if isinstance(item, Element):
        if item.type in model.MOMENTS:
            return temporal(item.value)
        if item.type == "time":
            return time_of_day(item.value)
    return None


def measure(item: object) -> Measure | None:
    """The item as number and unit where it is a Quantity with a value."""
    if isinstance(item, Measure):
        return item
    if (
        isinstance(item, Element)
        and isinstance(item.value, dict)
        and model.is_a(item.type, "Quantity")
    ):
        value = number(item.value.get("value"))
        unit = item.value.get("code", item.value.get("unit"))
        if value is not None:
            return Measure(value, unit if isinstance(unit, str) else "")
    return None


def equals(left: object, right: object) -> bool | None:
    """FHIRPath `=` for two items; None where precision or units leave it open."""
    one, other = moment(left), moment(right)
    if one is not None and other is not None and one.clock is other.clock:
        order = compare_temporal(one, other)
        if one.zoned is not other.zoned and order == 0 and len(one.parts) > 3:
            return None
        return None if order is None else order == 0
    first, second = measure(left), measure(right)
    if first is not None and second is not None:
        return first.value == second.value if first.unit == second.unit else None
    if is_primitive(left) and is_primitive(right):
        return _same_value(left, right)
    if isinstance(left, Element) and isinstance(right, Element):
        return bool(left.value == right.value)
    return False


def _same_value(left: object, right: object) -> bool:
    one = number(left.value if isinstance(left, Element) else left)
    other = number(right.value if isinstance(right, Element) else right)
    if one is not None and other is not None:
        return one == other
    return text(left) == text(right)


def truth(items: Items) -> bool | None:
    """The three-valued reading of a collection: None if empty; PathError for several items."""
    if not items:
        return None
    if len(items) > 1:
        raise PathError("one item was expected where there are several")
    item = items[0]
    value = item.value if isinstance(item, Element) else item
    if isinstance(value, bool):
        return value
    return None if isinstance(item, Element) and item.type == "boolean" else True


def order(left: Items, right: Items) -> int | None:
    """-1, 0 or 1 for two single items; None if either is missing or the answer is open."""
    if not left or not right:
        return None
    if len(left) > 1 or len(right) > 1:
        return None
    one, other = left[0], right[0]
    when, then = moment(one), moment(other)
    if when is not None and then is not None:
        return compare_temporal(when, then)
    first, second = measure(one), measure(other)
    if first is not None and second is not None:
        return _sign(first.value, second.value) if first.unit == second.unit else None
    if not is_primitive(one) or not is_primitive(other):
        return None
    return _order_values(one, other)


def _order_values(one: object, other: object) -> int | None:
    first = number(one.value if isinstance(one, Element) else one)
    second = number(other.value if isinstance(other, Element) else other)
    if first is not None and second is not None:
        return _sign(first, second)
    before, after = text(one), text(other)
    if before is None or after is None:
        return None
    if type_name(one) in model.TEXTS and type_name(other) in model.TEXTS:
        return _sign(before, after)
    raise PathError(f"{type_name(one)} and {type_name(other)} cannot be compared")


def _sign(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)
