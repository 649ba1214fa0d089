"""What became of the cards that were shown: accepted, or overridden and why."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from app.sealed import sealed
from app.store.link import ReadLink, WriteLink
from app.store.tables import card_feedback
from app.store.types import key_text

_OF = (
    select(card_feedback)
    .where(card_feedback.c.tenant == bindparam("tenant"), card_feedback.c.card == bindparam("card"))
    .order_by(card_feedback.c.id)
)
_SINCE = (
    select(card_feedback.c.service, card_feedback.c.outcome, func.count().label("times"))
    .where(card_feedback.c.tenant == bindparam("tenant"), card_feedback.c.at >= bindparam("since"))
    .group_by(card_feedback.c.service, card_feedback.c.outcome)
)


@sealed(frozen=True, slots=True)
class CardFeedback:
    """One line of feedback. `suggestions` are the ids of those accepted, `reason` is `system|code`
    of why the card was overridden, `comment` what the user wrote, `happened` as the client says."""

    id: uuid.UUID
    at: datetime
    service: str
    card: str
    outcome: str
    suggestions: tuple[str, ...] = ()
    reason: str = ""
    comment: str = ""
    happened: str = ""


class Feedback:
    """Finds feedback."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def of(self, card: str) -> tuple[CardFeedback, ...]:
        """What was reported about a card, call after call; lines of one call in no order."""
        rows = self._link.fetch(_OF, {"card": key_text(card)})
        return tuple(
            CardFeedback(
                row.id,
                row.at,
                row.service,
                row.card,
                row.outcome,
                tuple(row.suggestions.split()),
                row.reason,
                row.comment,
                row.happened,
            )
            for row in rows
        )

    def outcomes(self, since: datetime) -> Mapping[str, Counter[str]]:
        """How often each outcome was reported from `since` on, by service."""
        found: dict[str, Counter[str]] = {}
        for row in self._link.fetch(_SINCE, {"since": since}):
            found.setdefault(row.service, Counter())[row.outcome] += row.times
        return found


class FeedbackWriter(Feedback):
    """Finds and stores feedback."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def forget(self, before: datetime) -> int:
        """Delete what was told before this instant; how many lines."""
        own = card_feedback.c.tenant == self._write.tenant
        gone = delete(card_feedback).where(own, card_feedback.c.at < before)
        return len(self._write.change(gone.returning(card_feedback.c.id)))

    def add(self, told: CardFeedback) -> None:
        """Keep one line."""
        self._write.add(
            card_feedback,
            {
                "id": told.id,
                "at": told.at,
                "service": told.service,
                "card": key_text(told.card),
                "outcome": told.outcome,
                "suggestions": " ".join(told.suggestions),
                "reason": told.reason,
                "comment": told.comment,
                "happened": told.happened,
            },
        )
