"""Reads the small things of a rulebook file: texts, spans of time, periods, citations, conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from app.domain.coverage import Funding, LineOfBusiness
from app.domain.decision import Citation
from app.domain.policy import EVERYWHERE, PolicySource, Span, Terms, Unverified, Where
from app.domain.values import Period, Text
from app.rulebook.tree import Fields, Node
from app.sealed import sealed

_SPAN_PART = re.compile(r"\s*([+-]?\d+)\s*(hour|day|week|month|year)s?\b\s*(.*)\Z", re.DOTALL)
LANGUAGES = ("en", "es")


@dataclass
class FileState:
    """What is known while one file is read: its sources, and the marks collected on the way."""

    terms: Terms
    lists: Mapping[str, tuple[ListRow, ...]]
    sources: dict[str, PolicySource] = field(default_factory=dict)
    unverified: list[Unverified] = field(default_factory=list)


@sealed(frozen=True, slots=True)
class ListRow:
    """A row of a public list: a code, when and where it is on it, and beside which other codes."""

    code: str
    category: str
    period: Period
    states: frozenset[str]
    beside: frozenset[str]


def text(node: Node) -> Text:
    """A sentence by language. A bare text is English alone."""
    if node.fields is None:
        return {"en": " ".join(node.word().split())}
    fields = Fields(node, "a text")
    read = {name: " ".join(value.word().split()) for name, value in node.fields.items()}
    fields.need("en")
    fields.get("es")
    fields.done()
    return read


def optional_text(node: Node | None) -> Text | None:
    """The text, or None when nothing was written."""
    return None if node is None else text(node)


def span(node: Node) -> Span:
    """A length of time: `90 days`, `-6 months`, `6 months 1 day`, `48 hours`."""
    rest = node.word()
    months = days = hours = 0
    while rest:
        part = _SPAN_PART.match(rest)
        if part is None:
            raise node.wrong(f"expected a time like 90 days or 6 months, found {node.text!r}")
        amount, unit, rest = int(part[1]), part[2], part[3]
        months += amount * {"month": 1, "year": 12}.get(unit, 0)
        days += amount * {"day": 1, "week": 7}.get(unit, 0)
        hours += amount if unit == "hour" else 0
    return Span(months, days, hours)


def period(fields: Fields) -> Period:
    """The days `from:` … `to:`, both included; what is not written is open."""
    start, end = fields.get("from"), fields.get("to")
    read = Period(start.day() if start else None, end.day() if end else None)
    if read.start and read.end and read.end < read.start:
        raise fields.node.wrong("`to:` lies before `from:`")
    return read


def citations(fields: Fields, reading: FileState) -> tuple[Citation, ...]:
    """`cite: SOURCE section` or a list of such; the source must stand under `sources:`."""
    node = fields.get("cite")
    return tuple(_citation(item, reading) for item in node.listed()) if node else ()


def _citation(node: Node, reading: FileState) -> Citation:
    name, _, section = node.word().partition(" ")
    source = reading.sources.get(name)
    if source is None:
        known = ", ".join(sorted(reading.sources)) or "none"
        raise node.wrong(f"no source {name!r} stands under `sources:` (there: {known})")
    return Citation(source.title, section.strip() or source.section, source.url)


def verified(fields: Fields, where: str, reading: FileState) -> None:
    """Collect `verified: false` with its `because:`."""
    mark, because = fields.get("verified"), fields.get("because")
    if mark is None or mark.yes_no():
        return
    if because is None:
        raise mark.wrong("`verified: false` needs `because:` with the reason")
    reading.unverified.append(Unverified(where, because.word()))


_LINES = tuple(LineOfBusiness)
_FUNDING = tuple(Funding)


def where(fields: Fields) -> Where:
    """The conditions on member, plan, place and provider that stand beside a rule."""

    def some(name: str, allowed: tuple[str, ...] = ()) -> frozenset[str]:
        node = fields.get(name)
        if node is None:
            return frozenset()
        if allowed:
            return frozenset(item.one_of(allowed) for item in node.listed())
        return frozenset(node.words())

    def years(name: str) -> int | None:
        node = fields.get(name)
        return None if node is None else node.whole()

    sex = fields.get("sex")
    found = Where(
        lines=some("lines", _LINES),
        plans=some("plans"),
        products=some("products"),
        states=some("states"),
        funding=some("funding", _FUNDING),
        networks=some("networks"),
        places=some("places"),
        specialties=some("specialties"),
        modifiers=some("modifiers"),
        without_modifiers=some("without_modifiers"),
        accompanied_by=some("accompanied_by"),
        sex=sex.one_of(("female", "male")) if sex else "",
        age_from=years("age_from"),
        age_below=years("age_below"),
    )
    return EVERYWHERE if found == EVERYWHERE else found


def shown(number: Decimal) -> str:
    """A number as people write it: `88`, `0.5`, `1000`."""
    return format(number.normalize(), "f") if number else "0"
