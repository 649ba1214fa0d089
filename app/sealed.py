"""The decorator of values: to the type checker a frozen dataclass, at run time a quick one.

A frozen dataclass stores each field by `object.__setattr__`, so to make one costs several times what
a plain one costs, and a submit makes hundreds. `mypy --strict` refuses every assignment before the
program runs; asking again each time buys nothing (docs/adr/0025-frozen-for-the-checker.md). Hash,
equality, `fields` and `replace` stay those of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

__all__ = ["changed", "sealed"]

_Class = TypeVar("_Class")
_Value = TypeVar("_Value")


def _thawed(
    *, frozen: bool, slots: bool = False, eq: bool = True, kw_only: bool = False
) -> Callable[[type[_Class]], type[_Class]]:
    """`dataclass` with these options, hashed as a frozen one. Raises ValueError if not `frozen`."""
    if not frozen:
        raise ValueError("A value says frozen=True; what changes is a dataclass.")
    return dataclass(slots=slots, eq=eq, unsafe_hash=eq, kw_only=kw_only)


def _changed(before: _Value, /, **others: Any) -> _Value:
    """`replace` by a function that is written for the class at its first change: two to three times
    as quick, as it asks for no field's description. TypeError for a field that there is not.
    """
    kind = before.__class__
    change = _CHANGES.get(kind)
    if change is None:
        change = _CHANGES[kind] = _change(kind)
    made: _Value = change(before, **others)
    return made


_CHANGES: dict[type, Callable[..., Any]] = {}
_KEPT = object()


def _change(kind: type) -> Callable[..., Any]:
    names = [each.name for each in fields(cast("Any", kind))]
    options = ", ".join(f"{name}=KEPT" for name in names)
    values = ", ".join(f"{name}=before.{name} if {name} is KEPT else {name}" for name in names)
    text = f"lambda before, /, *, {options}: kind({values})"
    made: Callable[..., Any] = eval(text, {"kind": kind, "KEPT": _KEPT})  # noqa: S307 - our names
    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as sealed
    from dataclasses import replace as changed
else:
    sealed, changed = _thawed, _changed
