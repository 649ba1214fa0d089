"""Calendar arithmetic: months by same day number, windows with both ends inside, ages, instants."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta

from app.domain.policy import Span


def shift(day: date | datetime, span: Span) -> date | datetime:
    """`day` moved by a span: months first (last day of the month if there is none), then the rest.

    Hours move an instant. A calendar day moved by hours becomes an instant at midnight first.
    """
    if span.months:
        month = day.month - 1 + span.months
        year, month = day.year + month // 12, month % 12 + 1
        day = day.replace(
            year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1])
        )
    if span.hours and not isinstance(day, datetime):
        day = datetime.combine(day, time(), UTC)
    return day + timedelta(days=span.days, hours=span.hours)


def day_of(value: date | datetime) -> date:
    """The calendar day of a day or an instant (in the instant's own offset)."""
    return value.date() if isinstance(value, datetime) else value


def has_time(value: date | datetime) -> bool:
    """Whether the time of day is known."""
    return isinstance(value, datetime)


def instant(value: date | datetime) -> datetime:
    """An instant that can be compared; one without offset is taken as UTC, a day as its midnight."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def whole_months(start: date, end: date) -> int:
    """Completed months from `start` to `end`; negative when `end` is earlier."""
    if end < start:
        return -whole_months(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if shift(start, Span(months=months)) <= end else months - 1


def whole_years(start: date, end: date) -> int:
    """Completed years, as ages are counted."""
    months = whole_months(start, end)
    return months // 12 if months >= 0 else -(-months // 12)
