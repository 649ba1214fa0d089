"""Frozen dataclasses of the domain to JSON and back without loss.

orjson writes dataclasses, tuples and enums by itself. Values that JSON has no type for carry a tag,
so that a union such as `Scalar` reads back as what it was: `{"$decimal": "0.50"}`,
`{"$date": "2026-11-25"}`, `{"$instant": "2026-11-25T09:00:00+00:00"}`. Reading is compiled once per
type from its annotations.
"""

from __future__ import annotations

import types
import uuid
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import orjson

T = TypeVar("T")
Reader = Callable[[Any], Any]

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def encode(value: object) -> bytes:
    """JSON of a dataclass, list or mapping; TypeError for what it cannot hold without loss."""
    return orjson.dumps(value, default=_tagged, option=_OPTIONS)


def decode(kind: type[T], content: bytes | str) -> T:
    """A `kind` from its JSON; ValueError, KeyError or TypeError when it is something else."""
    return revive(kind, orjson.loads(content))


def revive(kind: type[T], value: object) -> T:
    """A `kind` from parsed JSON, as `decode` does it."""
    reader: Reader = _reader(cast("Any", kind))
    return cast("T", reader(value))


def _tagged(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$instant": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


_UNTAG: Mapping[str, Reader] = MappingProxyType(
    {"$decimal": Decimal, "$instant": datetime.fromisoformat, "$date": date.fromisoformat}
)


def _untagged(value: Any) -> Any:
    ((tag, text),) = value.items()
    return _UNTAG[tag](text)


def _same(value: Any) -> Any:
    return value


@cache
def _reader(kind: Any) -> Reader:
    """The function that reads JSON of an annotation."""
    if kind in (str, int, float, bool, type(None), object, Any):
        return _same
    if kind in (Decimal, date, datetime):
        return _untagged
    if kind is uuid.UUID:
        return uuid.UUID
    if is_dataclass(kind):
        return _Dataclass(kind).read
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _container(kind)


def _container(kind: Any) -> Reader:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _Union(arguments).read
    if origin is tuple and arguments[-1] is Ellipsis:
        one = _reader(arguments[0])
        return lambda value: tuple([one(item) for item in value])
    if origin is tuple:
        each = tuple(_reader(argument) for argument in arguments)
        return lambda value: tuple([read(x) for read, x in zip(each, value, strict=True)])
    if origin is frozenset:
        one = _reader(arguments[0])
        return lambda value: frozenset(one(item) for item in value)
    if origin is dict:
        one = _reader(arguments[1])
        return _same if one is _same else lambda value: {k: one(v) for k, v in value.items()}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        one = _reader(arguments[1])
        return lambda value: MappingProxyType({k: one(v) for k, v in value.items()})
    raise TypeError(f"no JSON form for {kind}")


class _Dataclass:
    """Reads one dataclass; a field that an older program did not write gets its default."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self.names = frozenset(declared.name for declared in fields(kind))
        self.required = frozenset(
            declared.name
            for declared in fields(kind)
            if declared.default is MISSING and declared.default_factory is MISSING
        )
        self._readers: dict[str, Reader] | None = None

    def read(self, value: Any) -> Any:
        if self._readers is None:  # at first use, since a dataclass may hold itself
            hints = get_type_hints(self._kind)
            self._readers = {name: _reader(hints[name]) for name in self.names}
        readers = self._readers
        return self._kind(**{name: readers[name](item) for name, item in value.items()})


class _Union:
    """Chooses by the shape of the JSON: a tag, an object's keys, or a plain value."""

    def __init__(self, members: tuple[Any, ...]) -> None:
        self._dataclasses = tuple(
            (_Dataclass(kind), _reader(cast("Any", kind))) for kind in members if is_dataclass(kind)
        )
        plain = [kind for kind in members if not is_dataclass(kind)]
        self._tags = any(kind in (Decimal, date, datetime) for kind in plain)
        others = [_reader(kind) for kind in plain if kind not in (Decimal, date, datetime)]
        special = [read for read in others if read is not _same]
        self._plain = special[0] if len(special) == 1 and len(plain) <= 2 else _same
        if special and self._plain is _same:
            raise TypeError(f"no JSON form for a union of {members}")

    def read(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            return self._plain(value)
        if self._tags and len(value) == 1 and next(iter(value)).startswith("$"):
            return _untagged(value)
        for shape, read in self._dataclasses:
            if shape.required <= value.keys() <= shape.names:
                return read(value)
        return self._plain(value)
