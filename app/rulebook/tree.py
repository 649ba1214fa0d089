"""YAML with line numbers, and exactly the scalars that a policy needs.

YAML 1.1 would read `NO` as false, `0024` as twenty and `1.10` as 1.1: fatal for states, revenue codes
and versions. Here a plain scalar stays text until a reader asks for a number, a date or a yes/no.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import cast

import yaml

from app.errors import BadData

_MAX_DEPTH = 60


@dataclass(slots=True)
class Node:
    """A scalar (`text`), a list (`items`) or a mapping (`fields`), and where it stands."""

    file: str
    line: int
    text: str | None = None
    items: list[Node] | None = None
    fields: dict[str, Node] | None = None
    quoted: bool = False

    def wrong(self, what: str) -> BadData:
        """An error that names this place: raise it."""
        return BadData(f"{self.file}:{self.line}: {what}")

    @property
    def empty(self) -> bool:
        """Nothing was written here (`key:` or `key: ~`)."""
        return self.text in ("", "~", "null") and not self.quoted

    def word(self) -> str:
        """A text on one line or several."""
        if self.text is None or self.empty:
            raise self.wrong("expected a text here")
        return self.text

    def number(self) -> Decimal:
        """A plain decimal number."""
        try:
            value = Decimal(self.word())
        except InvalidOperation:
            raise self.wrong(f"expected a number, found {self.text!r}") from None
        if not value.is_finite():
            raise self.wrong(f"expected a number, found {self.text!r}")
        return value

    def whole(self) -> int:
        """A whole number."""
        value = self.number()
        if value != value.to_integral_value():
            raise self.wrong(f"expected a whole number, found {self.text!r}")
        return int(value)

    def yes_no(self) -> bool:
        """`true` or `false`, also written yes or no."""
        known = {"true": True, "yes": True, "false": False, "no": False}
        word = self.word().lower()
        if word not in known:
            raise self.wrong(f"expected yes or no, found {self.text!r}")
        return known[word]

    def day(self) -> date:
        """A calendar day, `2026-11-22`."""
        try:
            return date.fromisoformat(self.word())
        except ValueError:
            raise self.wrong(f"expected a day like 2026-11-22, found {self.text!r}") from None

    def one_of(self, allowed: tuple[str, ...] | list[str]) -> str:
        """One of the words in `allowed`."""
        word = self.word()
        if word not in allowed:
            raise self.wrong(f"{word!r} is not one of {', '.join(allowed)}{_meant(word, allowed)}")
        return word

    def listed(self) -> list[Node]:
        """The items of a list; a single value counts as a list of one."""
        if self.items is not None:
            return self.items
        if self.fields is not None:
            raise self.wrong("expected a list here (lines that begin with `- `)")
        return [] if self.empty else [self]

    def words(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(item.word() for item in self.listed())

    def mapped(self) -> dict[str, Node]:
        """The fields of a mapping."""
        if self.fields is None:
            raise self.wrong("expected `name: value` lines here")
        return self.fields


class Fields:
    """A mapping being read: knows which names were asked for, so that a typing error is found."""

    def __init__(self, node: Node, what: str) -> None:
        self.node = node
        self.what = what
        self._fields = node.mapped()
        self._asked: set[str] = set()

    def need(self, name: str) -> Node:
        """The value of a name that must be there."""
        found = self.get(name)
        if found is None:
            raise self.node.wrong(f"{self.what} needs `{name}:`")
        return found

    def get(self, name: str) -> Node | None:
        """The value of a name, or None."""
        self._asked.add(name)
        found = self._fields.get(name)
        if found is None or (found.text is not None and found.empty):
            return None
        return found

    def has(self, name: str) -> bool:
        """Whether the name was written, without counting it as read."""
        return name in self._fields

    def names(self) -> Iterator[str]:
        """All names as written."""
        return iter(self._fields)

    def done(self) -> None:
        """Refuse names that nobody asked for."""
        for name, node in self._fields.items():
            if name not in self._asked:
                allowed = sorted(self._asked)
                raise node.wrong(
                    f"{self.what} has no `{name}:`{_meant(name, allowed)} "
                    f"(it may have {', '.join(allowed)})"
                )


def _meant(word: str, allowed: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(word, allowed, 1)
    return f"; did you mean {close[0]}?" if close else ""


def parse(text: str, file: str) -> Node:
    """The tree of one YAML document; BadData with file and line for what is not YAML."""
    try:
        root = _Builder(text, file).document()
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        line = mark.line + 1 if mark is not None else 1
        raise BadData(f"{file}:{line}: this is not YAML: {fault.problem}") from None
    except yaml.YAMLError as fault:
        raise BadData(f"{file}:1: this is not YAML: {fault}") from None
    if root is None:
        raise BadData(f"{file}:1: the file is empty")
    return root


class _Builder:
    """Builds nodes from libyaml's events: several times faster than yaml.compose."""

    def __init__(self, text: str, file: str) -> None:
        self._parser = yaml.CSafeLoader(text)
        self._next = self._parser.get_event
        self._file = file
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        try:
            root: Node | None = None
            while (event := self._next()) is not None:
                if isinstance(event, yaml.NodeEvent):
                    if root is not None:
                        raise BadData(f"{self._file}:1: one document per file, found a second one")
                    root = self._node(event, 0)
            return root
        finally:
            self._parser.dispose()

    def _node(self, event: yaml.Event | None, depth: int) -> Node:
        if type(event) is yaml.ScalarEvent:
            node = Node(self._file, _line(event), event.value, None, None, event.style in _QUOTES)
            if event.anchor:
                self._anchors[event.anchor] = node
            return node
        return self._structure(cast("yaml.NodeEvent", event), depth)

    def _structure(self, event: yaml.NodeEvent, depth: int) -> Node:
        line = _line(event)
        if depth > _MAX_DEPTH:
            raise BadData(f"{self._file}:{line}: nested more than {_MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise BadData(f"{self._file}:{line}: no anchor `&{event.anchor}` stands above")
            return self._anchors[event.anchor]
        node = Node(self._file, line)
        if isinstance(event, yaml.SequenceStartEvent):
            node.items = self._sequence(depth + 1)
        else:
            node.fields = self._mapping(depth + 1)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, depth: int) -> list[Node]:
        items = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._node(event, depth))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        fields: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._node(event, depth)
            name = key.text
            if name is None:
                raise key.wrong("expected a name before the colon")
            value = self._node(self._next(), depth)
            if name == "<<":
                merged.update(value.mapped())
            elif name in fields:
                raise key.wrong(f"`{name}:` stands twice here")
            else:
                fields[name] = value
        return {**merged, **fields} if merged else fields


_QUOTES = ("'", '"')


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark is not None else 1
