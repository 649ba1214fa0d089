"""The decision when nobody could say whether the member is covered: every line waits for a person.

Which law protects the member is not known either, so the earliest deadline of the whole rulebook
counts, at most 72 hours (42 CFR 422.572, the expedited one).
"""

from __future__ import annotations

from datetime import timedelta

from app.clock import Moment
from app.determine.book import Rulebook
from app.determine.deadlines import instant_due
from app.determine.words import said
from app.domain.decision import Decision, ItemDecision, Outcome, PendCause, Reason, ReviewKind
from app.domain.request import PriorAuthRequest
from app.domain.values import Identifier

AT_MOST = timedelta(hours=72)


def unreached(
    request: PriorAuthRequest, rulebook: Rulebook, moment: Moment, traces: str = ""
) -> Decision:
    """Pend all lines because the payer's eligibility system did not answer.

    `traces` is the system of the payer's trace numbers.
    """
    today = rulebook.today(moment.now)
    dues = [
        instant_due(rule, moment.now, rulebook.time_zone)
        for rule in rulebook.deadlines
        if rule.period.covers(today)
    ]
    return Decision(
        items=tuple(
            ItemDecision(
                sequence=item.sequence,
                outcome=Outcome.PENDED,
                review_kind=ReviewKind.PRIOR_AUTHORIZATION,
                reasons=(Reason("system", said("system")),),
                pend_cause=PendCause.SYSTEM,
                benefit="unknown",
                review_reference=moment.new_number("FR"),
                trace=Identifier(traces, moment.new_number("FT")),
            )
            for item in request.items
        ),
        errors=(),
        made_at=moment.now,
        rulebook=rulebook.sha256,
        due=min([*dues, moment.now + AT_MOST]),
        deadline_rule="strictest",
        language=request.member.language or "en",
    )
