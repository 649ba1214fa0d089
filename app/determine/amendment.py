"""What an update changes, and why it may not: by its marks, and by what its items ask for.

What was cancelled stays so, and after a denial there is nothing to update (PAS 2.2.1 specification, spec-64
to spec-72).
"""

from __future__ import annotations

from collections.abc import Iterator

from app.determine.words import UPDATES, filled
from app.domain.case import AMENDABLE
from app.domain.decision import BusinessError, BusinessProblem, Decision, Outcome
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
