"""What an update makes of a decision: only the items that it marks are judged again.

All others keep their findings; `app.determine.amendment` says which these are. Pure: the flow says which
answer is current.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from app.clock import Moment
from app.determine.amendment import Amendment
from app.determine.review import rejudged_item, whole
from app.determine.unreached import AT_MOST
from app.determine.words import said
from app.domain.decision import (
    Decision,
    Extension,
    Grant,
    ItemDecision,
    Outcome,
    PendCause,
    Reason,
    ReviewKind,
)
from app.domain.request import PriorAuthRequest


def amended(
    decision: Decision,
    fresh: Decision | None,
    amendment: Amendment,
    after: PriorAuthRequest,
    restarting: frozenset[str],
    moment: Moment,
) -> Decision:
    """The decision with the marked items judged anew or cancelled; `fresh` is what the rules say now.

    `restarting` are the deadline rules whose time begins again with a changed item.
    """
    held = {each.sequence: each for each in decision.items}
    new = {each.sequence: each for each in fresh.items} if fresh else {}
    items = []
    for number in _order(after, decision):
        old, found = held.get(number), new.get(number)
        if number in amendment.cancelled:
            items.append(_cancelled(old, number))
        elif number in amendment.informed and old is not None:
            items.append(rejudged_item(old, found))
        elif number in amendment.judged and found is not None:
            items.append(_again(old, found, moment))
        elif old is not None:
            items.append(old)
    clock = _clock(decision, fresh, items, amendment, restarting, moment)
    made = replace(
        decision,
        items=tuple(items),
        errors=(),
        made_at=moment.now,
        rulebook=fresh.rulebook if fresh else decision.rulebook,
        due=clock.due,
        deadline_rule=clock.rule,
        paused_until=clock.paused_until,
        extensions=clock.extensions,
        protections=fresh.protections if fresh and fresh.protections else decision.protections,
        accumulated=fresh.accumulated if fresh else decision.accumulated,
        review=fresh.review if fresh else decision.review,
    )
    kept = any(each is held.get(each.sequence) for each in items)
    return whole(made, decision.human if kept else None, moment)


def withdrawn(decision: Decision, cancelled: frozenset[int], moment: Moment) -> Decision:
    """A first decision in which these items were cancelled from the start."""
    items = tuple(
        _cancelled(each, each.sequence) if each.sequence in cancelled else each
        for each in decision.items
    )
    return whole(replace(decision, items=items), None, moment)


def _order(after: PriorAuthRequest, decision: Decision) -> Iterator[int]:
    """The items as sent, then those that the update does not mention."""
    yield from dict.fromkeys(
        [*(each.sequence for each in after.items), *(each.sequence for each in decision.items)]
    )


def _cancelled(old: ItemDecision | None, number: int) -> ItemDecision:
    reasons = (Reason("cancelled", said("cancelled")),)
    if old is None:
        return ItemDecision(number, Outcome.CANCELLED, ReviewKind.NONE, reasons)
    return replace(
        old,
        outcome=Outcome.CANCELLED,
        reasons=reasons,
        grant=None,
        needed=(),
        pend_cause=None,
        review_reference="",
        penalty=None,
        adverse=None,
        replaces=old.stands.number if old.stands else old.replaces,
        earlier=None,
    )


def _again(old: ItemDecision | None, new: ItemDecision, moment: Moment) -> ItemDecision:
    """A marked item as judged now, under its old trace number.

    What was authorized stays so until the change is decided, and no machine takes it away: where the
    rules would now give less, a person decides.
    """
    if old is None:
        return new
    before = old.stands
    replaces = before.number if before else old.replaces
    new = replace(new, trace=old.trace, replaces=replaces)
    if before is None:
        return new
    if new.outcome is Outcome.NOT_COVERED or _is_less(new, before):
        new = replace(
            new,
            outcome=Outcome.PENDED,
            reasons=(Reason("clinician-decides", said("clinician-decides")),),
            grant=None,
            pend_cause=PendCause.CLINICAL_REVIEW,
            review_reference=moment.new_number("FR"),
        )
    if new.outcome is Outcome.PENDED:
        stands = Reason("earlier-stands", said("earlier-stands", number=before.number))
        new = replace(new, reasons=(*new.reasons, stands), earlier=before)
    return new


def _is_less(new: ItemDecision, old: Grant) -> bool:
    """Whether the rules cut what is asked for below what was authorized."""
    if new.outcome is not Outcome.MODIFIED or new.grant is None:
        return False
    units, before = new.grant.units, old.units
    return units is not None and before is not None and units.value < before.value


class _Clock(NamedTuple):
    """By when, by which rule, until when it stands still at most, and what was added to it."""

    due: datetime | None
    rule: str
    paused_until: datetime | None
    extensions: tuple[Extension, ...] = ()


def _clock(
    decision: Decision,
    fresh: Decision | None,
    items: list[ItemDecision],
    amendment: Amendment,
    restarting: frozenset[str],
    moment: Moment,
) -> _Clock:
    """The clock of what must be decided first.

    What waited before keeps its time, unless the rule says that a change starts it anew.
    """
    old = _Clock(decision.due, decision.deadline_rule, decision.paused_until, decision.extensions)
    new = _Clock(fresh.due, fresh.deadline_rule, fresh.paused_until) if fresh else old
    waited = {each.sequence for each in decision.items if each.outcome is Outcome.PENDED}
    anew = amendment.changed if new.rule in restarting else frozenset()
    waiting = [each.sequence for each in items if each.outcome is Outcome.PENDED]
    clocks = [old if each in waited and each not in anew else new for each in waiting]
    running = [(clock.due, clock) for clock in clocks if clock.due is not None]
    if waiting and not running:
        return _Clock(moment.now + AT_MOST, "strictest", None)
    if not running:
        return _Clock(None, decision.deadline_rule, None, decision.extensions)
    return min(running, key=lambda each: each[0])[1]
