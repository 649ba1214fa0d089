"""What an update makes of a decision: only the items that it marks are judged again.

All others keep their findings. What was cancelled stays so, and after a denial there is nothing to
update (PAS 2.2.1 specification, spec-64 to spec-72). Pure: the flow says which answer is current.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from app.clock import Moment
from app.determine.review import rejudged_item, whole
from app.determine.unreached import AT_MOST
from app.determine.words import UPDATES, filled, said
from app.domain.case import AMENDABLE
from app.domain.decision import (
    BusinessError,
    BusinessProblem,
    Decision,
    Extension,
    Grant,
    ItemDecision,
    Outcome,
    PendCause,
    Reason,
    ReviewKind,
)
from app.domain.request import Item, PriorAuthRequest
from app.domain.update import Change, Marks, Update
from app.domain.values import Concept
from app.sealed import sealed

_GONE = frozenset({Outcome.CANCELLED})
_ITEM_AT = "Bundle.entry[0].resource.item.where(sequence = {sequence})"


@sealed(frozen=True, slots=True)
class Amendment:
    """What an update changes, by the sequence of the items.

    `informed` are items that wait and that have new or other papers; `unmarked` those of `changed`
    that differ although the update does not say so. `papers` are the changed supporting information.
    """

    added: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    cancelled: frozenset[int] = frozenset()
    informed: frozenset[int] = frozenset()
    unmarked: frozenset[int] = frozenset()
    papers: frozenset[int] = frozenset()

    @property
    def judged(self) -> frozenset[int]:
        """The items on which the rules are asked again."""
        return (self.added | self.changed | self.informed) - self.cancelled


def compared(
    update: Update,
    marks_before: Marks,
    before: PriorAuthRequest,
    after: PriorAuthRequest,
    decision: Decision,
    *,
    told_more: bool,
) -> Amendment:
    """What differs: by the marks, and by what the items ask for where a mark is missing.

    `told_more` says that something came for the whole request besides what the update brings.
    """
    held = {each.sequence: each.outcome for each in decision.items}
    old = {each.sequence: each for each in before.items}
    papers = frozenset(_papers(update.marks, marks_before))
    found: dict[Change, set[int]] = {change: set() for change in Change}
    unmarked, informed = set(), set()
    for item in after.items:
        number, marks = item.sequence, update.marks.items.get(item.sequence, frozenset())
        outcome = held.get(number)
        if outcome is None:
            found[Change.ADDED].add(number)
        if outcome in _GONE:
            continue
        if Change.CANCELLED in marks:
            found[Change.CANCELLED].add(number)
        elif outcome is None:
            continue
        elif marks:
            found[Change.CHANGED].add(number)
        elif number in old and _asked(before, old[number]) != _asked(after, item):
            found[Change.CHANGED].add(number)
            unmarked.add(number)
        elif outcome is Outcome.PENDED and (told_more or _concerns(papers, number, update.marks)):
            informed.add(number)
    if update.whole:
        live = {number for number, outcome in held.items() if _may(outcome, Change.CANCELLED)}
        found[Change.CANCELLED] = live | found[Change.ADDED]
        found[Change.CHANGED], informed, unmarked = set(), set(), set()
    return Amendment(
        added=frozenset(found[Change.ADDED]),
        changed=frozenset(found[Change.CHANGED]),
        cancelled=frozenset(found[Change.CANCELLED]),
        informed=frozenset(informed),
        unmarked=frozenset(unmarked),
        papers=papers,
    )


def hindrance(
    update: Update, amendment: Amendment, after: PriorAuthRequest, decision: Decision
) -> BusinessError | None:
    """Why the items do not allow the update, or None."""
    held = {each.sequence: each.outcome for each in decision.items}
    live = {number: outcome for number, outcome in held.items() if outcome not in _GONE}
    if not live:
        return error(BusinessProblem.UPDATE_AFTER_CANCEL)
    for change, numbers in (
        (Change.CHANGED, amendment.changed),
        (Change.CANCELLED, amendment.cancelled),
    ):
        for number in sorted(numbers & held.keys()):
            if not _may(held[number], change):
                at = _ITEM_AT.format(sequence=number)
                return error(BusinessProblem.UPDATE_AFTER_DENIAL, at)
    if not any(AMENDABLE[outcome] for outcome in live.values()):
        return error(BusinessProblem.UPDATE_AFTER_DENIAL)
    sent = {each.sequence for each in after.items}
    missing = sorted(live.keys() - sent)
    if missing and not update.whole:
        named = ", ".join(map(str, missing))
        return error(BusinessProblem.UPDATE_INCOMPLETE, "Bundle.entry[0].resource.item", named)
    return None


def error(
    problem: BusinessProblem, at: str = "Bundle.entry[0].resource.related[0].claim", items: str = ""
) -> BusinessError:
    """A refusal of an update, with what to do instead."""
    return BusinessError(problem, at, filled(UPDATES[problem], items=items))


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


def _may(outcome: Outcome, change: Change) -> bool:
    return change in AMENDABLE[outcome]


def _papers(now: Marks, before: Marks) -> Iterator[int]:
    """Supporting information that is new, marked, or other than before."""
    for number, paper in now.papers.items():
        old_marks = before.information.get(number, frozenset()) & {Change.CANCELLED}
        marks = now.information.get(number, frozenset())
        if marks - old_marks or before.papers.get(number) != paper:
            yield number


def _concerns(papers: frozenset[int], number: int, marks: Marks) -> bool:
    """Whether an item rests on one of the papers, or one of them is for the whole request."""
    pointed = {paper for some in marks.rests_on.values() for paper in some}
    return bool(papers & marks.rests_on.get(number, frozenset()) or papers - pointed)


def _asked(request: PriorAuthRequest, item: Item) -> tuple[object, ...]:
    """What an item asks for, without numbers, marks and words."""
    day = (item.serviced or request.event, request.admission, request.discharge)
    units = (item.quantity.value, item.quantity.unit) if item.quantity else None
    concepts = (item.service, item.service_end, item.revenue, item.place)
    return (
        tuple(_codes(each) for each in concepts),
        tuple(_codes(each) for each in item.modifiers),
        frozenset(_codes(each) for each in item.diagnoses),
        frozenset(each.party.npi or each.party.name for each in item.care_team),
        day,
        units,
    )


def _codes(concept: Concept | None) -> frozenset[tuple[str, str]]:
    return concept.codes() if concept else frozenset()


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
