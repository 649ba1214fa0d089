"""Whether a request came before, during or after its services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.domain.decision import ItemDecision, ReviewKind, ReviewTime
from app.domain.request import Item, PriorAuthRequest

EXTENSION = "4"
"""The certification type (X12 1322) that asks for more of what is under way."""


def review_time(
    request: PriorAuthRequest, decided: Iterable[ItemDecision], today: date
) -> ReviewTime:
    """Concurrent when one service is under way, post-service when all are over, else prospective."""
    kinds = {each.review_kind for each in decided}
    if ReviewKind.CONCURRENT in kinds or any(_under_way(request, e, today) for e in request.items):
        return ReviewTime.CONCURRENT
    if kinds == {ReviewKind.POST_SERVICE}:
        return ReviewTime.POST_SERVICE
    return ReviewTime.PROSPECTIVE


def _under_way(request: PriorAuthRequest, item: Item, today: date) -> bool:
    """An extension, or a service that began before today and ends today or later."""
    if item.certification_type == EXTENSION:
        return True
    days = item.serviced or request.event or request.admission
    if days is None or days.start is None or days.end is None:
        return False
    return days.start < today <= days.end
