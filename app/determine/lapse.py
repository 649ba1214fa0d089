"""A deadline was missed: what the data says that the law makes of it, and nothing else.

No machine denies because time is over. Where a law approves, only what was complete is approved: an item
that waits for what the requester has not sent was not held up by the payer.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from app.clock import Moment
from app.determine.review import granted_in_full, settled, whole
from app.determine.words import said
from app.domain.decision import Decision, ItemDecision, Outcome, PendCause, Reason
from app.domain.policy import Lapse, LapseEffect
from app.domain.request import PriorAuthRequest, Use


def lapsed(
    decision: Decision, request: PriorAuthRequest, lapse: Lapse | None, zone: str, moment: Moment
) -> Decision | None:
    """The decision after the effect of a missed deadline; None when it stays as it is."""
    opinion = request.use is Use.PREDETERMINATION
    if lapse is None or lapse.effect is not LapseEffect.DEEMED_APPROVED or opinion:
        return None
    asked = {each.sequence: each for each in request.items}
    today = moment.now.astimezone(ZoneInfo(zone)).date()

    def approved(each: ItemDecision) -> ItemDecision:
        if each.outcome is not Outcome.PENDED or each.pend_cause is PendCause.MISSING_FACTS:
            return each
        reason = said("deemed-approved", citation=lapse.citations[0].title)
        return settled(
            each,
            outcome=Outcome.APPROVED,
            reasons=(Reason("deemed-approved", reason, lapse.citations),),
            grant=granted_in_full(request, asked[each.sequence], today, moment),
        )

    items = tuple(approved(each) for each in decision.items)
    if items == decision.items:
        return None
    return whole(replace(decision, items=items, made_at=moment.now), decision.human, moment)
