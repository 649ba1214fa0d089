"""A case that waits for another company is queued for it, in the transaction that makes it wait."""

from __future__ import annotations

from app.clock import Moment
from app.domain.case import Case
from app.domain.decision import Decision, ItemDecision, Outcome, PendCause
from app.domain.delegation import OVER, Delegation, DelegationState
from app.store import Write


def waiting_for_delegates(decision: Decision) -> list[ItemDecision]:
    """The items that another company reviews and has not decided."""
    return [
        each
        for each in decision.items
        if each.outcome is Outcome.PENDED and each.pend_cause is PendCause.DELEGATE
    ]


def hand_over(
    work: Write, case: Case, decision: Decision, moment: Moment, known: bool = False
) -> None:
    """Open a row for each company that is not being asked; `known`: the case may have rows already."""
    names = dict.fromkeys(each.delegate for each in waiting_for_delegates(decision))
    if not names:
        return
    before = work.delegations.of(case.id) if known else ()
    asked = {each.delegate for each in before if each.state not in OVER}
    for name in names:
        if name not in asked:
            state = DelegationState.OPEN
            work.delegations.open(Delegation(moment.new_id(), case.id, name, state, moment.now))
