"""A request, the member's coverage and the rulebook → the neutral Decision, line by line.

A machine approves, asks, hands over to a person, or states a benefit fact. It never denies: unmet
criteria, contradictions, unclear scope and our own faults all go to a person.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from app.clock import Moment
from app.determine.book import Rulebook
from app.determine.deadlines import Due, dues, protections, strictness
from app.determine.match import Match, match
from app.determine.outcome import Draft, draft
from app.determine.pauses import Pause, with_pause
from app.determine.review_time import review_time
from app.determine.subject import Gathered, Subject, gather, subject
from app.determine.words import ELIGIBILITY, said
from app.domain.coverage import Coverage, Eligibility, EligibilityProblem, NotEligible
from app.domain.decision import (
    BusinessError,
    BusinessProblem,
    Decision,
    ItemDecision,
    Outcome,
    PendCause,
    Protection,
    Reason,
    ReviewKind,
)
from app.domain.policy import DeadlineRule
from app.domain.request import Item, PriorAuthRequest
from app.domain.values import Identifier, Period
from app.sealed import changed

_log = logging.getLogger(__name__)

Weighed = dict[int, tuple[Subject, Match]]
"""Each line by its sequence, with what spoke about it. A line that could not be judged is missing."""

_PROBLEMS = {
    EligibilityProblem.MEMBER_NOT_FOUND: BusinessProblem.MEMBER_NOT_FOUND,
    EligibilityProblem.MEMBER_MISMATCH: BusinessProblem.MEMBER_MISMATCH,
    EligibilityProblem.NOT_ACTIVE: BusinessProblem.COVERAGE_NOT_ACTIVE,
    EligibilityProblem.WRONG_PAYER: BusinessProblem.WRONG_PAYER,
    EligibilityProblem.AMBIGUOUS: BusinessProblem.MEMBER_AMBIGUOUS,
}
_GRANTED = (Outcome.APPROVED, Outcome.MODIFIED)


def decide(
    request: PriorAuthRequest,
    eligibility: Eligibility,
    rulebook: Rulebook,
    moment: Moment,
    weighed: Weighed | None = None,
    traces: str = "",
) -> Decision:
    """The decision on every line. Same arguments, same decision, but for the numbers of `moment`.

    Who is not a member here gets one business error that names the element to correct. What was
    judged is put into `weighed`, for those who tell more about a line than its decision. `traces` is
    the system of the payer's trace numbers.
    """
    weighed = {} if weighed is None else weighed
    if isinstance(eligibility, NotEligible):
        return _refused(eligibility, rulebook, moment)
    today = rulebook.today(moment.now)
    gathered = _gathered(request, rulebook)
    rules = protections(rulebook.deadlines, eligibility, today)
    items: list[ItemDecision] = []
    waiting: list[Due] = []
    protecting: list[Due] = []
    used: dict[str, Decimal] = {}
    for item in request.items:
        drafted = _line(request, item, eligibility, rulebook, gathered, today, weighed)
        used.update(drafted.used)
        found = _dues(drafted, request, rules, rulebook.time_zone, moment)
        protecting += found
        if drafted.outcome is Outcome.PENDED:
            waiting += found[:1]
        items.append(_numbered(drafted, item, moment, today, traces))
    first = min(waiting, key=strictness, default=None)
    granted = [item.grant.period for item in items if item.grant]
    made = Decision(
        items=tuple(items),
        errors=(),
        made_at=moment.now,
        rulebook=rulebook.sha256,
        number=moment.new_number("FA") if granted else "",
        period=_overall(granted),
        due=first.at if first else None,
        deadline_rule=first.rule.id if first else "",
        protections=_protections(protecting),
        member_id=eligibility.member_id,
        plan=eligibility.plan.id,
        line=str(eligibility.plan.line),
        language=eligibility.language,
        accumulated=tuple(sorted(used.items())),
        review=review_time(request, items, today),
    )
    if not any(item.pend_cause is PendCause.MISSING_FACTS for item in items):
        return made
    asked = Pause(moment.now)
    return with_pause(made, rulebook.deadlines, moment.now, asked, rulebook.time_zone)


def _refused(found: NotEligible, rulebook: Rulebook, moment: Moment) -> Decision:
    error = BusinessError(_PROBLEMS[found.problem], found.at, ELIGIBILITY[found.problem])
    return Decision((), (error,), moment.now, rulebook.sha256)


def _gathered(request: PriorAuthRequest, rulebook: Rulebook) -> Gathered | None:
    try:
        return gather(request, rulebook.terms)
    except Exception as fault:  # noqa: BLE001 - a fault of ours must reach a person, never deny
        _log.error("the evidence could not be gathered: %s", type(fault).__name__)
        return None


def _line(
    request: PriorAuthRequest,
    item: Item,
    coverage: Coverage,
    rulebook: Rulebook,
    gathered: Gathered | None,
    today: date,
    weighed: Weighed,
) -> Draft:
    if gathered is None:
        return _fault()
    try:
        line = subject(
            request,
            item,
            coverage,
            today,
            rulebook.terms,
            gathered,
            rulebook.benefits.get(coverage.plan.id),
            rulebook.gold_cards,
        )
        found = match(line, rulebook)
        weighed[item.sequence] = line, found
        return draft(line, found, rulebook)
    except Exception as fault:  # noqa: BLE001 - a fault of ours must reach a person, never deny
        _log.error("line %s could not be judged: %s", item.sequence, type(fault).__name__)
        return _fault()


def _fault() -> Draft:
    reason = Reason("system", said("system"))
    review = ReviewKind.PRIOR_AUTHORIZATION
    return Draft(Outcome.PENDED, review, (reason,), cause=PendCause.SYSTEM)


def _numbered(drafted: Draft, item: Item, moment: Moment, today: date, traces: str) -> ItemDecision:
    grant = drafted.grant
    if grant is not None and drafted.outcome in _GRANTED:
        grant = changed(grant, number=moment.new_number("FA"), issued=today)
    pended = drafted.outcome is Outcome.PENDED
    return ItemDecision(
        sequence=item.sequence,
        outcome=drafted.outcome,
        review_kind=drafted.review,
        reasons=drafted.reasons,
        policy=drafted.policy,
        finding=drafted.finding,
        clinical=drafted.clinical,
        benefit=drafted.benefit,
        grant=grant if drafted.outcome in _GRANTED else None,
        needed=drafted.needed,
        pend_cause=drafted.cause,
        pathway=drafted.pathway,
        delegate=drafted.delegate,
        review_reference=moment.new_number("FR") if pended else "",
        trace=Identifier(traces, moment.new_number("FT")),
        penalty=drafted.penalty,
    )


def _dues(
    drafted: Draft,
    request: PriorAuthRequest,
    rules: Sequence[DeadlineRule],
    zone: str,
    moment: Moment,
) -> list[Due]:
    urgency = str(request.urgency)
    if drafted.urgency == "drug":
        urgency = f"drug-{urgency}"
    elif drafted.urgency == "expedited":
        urgency = drafted.urgency
    return dues(
        rules,
        str(drafted.review),
        urgency,
        moment.now,
        zone,
        drafted.policy.id if drafted.policy else "",
    )


def _protections(found: list[Due]) -> tuple[Protection, ...]:
    rules = {each.rule.id: each.rule for each in sorted(found, key=strictness)}
    return tuple(
        Protection(rule.id, rule.amount, rule.unit, rule.citation) for rule in rules.values()
    )


def _overall(periods: list[Period]) -> Period | None:
    if not periods:
        return None
    starts = [period.start for period in periods if period.start]
    ends = [period.end for period in periods if period.end]
    return Period(min(starts, default=None), max(ends, default=None))
