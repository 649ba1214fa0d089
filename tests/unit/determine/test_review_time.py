"""A request is prospective, concurrent or post-service, seen from the days of its services."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.determine.review_time import review_time
from app.domain.decision import ItemDecision, Outcome, ReviewKind, ReviewTime
from app.domain.guide import Guide
from app.domain.request import Item
from app.domain.values import Concept, Period
from app.fhir.read import read_request
from tests.world import example

TODAY = date(2026, 11, 25)
PRIOR, AFTER = ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.POST_SERVICE


@pytest.mark.parametrize(
    ("kind", "start", "end", "certification", "time"),
    [
        (PRIOR, date(2026, 12, 1), date(2027, 1, 1), "I", ReviewTime.PROSPECTIVE),
        (PRIOR, TODAY, date(2027, 1, 1), "I", ReviewTime.PROSPECTIVE),
        (PRIOR, date(2026, 11, 24), TODAY, "I", ReviewTime.CONCURRENT),
        (PRIOR, date(2026, 12, 1), date(2027, 1, 1), "4", ReviewTime.CONCURRENT),
        (ReviewKind.CONCURRENT, date(2026, 12, 1), None, "I", ReviewTime.CONCURRENT),
        (AFTER, date(2026, 10, 1), date(2026, 10, 2), "I", ReviewTime.POST_SERVICE),
    ],
)
def test_the_time_of_review(
    kind: ReviewKind, start: date, end: date | None, certification: str, time: ReviewTime
) -> None:
    item = Item(1, Concept(), serviced=Period(start, end), certification_type=certification)
    request = replace(
        read_request(example("no-authorization-needed", Guide.V22), Guide.V22), items=(item,)
    )
    decided = ItemDecision(1, Outcome.PENDED, kind, ())
    assert review_time(request, [decided], TODAY) is time
