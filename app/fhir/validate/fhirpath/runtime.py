"""What generated checks call. Values here are plain JSON; `Slow` sends the check to the plain road.

A "raw" value is what `dict.get` gave: None, one value, or a list of values.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .nodes import compare_temporal, temporal

NOTHING: tuple[Any, ...] = (None, [])


class Slow(Exception):
    """Rare data (a primitive without value, a list where FHIRPath wants one item): use the plain road."""


def spread(raw: Any) -> list[Any]:
    """A raw value as a list."""
    if raw is None:
        return []
    return raw if type(raw) is list else [raw]


def leaf(owner: dict[str, Any], name: str, beside: str) -> list[Any]:
    """The values of a primitive child; Slow if one has extensions but no value."""
    raw = owner.get(name)
    if raw is None:
        if beside in owner:
            raise Slow
        return []
    if type(raw) is not list:
        return [raw]
    if None in raw:
        raise Slow
    return raw


def walk(raw: Any, name: str) -> list[Any]:
    """The children called `name` of a raw value or list of objects."""
    if type(raw) is dict:
        found = raw.get(name)
        if found is None:
            return []
        return found if type(found) is list else [found]
    out: list[Any] = []
    for each in raw or ():
        if type(each) is dict:
            found = each.get(name)
            if type(found) is list:
                out += found
            elif found is not None:
                out.append(found)
    return out


def walk_leaf(raw: Any, name: str, beside: str) -> list[Any]:
    """As `walk`, for a primitive child."""
    out: list[Any] = []
    for each in (raw,) if type(raw) is dict else raw or ():
        if type(each) is dict:
            out += leaf(each, name, beside)
    return out


def pick(owner: dict[str, Any], names: Collection[str]) -> Any:
    """The value of a choice child, in whichever spelling it came."""
    for key in owner:
        if key in names:
            if key[0] == "_":
                if key[1:] in owner:
                    continue
                raise Slow
            return owner[key]
    return None


def picks(raw: Any, names: Collection[str]) -> list[Any]:
    """As `pick`, for each of several objects."""
    out: list[Any] = []
    for each in (raw,) if type(raw) is dict else raw or ():
        if type(each) is dict:
            out += spread(pick(each, names))
    return out


def extensions(raw: Any, url: str) -> list[Any]:
    """The extensions and modifier extensions of that url."""
    out: list[Any] = []
    for each in (raw,) if type(raw) is dict else raw or ():
        found = each.get("extension")
        if found:
            out += [one for one in found if one.get("url") == url]
        found = each.get("modifierExtension")
        if found:
            out += [one for one in found if one.get("url") == url]
    return out


def count(raw: Any) -> int:
    """How many items a raw value stands for."""
    if raw is None:
        return 0
    return len(raw) if type(raw) is list else 1


def tri(raw: Any) -> bool | None:
    """A raw value where a boolean is due; Slow for several items."""
    if type(raw) is list:
        if len(raw) > 1:
            raise Slow
        raw = raw[0] if raw else None
    if raw is None or raw is True or raw is False:
        return raw
    return True


def one(raw: Any) -> Any:
    """The single item of a raw value, None without one; Slow for several."""
    if type(raw) is list:
        if len(raw) > 1:
            raise Slow
        return raw[0] if raw else None
    return raw


def text(raw: Any) -> str | None:
    """The single string of a raw value, None without one; Slow for anything else."""
    if type(raw) is str:
        return raw
    found = one(raw)
    if found is None or type(found) is str:
        return found
    raise Slow


def figure(raw: Any) -> int | float | None:
    """The single number of a raw value, None without one; Slow for anything else."""
    found = one(raw)
    if found is None or type(found) is int or type(found) is float:
        return found
    raise Slow


def moments(left: Any, right: Any) -> int | None:
    """The order of two dates or dateTimes; None if it is open or one is missing."""
    before, after = text(left), text(right)
    if before is None or after is None:
        return None
    if len(before) == 10 and len(after) == 10:
        return (before > after) - (before < after)
    first, second = temporal(before), temporal(after)
    if first is None or second is None:
        raise Slow
    return compare_temporal(first, second)


def stated(raw: Any) -> str | None:
    """The resourceType of the single item, None without one; Slow if it states none."""
    found = one(raw)
    if found is None:
        return None
    name = found["resourceType"]
    if type(name) is not str:
        raise Slow
    return name


NAMES: dict[str, Any] = {
    "NOTHING": NOTHING,
    "spread": spread,
    "leaf": leaf,
    "walk": walk,
    "walk_leaf": walk_leaf,
    "pick": pick,
    "picks": picks,
    "extensions": extensions,
    "count": count,
    "tri": tri,
    "one": one,
    "text": text,
    "figure": figure,
    "moments": moments,
    "stated": stated,
}
