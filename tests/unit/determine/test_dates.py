"""Windows count calendar days with both ends inside; months keep the day number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.determine.dates import day_of, instant, shift, whole_months, whole_years
from app.domain.policy import Span


@pytest.mark.parametrize(
    ("day", "span", "expected"),
    [
        (date(2026, 8, 31), Span(months=-6), date(2026, 2, 28)),
        (date(2024, 8, 31), Span(months=-6), date(2024, 2, 29)),
        (date(2026, 1, 31), Span(months=1), date(2026, 2, 28)),
        (date(2026, 12, 1), Span(months=36, days=-1), date(2029, 11, 30)),
        (date(2026, 10, 1), Span(days=-90), date(2026, 7, 3)),
        (date(2026, 10, 1), Span(days=30), date(2026, 10, 31)),
    ],
)
def test_months_keep_the_day_number_or_fall_on_the_last_day(
    day: date, span: Span, expected: date
) -> None:
    assert shift(day, span) == expected


def test_hours_move_an_instant_and_make_one_of_a_day() -> None:
    start = datetime(2026, 10, 5, 15, tzinfo=UTC)
    assert shift(start, Span(hours=-48)) == datetime(2026, 10, 3, 15, tzinfo=UTC)
    assert shift(date(2026, 10, 5), Span(hours=36)) == datetime(2026, 10, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 15), date(2026, 2, 14), 0),
        (date(2026, 2, 14), date(2026, 1, 15), 0),
        (date(2026, 3, 1), date(2025, 3, 1), -12),
    ],
)
def test_only_completed_months_count(start: date, end: date, months: int) -> None:
    assert whole_months(start, end) == months


def test_a_birthday_completes_a_year() -> None:
    assert whole_years(date(2005, 12, 1), date(2026, 11, 30)) == 20
    assert whole_years(date(2005, 12, 1), date(2026, 12, 1)) == 21
    assert whole_years(date(2026, 12, 1), date(2024, 12, 1)) == -2


def test_instants_of_other_offsets_compare_as_instants() -> None:
    east = timezone(timedelta(hours=-5))
    assert instant(datetime(2026, 1, 1, 7, tzinfo=east)) == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert instant(datetime(2026, 1, 1, 7)).tzinfo is UTC
    assert instant(date(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert day_of(datetime(2026, 1, 1, 23, tzinfo=east)) == date(2026, 1, 1)
