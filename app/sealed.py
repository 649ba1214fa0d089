"""The decorator of values: to the type checker a frozen dataclass, at run time a quick one.

A frozen dataclass stores each field by `object.__setattr__`, so to make one costs several times what
a plain one costs, and a submit makes hundreds. `mypy --strict` refuses every assignment before the
program runs; asking again each time buys nothing (docs/adr/0025-frozen-for-the-checker.md). Hash,
equality, `fields` and `replace` stay those of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

__all__ = ["sealed"]

_Class = TypeVar("_Class")


def _thawed(
    *, frozen: bool, slots: bool = False, eq: bool = True, kw_only: bool = False
) -> Callable[[type[_Class]], type[_Class]]:
    """`dataclass` with these options, hashed as a frozen one. Raises ValueError if not `frozen`."""
    if not frozen:
        raise ValueError("A value says frozen=True; what changes is a dataclass.")
    return dataclass(slots=slots, eq=eq, unsafe_hash=eq, kw_only=kw_only)


if TYPE_CHECKING:
    from dataclasses import dataclass as sealed
else:
    sealed = _thawed
