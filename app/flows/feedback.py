"""Feedback on cards: what the user did with them, for the measure of engagement (CDS Hooks)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.clock import Moment
from app.domain.principal import Principal
from app.flows.context import Context
from app.store import CardFeedback

Json = dict[str, Any]


def feedback(
    context: Context, caller: Principal, service: str, told: Iterable[Json], moment: Moment
) -> None:
    """Keep the lines of a feedback call whose shape was checked, all or none.

    They may be of several hook calls, and come more than once. Raises Unavailable.
    """
    with context.store.write(caller.tenant) as work:
        for each in told:
            overridden = each.get("overrideReason") or {}
            reason = overridden.get("reason") or {}
            code = f"{reason.get('system', '')}|{reason.get('code', '')}" if reason else ""
            work.feedback.add(
                CardFeedback(
                    id=moment.new_id(),
                    at=moment.now,
                    service=service,
                    card=each["card"],
                    outcome=each["outcome"],
                    suggestions=tuple(one["id"] for one in each.get("acceptedSuggestions") or ()),
                    reason=code,
                    comment=overridden.get("userComment") or "",
                    happened=each.get("outcomeTimestamp") or "",
                )
            )
