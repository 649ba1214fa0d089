"""A JSON document as lines of text, with each issue at the line of its element."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.errors import Issue

_AROUND = 2
_LINE = re.compile(r"\bline (\d+)\b")
_LAST = re.compile(r"(\.[^.\[]+|\[\d+\])$")


@dataclass(slots=True)
class Line:
    """One line: its number, its text, where it stands, and what is said about it."""

    number: int
    text: str
    places: tuple[str, ...] = ()
    issues: list[Issue] = field(default_factory=list)


def annotated(sent: str, document: Any, issues: Sequence[Issue]) -> list[Line]:
    """The lines near an issue, each issue at its element or the nearest one that is there.

    `document` is what `sent` was read as, None when it is no JSON: then the text itself is shown. A
    line without text and number 0 stands for lines that are left out.
    """
    if document is None:
        lines = [Line(number, text) for number, text in enumerate(sent.splitlines() or [""], 1)]
    else:
        texts = list(_written(document, "", ()))
        lines = [Line(number, text, places) for number, (text, places) in enumerate(texts, 1)]
    places = {place: line for line in reversed(lines) for place in line.places}
    for issue in issues:
        _line_of(issue, lines, places).issues.append(issue)
    return list(_near(lines))


def _line_of(issue: Issue, lines: Sequence[Line], places: dict[str, Line]) -> Line:
    at = issue.at
    while at and at not in places:
        shorter = _LAST.sub("", at)
        at = shorter if shorter != at else ""
    if at:
        return places[at]
    named = _LINE.search(issue.message)
    return lines[min(int(named[1]), len(lines)) - 1] if named and not lines[0].places else lines[0]


def _near(lines: Sequence[Line]) -> Iterator[Line]:
    marked = [n for n, line in enumerate(lines) if line.issues]
    wanted = sorted({k for n in marked for k in range(max(n - _AROUND, 0), n + _AROUND + 1)})
    before = -1
    for n in wanted:
        if n < len(lines):
            if n != before + 1:
                yield Line(0, "")
            yield lines[n]
            before = n


def _written(
    value: Any, start: str, places: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each line of `value` with its places: from the root, and from each resource around it."""
    if isinstance(value, dict) and value:
        kind = value.get("resourceType")
        if isinstance(kind, str):
            places = (*places, kind) if places != ("",) else (kind,)
        yield f"{start}{{", places
        pairs = [(f'"{name}": ', each, _below(places, name)) for name, each in value.items()]
        yield from _inside(pairs)
        yield "}", ()
    elif isinstance(value, list) and value:
        yield f"{start}[", places
        items = [("", each, tuple(f"{p}[{n}]" for p in places)) for n, each in enumerate(value)]
        yield from _inside(items)
        yield "]", ()
    else:
        yield start + orjson.dumps(value).decode(), places


def _below(places: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(f"{place}.{name}" if place else name for place in places) or (name,)


def _inside(
    parts: Sequence[tuple[str, Any, tuple[str, ...]]],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for number, (start, value, places) in enumerate(parts):
        lines = list(_written(value, start, places))
        for n, (text, at) in enumerate(lines):
            comma = "," if n == len(lines) - 1 and number < len(parts) - 1 else ""
            yield f"  {text}{comma}", at
