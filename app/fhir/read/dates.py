"""When something was so: one instant or day for evidence, and the period where one was given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from app.domain.values import Period
from app.fhir.read.values import days, instant, period
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class When:
    """`precision` is `month` or `year` for a partial date, whose first day is then in `at`."""

    at: date | datetime | None = None
    period: Period | None = None
    precision: str = ""

    def until(self, end: When) -> When:
        """The same start with the end that `end` names."""
        if end.at is None:
            return self
        start = self.period.start if self.period else day_of(self.at)
        return When(self.at, Period(start, day_of(end.at)), self.precision)

    def within(self, raw: Any) -> When:
        """The same instant with the given Period; the period's start where there is no instant."""
        found = period(raw)
        if found is None:
            return self
        return When(self.at if self.at is not None else found.start, found, self.precision)


NEVER = When()


def day_of(at: date | datetime | None) -> date | None:
    """The calendar day as the sender wrote it."""
    return at.date() if isinstance(at, datetime) else at


def when(node: Mapping[str, Any], name: str, others: tuple[str, ...] = ()) -> When:
    """The date of `name` (`effective` is effectiveDateTime, effectivePeriod ...), else of `others`.

    With a period `at` is its start.
    """
    if name:
        points, spans = _keys(name)
        for key in points:
            if key in node:
                return _dated(node[key])
        for key in spans:
            if key in node and type(found := node[key]) is dict:
                return _spanned(found)
    for key in others:
        if key in node:
            return _dated(node[key])
    return NEVER


@cache
def _keys(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How a choice element is called when it holds a point in time, and when a period."""
    return (name + "DateTime", name + "Instant", name + "Date"), (name + "Period", name)


def _dated(raw: Any) -> When:
    at = instant(raw)
    if at is None:
        return NEVER
    if len(raw) < 10:
        return When(at, days(raw), "year" if len(raw) == 4 else "month")
    return When(at)


def _spanned(raw: Mapping[str, Any]) -> When:
    found = period(raw)
    if found is None:
        return NEVER
    start = _dated(raw.get("start"))
    return When(start.at, found, start.precision)
