"""What a person's act makes of a decision: the next version of it, or a refusal that says why not.

Pure: who may act is checked before, what the state allows by the flow. A denial or reduction rests on
criteria of the item's own finding; what is unknown can be asked for, never be a reason to deny.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.clock import Moment
from app.determine.words import said
from app.domain.case import FINAL
from app.domain.decision import (
    Adverse,
    Decision,
    FailedCriterion,
    Finding,
    Grant,
    HumanReview,
    ItemDecision,
    Outcome,
    PendCause,
    Reason,
)
from app.domain.facts import Truth
from app.domain.npi import is_npi
from app.domain.request import Item, PriorAuthRequest, Use
from app.domain.review import Approve, Ask, Deny, Modify, Overturn, Why
from app.domain.values import Period, Quantity
from app.errors import Conflict, Unprocessable

LASTS = timedelta(days=90)
"""How long an authorization lasts when neither request nor reviewer name its last day."""
LANGUAGES = ("en", "es")
"""In which a member can be told why; whoever reads another language is told in English."""
_ASKABLE = re.compile(r"[1-9][0-9]{0,6}-[0-9]")
"""The form of a LOINC code."""

Deciding = Ask | Approve | Modify | Deny | Overturn


def reviewed(
    decision: Decision,
    request: PriorAuthRequest,
    act: Deciding,
    by: HumanReview,
    zone: str,
    moment: Moment,
) -> Decision:
    """The decision after `act`. Raises Unprocessable for what the act lacks, Conflict where the item
    is not in a state for it.
    """
    step = _step(decision, request, act, by, zone, moment)
    chosen = act.items if isinstance(act, Approve) else (act.item,)
    if isinstance(act, Approve) and not chosen:
        chosen = tuple(e.sequence for e in decision.items if e.outcome is Outcome.PENDED)
    known = {each.sequence for each in decision.items}
    if not chosen or not known.issuperset(chosen):
        raise Unprocessable("The case has no such item, or none that waits.", at="item")
    items = tuple(step(each) if each.sequence in chosen else each for each in decision.items)
    return whole(replace(decision, items=items, made_at=moment.now), by, moment)


def rejudged(decision: Decision, fresh: Decision | None, moment: Moment) -> Decision:
    """The decision after facts have arrived; `fresh` is what the rules make of the request now.

    Only items that wait are touched. What is met now is approved; nothing else is: it goes to a
    person, or stays with whom it waits for.
    """
    found = {each.sequence: each for each in fresh.items} if fresh else {}
    items = tuple(rejudged_item(each, found.get(each.sequence)) for each in decision.items)
    rulebook = fresh.rulebook if fresh else decision.rulebook
    made = replace(decision, items=items, made_at=moment.now, rulebook=rulebook)
    return whole(made, decision.human, moment)


def given_back(decision: Decision, delegate: str, moment: Moment) -> Decision:
    """The decision after a delegate did not decide in time: its items wait for the payer's people."""
    items = tuple(
        replace(
            each,
            pend_cause=PendCause.CLINICAL_REVIEW,
            delegate="",
            reasons=(Reason("delegate-late", said("delegate-late")),),
        )
        if each.pend_cause is PendCause.DELEGATE and each.delegate == delegate
        else each
        for each in decision.items
    )
    return replace(decision, items=items, made_at=moment.now)


def rejudged_item(old: ItemDecision, new: ItemDecision | None) -> ItemDecision:
    """A waiting item after facts have arrived: approved when they are met, else for a person."""
    if old.outcome is not Outcome.PENDED:
        return old
    if new is not None and new.outcome in (Outcome.APPROVED, Outcome.NOT_REQUIRED):
        return replace(new, trace=old.trace, replaces=old.replaces)
    if new is not None:
        old = replace(old, finding=new.finding, clinical=new.clinical, policy=new.policy)
    if old.pend_cause is not PendCause.MISSING_FACTS:
        return old
    reasons = (Reason("attachment-arrived", said("attachment-arrived")),)
    cause = PendCause.DELEGATE if old.delegate else PendCause.CLINICAL_REVIEW
    return replace(old, reasons=reasons, needed=(), pend_cause=cause)


def granted_in_full(
    request: PriorAuthRequest, item: Item, today: date, moment: Moment, until: date | None = None
) -> Grant:
    """What an item asks for, authorized today; raises Unprocessable if `until` cuts its days."""
    start = request.service_day(item, today)
    asked_end = item.serviced.end if item.serviced else None
    if until and until < max(start, asked_end or start):
        raise Unprocessable("An approval covers all days asked for; else modify.", at="until")
    last = until or asked_end or start + LASTS - timedelta(days=1)
    return Grant(
        moment.new_number("FA"),
        today,
        Period(start, last),
        item.quantity,
        item.service,
        item.serviced,
        revenue=item.revenue,
    )


def failed(finding: Finding) -> Iterator[Finding]:
    """The cited criteria that made a finding unmet: only below parts that are unmet themselves, and
    never the condition of a rule.
    """
    if finding.truth is Truth.UNMET:
        if finding.citations:
            yield finding
        for part in finding.parts[1:] if finding.combination == "if" else finding.parts:
            yield from failed(part)


def member_language(decision: Decision) -> str:
    """The language in which the member must be told why."""
    return decision.language if decision.language in LANGUAGES else "en"


def _step(
    decision: Decision,
    request: PriorAuthRequest,
    act: Deciding,
    by: HumanReview,
    zone: str,
    moment: Moment,
) -> Callable[[ItemDecision], ItemDecision]:
    items = {each.sequence: each for each in request.items}
    today = moment.now.astimezone(ZoneInfo(zone)).date()

    def full(item: Item) -> Grant:
        until = act.until if isinstance(act, Approve) else None
        return granted_in_full(request, item, today, moment, until)

    def granted(each: ItemDecision, code: str) -> ItemDecision:
        opinion = request.use is Use.PREDETERMINATION
        return settled(
            each,
            outcome=Outcome.APPROVED,
            clinical=Truth.MET,
            reasons=(Reason(code, said(code)),),
            grant=None if opinion else full(items[each.sequence]),
        )

    def step(each: ItemDecision) -> ItemDecision:
        if isinstance(act, Overturn):
            if each.adverse is None:
                raise Conflict(
                    "Nobody denied or reduced this item for medical necessity.", at="item"
                )
            if not is_npi(by.npi):
                raise Unprocessable("Who overturns signs with an NPI.", at="by.npi")
            if each.adverse.by.reviewer == by.reviewer or each.adverse.by.npi == by.npi:
                raise Conflict(
                    "Another medical director than the one who decided overturns.", at="by"
                )
            return granted(each, "clinician-overturned")
        if each.outcome is not Outcome.PENDED:
            raise Conflict("The item does not wait for a decision.", at="item")
        if isinstance(act, Approve):
            return granted(each, "clinician-approved")
        if isinstance(act, Ask):
            return _asked(each, act)
        adverse = _adverse(each, act.why, by, member_language(decision))
        if isinstance(act, Deny):
            return _change_denied(each, adverse) if each.earlier else _denied(each, adverse)
        if request.use is Use.PREDETERMINATION:
            raise Unprocessable("An opinion grants nothing that could be reduced.", at="item")
        item = items[each.sequence]
        return _adversely(each, Outcome.MODIFIED, adverse, _reduced(full(item), item, act))

    return step


def _denied(each: ItemDecision, adverse: Adverse) -> ItemDecision:
    return _adversely(each, Outcome.DENIED, adverse, None)


def _change_denied(each: ItemDecision, adverse: Adverse) -> ItemDecision:
    """The change is denied, and what was authorized before is still: less than is asked for now.

    So the item is answered as modified (PAS 2.2.1 spec-36, spec-37), with the authorization that stands;
    as denied it would show none, and could not be updated or cancelled any more (spec-64).
    """
    before = each.earlier
    assert before is not None
    made = replace(_adversely(each, Outcome.MODIFIED, adverse, before), replaces="")
    stands = Reason("change-denied", said("change-denied", number=before.number))
    return replace(made, reasons=(*made.reasons, stands))


def as_it_stands(each: ItemDecision) -> ItemDecision:
    """The item as its authorization in force has it, whatever change of it waits."""
    if each.earlier is None:
        return each
    return settled(each, outcome=Outcome.APPROVED, reasons=(), grant=each.earlier)


def settled(each: ItemDecision, **changes: Any) -> ItemDecision:
    """The item as decided: nothing of its waiting, or of an earlier denial, is left."""
    none = {"needed": (), "pend_cause": None, "review_reference": "", "adverse": None}
    return replace(each, **none | {"earlier": None} | changes)


def _asked(each: ItemDecision, act: Ask) -> ItemDecision:
    if not act.needed or not all(_ASKABLE.fullmatch(need.loinc) for need in act.needed):
        raise Unprocessable("Ask for documents, each by a LOINC code.", at="needed")
    reasons = (Reason("clinician-asks", said("clinician-asks")),)
    return replace(each, reasons=reasons, needed=act.needed, pend_cause=PendCause.MISSING_FACTS)


def _adverse(each: ItemDecision, why: Why, by: HumanReview, language: str) -> Adverse:
    found = {item.rule: item for item in failed(each.finding)} if each.finding else {}
    strange = [rule for rule in why.criteria if rule not in found]
    if strange:
        raise Unprocessable(
            "Not a criterion of this case that is unmet and cited. Those are: "
            + (", ".join(found) or "none; ask for what is unknown instead."),
            at="why.criteria",
        )
    criteria = tuple(
        FailedCriterion(rule, found[rule].label, found[rule].citations)
        for rule in dict.fromkeys(why.criteria)
    )
    return Adverse(by, criteria, why.reason, why.would_change, language)


def _adversely(
    each: ItemDecision, outcome: Outcome, adverse: Adverse, grant: Grant | None
) -> ItemDecision:
    cited = dict.fromkeys(citation for one in adverse.criteria for citation in one.citations)
    reasons = (
        Reason("criteria-not-met", adverse.reason, tuple(cited)),
        Reason("would-change", adverse.would_change),
    )
    return settled(
        each,
        outcome=outcome,
        clinical=Truth.UNMET,
        reasons=reasons,
        adverse=adverse,
        grant=grant,
    )


def _reduced(whole: Grant, item: Item, act: Modify) -> Grant:
    """The whole grant cut down; raises Unprocessable unless it is less, or elsewhere."""
    asked = item.quantity
    if act.units is not None:
        most = asked.value if asked else None
        if act.units <= 0 or (most is not None and act.units >= most):
            raise Unprocessable("Fewer units than asked for, and more than none.", at="units")
        whole = replace(whole, units=replace(asked or Quantity(act.units), value=act.units))
    if act.period is not None:
        start, end = act.period.start, act.period.end
        if start is None or end is None or end < start:
            raise Unprocessable("A period has a first and a last day.", at="period")
        if not (whole.period.covers(start) and whole.period.covers(end)):
            raise Unprocessable("The period lies within the days asked for.", at="period")
        whole = replace(whole, period=act.period, service_period=act.period)
    if act.place is not None:
        whole = replace(whole, place=act.place)
    if act.units is None and act.period is None and act.place is None:
        raise Unprocessable("Nothing is changed: name units, period or place, or approve.")
    return whole


def whole(decision: Decision, by: HumanReview | None, moment: Moment) -> Decision:
    """Number, period and due instant follow from the items, what stands while its change waits among
    them; a denial's signer stays named.
    """
    granted = [each.stands.period for each in decision.items if each.stands]
    waits = any(each.outcome not in FINAL for each in decision.items)
    signed = [each.adverse.by for each in decision.items if each.adverse]
    starts = [period.start for period in granted if period.start]
    ends = [period.end for period in granted if period.end]
    overall = Period(min(starts, default=None), max(ends, default=None)) if granted else None
    return replace(
        decision,
        number=(decision.number or moment.new_number("FA")) if granted else "",
        period=overall,
        due=decision.due if waits else None,
        paused_until=decision.paused_until if waits else None,
        human=max(signed, key=lambda each: each.at, default=by),
    )
