"""From match, judgement and benefit to the outcome of one line, before it gets its numbers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from app.determine.benefits import COVERED, LIMIT, RULE, BenefitVerdict, benefit, child_protected
from app.determine.book import Entry, Rulebook
from app.determine.dates import day_of, shift
from app.determine.history import AUTHORIZATION
from app.determine.judge import Judgement, judge
from app.determine.match import Match
from app.determine.subject import Subject, gold_card
from app.determine.words import said
from app.domain.decision import (
    Finding,
    Grant,
    Needed,
    Outcome,
    Penalty,
    PendCause,
    PolicyRef,
    Reason,
    ReviewKind,
)
from app.domain.facts import EvidenceKind, Truth
from app.domain.policy import CodeSet, GrantRule, Rule, Span, Technology
from app.domain.request import Use
from app.domain.values import Period, Quantity, Text
from app.sealed import changed, sealed

_ASKED_FOR = CodeSet(requested=True)
_UNWRITTEN_GRANT = GrantRule(period=Span(days=90))
_BINDING = (ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT, ReviewKind.DELEGATED)


@sealed(frozen=True, slots=True)
class Draft:
    """The outcome of a line without numbers: what `decide` completes into an ItemDecision."""

    outcome: Outcome
    review: ReviewKind
    reasons: tuple[Reason, ...]
    cause: PendCause | None = None
    policy: PolicyRef | None = None
    finding: Finding | None = None
    clinical: Truth | None = None
    benefit: str = COVERED
    grant: Grant | None = None
    needed: tuple[Needed, ...] = ()
    pathway: str = ""
    delegate: str = ""
    urgency: str = "standard"
    used: tuple[tuple[str, Decimal], ...] = ()
    penalty: Penalty | None = None


def draft(subject: Subject, found: Match, rulebook: Rulebook) -> Draft:
    """The outcome of one line about which `found` speaks."""
    exempt = _exempted(found, subject)
    verdict = benefit(subject)
    if exempt is not None:
        made = exempt
    elif verdict.state not in (COVERED, LIMIT):
        made = _left_out(found, verdict, subject)
    else:
        made = _excluded(found, subject) or _reviewed(found, subject, rulebook)
        made = _limited(made, verdict, subject)
    if verdict.used:
        made = changed(made, used=verdict.used)
    if subject.request.use is Use.PREDETERMINATION:
        return _opinion(made, subject)
    return _in_time(made, subject)


def _pended(
    cause: PendCause, code: str, base: Draft | None = None, text: Text | None = None
) -> Draft:
    reason = Reason(code, text or said(code))
    if base is None:
        return Draft(Outcome.PENDED, ReviewKind.PRIOR_AUTHORIZATION, (reason,), cause)
    return changed(
        base,
        outcome=Outcome.PENDED,
        cause=cause,
        reasons=(reason, *base.reasons),
        grant=None,
    )


def _exempted(found: Match, subject: Subject) -> Draft | None:
    for entry in found.exemptions:
        judged = judge(entry.ready, subject)
        if judged.truth is Truth.MET and judged.never is None and not judged.open_rule:
            base = _based(entry, judged)
            reason = Reason("exempt", _tell(entry, "provider-not-required") or said("not-required"))
            return changed(base, outcome=Outcome.NOT_REQUIRED, reasons=(reason,))
    return None


def _excluded(found: Match, subject: Subject) -> Draft | None:
    """An exclusion policy speaks only when one of its rules holds; otherwise the line goes on."""
    last: Draft | None = None
    for entry in found.exclusions:
        judged = judge(entry.ready, subject)
        made = _judged(entry, judged, subject, found.technology)
        if judged.never is not None or judged.route is not None:
            return made
        last = made
    return last if found.entry is None else None


def _left_out(found: Match, verdict: BenefitVerdict, subject: Subject) -> Draft:
    reasons = (verdict.reason,) if verdict.reason else ()
    base = Draft(Outcome.NOT_COVERED, ReviewKind.NOT_COVERED, reasons, benefit=verdict.state)
    if found.entry is not None and found.entry.ready.judge:
        judged = judge(found.entry.ready, subject)
        base = changed(
            base, policy=found.entry.ready.ref, finding=judged.finding, clinical=judged.truth
        )
    if child_protected(subject):
        return _pended(PendCause.CLINICAL_REVIEW, "child-protected", base)
    return base


def _reviewed(found: Match, subject: Subject, rulebook: Rulebook) -> Draft:
    entry = found.entry
    if entry is None:
        return _unlisted(found.technology, subject)
    if found.unsure:
        names = ", ".join(found.unsure)
        base = Draft(Outcome.PENDED, entry.scope.review, (), policy=entry.ready.ref)
        return _pended(
            PendCause.CLINICAL_REVIEW, "scope-unclear", base, said("scope-unclear", names=names)
        )
    review = entry.scope.review
    if review is ReviewKind.NONE:
        return _not_required(entry, "not-required")
    if review is ReviewKind.NOT_COVERED:
        return _never_covered(entry, subject)
    if review is ReviewKind.DELEGATED:
        return _delegated(entry, subject, rulebook)
    card = gold_card(subject)
    if card is not None and not (card.requests and found.exemptions):
        made = _not_required(entry, "exempt-provider")
        cited = (card.citation,) if card.citation else ()
        return changed(made, reasons=(changed(made.reasons[0], citations=cited),))
    if review is ReviewKind.RECOMMENDED and subject.request.use is Use.PREAUTHORIZATION:
        return _not_required(entry, "review-offered")
    return _judged(entry, judge(entry.ready, subject), subject, found.technology)


def _unlisted(technology: Technology | None, subject: Subject) -> Draft:
    for reason in _unproven(technology) if technology else ():
        return _pended(PendCause.CLINICAL_REVIEW, reason.code, text=reason.text)
    book = subject.benefits
    if book is not None and book.unlisted == "none":
        reason = Reason("not-listed", said("not-listed"), book.citations)
        return Draft(Outcome.NOT_REQUIRED, ReviewKind.NONE, (reason,))
    return _pended(PendCause.NO_POLICY, "no-policy")


def _not_required(entry: Entry, code: str) -> Draft:
    text = entry.scope.text or said(code)
    reason = Reason(code, text, entry.scope.citations)
    return Draft(Outcome.NOT_REQUIRED, entry.scope.review, (reason,), policy=entry.ready.ref)


def _never_covered(entry: Entry, subject: Subject) -> Draft:
    text = entry.scope.text or said("benefit-excluded")
    made = Draft(
        Outcome.NOT_COVERED,
        ReviewKind.NOT_COVERED,
        (Reason("benefit-excluded", text, entry.scope.citations),),
        policy=entry.ready.ref,
        benefit="excluded",
    )
    if child_protected(subject):
        return _pended(PendCause.CLINICAL_REVIEW, "child-protected", made)
    return made


def _delegated(entry: Entry, subject: Subject, rulebook: Rulebook) -> Draft:
    """The delegate decides by the payer's own criteria: the finding says how they stand."""
    judged = judge(entry.ready, subject) if entry.ready.judge else None
    delegate = rulebook.delegates[entry.scope.delegate]
    text = said("delegated", name=delegate.name, phone=delegate.phone)
    return Draft(
        Outcome.PENDED,
        ReviewKind.DELEGATED,
        (Reason("delegated", text), Reason("delegate-disclosure", delegate.text)),
        PendCause.DELEGATE,
        policy=entry.ready.ref,
        finding=judged.finding if judged else None,
        clinical=judged.truth if judged else None,
        delegate=delegate.id,
        urgency=entry.scope.urgency,
    )


def _based(entry: Entry, judged: Judgement) -> Draft:
    return Draft(
        outcome=Outcome.PENDED,
        review=entry.scope.review,
        reasons=(),
        policy=entry.ready.ref,
        finding=judged.finding,
        clinical=judged.truth,
        pathway=judged.pathway.id if judged.pathway else "",
        urgency=entry.scope.urgency,
    )


def _judged(
    entry: Entry, judged: Judgement, subject: Subject, technology: Technology | None
) -> Draft:
    """The outcome that the policy's own words give to the judgement."""
    base = _based(entry, judged)
    outcomes = entry.ready.version.outcomes
    if judged.exempt is not None:
        reason = Reason("exempt", judged.exempt.text, judged.exempt.citations)
        return changed(base, outcome=Outcome.NOT_REQUIRED, reasons=(reason,))
    if judged.never is not None:
        return _never(base, judged.never, subject)
    if judged.route is not None and (judged.route.always or judged.truth is not Truth.MET):
        offered = _offered(judged.route)
        if technology is not None and technology.id == judged.route.technology:
            offered = (*offered, *_unproven(technology))
        routed = changed(base, needed=judged.needed, reasons=offered)
        text = judged.route.text
        pended = _pended(PendCause.CLINICAL_REVIEW, judged.route.id, routed, text)
        first = changed(pended.reasons[0], citations=judged.route.citations)
        return changed(pended, reasons=(first, *pended.reasons[1:]))
    if judged.truth is Truth.MET and not judged.open_rule:
        if outcomes.met == "approve":
            return _approved(base, entry, judged, subject)
        return _stated(base, entry, outcomes.met, subject)
    if judged.truth is Truth.UNMET:
        if outcomes.unmet == "not-covered":
            return _stated(base, entry, "not-covered", subject)
        return _pended(
            PendCause.CLINICAL_REVIEW, "criteria-unmet", base, _tell(entry, "provider-review")
        )
    return _asked(changed(base, needed=judged.needed), judged, entry)


def _stated(base: Draft, entry: Entry, outcome: str, subject: Subject) -> Draft:
    """What the policy says besides approve: no review needed, not covered, or a person."""
    if outcome == "not-required":
        text = _tell(entry, "provider-not-required") or said("not-required")
        reason = Reason("not-required", text, entry.scope.citations)
        return changed(base, outcome=Outcome.NOT_REQUIRED, reasons=(reason,))
    if outcome == "not-covered":
        text = _tell(entry, "provider-not-covered") or said("provider-signature")
        reason = Reason("benefit-rule", text, entry.scope.citations)
        made = changed(base, outcome=Outcome.NOT_COVERED, reasons=(reason,), benefit=RULE)
        if child_protected(subject):
            return _pended(PendCause.CLINICAL_REVIEW, "child-protected", made)
        return made
    return _pended(
        PendCause.CLINICAL_REVIEW, "clinician-decides", base, _tell(entry, "provider-review")
    )


def _never(base: Draft, rule: Rule, subject: Subject) -> Draft:
    reasons = (Reason("benefit-rule", rule.text, rule.citations), *_offered(rule))
    made = changed(base, outcome=Outcome.NOT_COVERED, reasons=reasons, benefit=RULE)
    if child_protected(subject):
        return _pended(PendCause.CLINICAL_REVIEW, "child-protected", made)
    if rule.signed:
        return _pended(PendCause.CLINICAL_REVIEW, "provider-signature", made)
    return made


def _asked(base: Draft, judged: Judgement, entry: Entry) -> Draft:
    if judged.conflict:
        return _pended(PendCause.CLINICAL_REVIEW, "facts-conflict", base)
    if entry.ready.version.outcomes.unknown == "clinician":
        return _pended(PendCause.CLINICAL_REVIEW, "clinician-decides", base)
    if not judged.needed:
        return _pended(PendCause.CLINICAL_REVIEW, "no-rule-in-force", base)
    return _pended(PendCause.MISSING_FACTS, "facts-missing", base, _tell(entry, "provider-missing"))


def _approved(base: Draft, entry: Entry, judged: Judgement, subject: Subject) -> Draft:
    rule = judged.grant or entry.scope.grant or entry.ready.version.grant or _UNWRITTEN_GRANT
    if rule.units_from:
        number = judged.facts.find(rule.units_from).value
        if not isinstance(number, Decimal):
            return _pended(PendCause.CLINICAL_REVIEW, "beyond-grant", base)
        rule = changed(rule, units=number)
    if judged.pathway is not None:
        reason = Reason("pathway-met", said("pathway-met", pathway=judged.pathway.label))
    else:
        reason = Reason("criteria-met", said("criteria-met"))
    told = _tell(entry, "provider-approved")
    reasons = (reason, Reason("policy-note", told)) if told else (reason,)
    asked = subject.item.quantity
    base = changed(base, outcome=Outcome.APPROVED, reasons=reasons, grant=_grant(rule, subject))
    if rule.units is None or asked is None or asked.value <= rule.units:
        return base
    if rule.beyond == "clinician":
        return _pended(PendCause.CLINICAL_REVIEW, "beyond-grant", base)
    if child_protected(subject):
        return _pended(PendCause.CLINICAL_REVIEW, "child-protected", base)
    numbers = {"granted": _number(rule.units), "asked": _number(asked.value)}
    cut = Reason("reduced-to-rule", rule.text or said("reduced-to-rule", **numbers), rule.citations)
    return changed(base, outcome=Outcome.MODIFIED, reasons=(cut, *reasons))


def _grant(rule: GrantRule, subject: Subject) -> Grant:
    start = subject.day
    end = day_of(shift(start, rule.period)) - timedelta(days=1)
    asked = subject.item.quantity
    units = asked
    if rule.units is not None:
        most = rule.units if asked is None else min(asked.value, rule.units)
        unit = asked or Quantity(most, rule.unit["en"] if rule.unit else "")
        units = changed(unit, value=most)
    review = day_of(shift(start, rule.next_review)) if rule.next_review else None
    return Grant(
        number="",
        issued=subject.today,
        period=Period(start, end),
        units=units,
        service=subject.item.service,
        revenue=subject.item.revenue,
        service_period=subject.item.serviced,
        next_review=review,
    )


def _limited(made: Draft, verdict: BenefitVerdict, subject: Subject) -> Draft:
    """Hold a grant against what is left of the plan's yearly limits."""
    counted = made.outcome in (Outcome.APPROVED, Outcome.MODIFIED, Outcome.NOT_REQUIRED)
    if verdict.left is None or verdict.reason is None or not counted:
        return made
    if verdict.state == LIMIT:
        made = changed(
            made,
            outcome=Outcome.NOT_COVERED,
            reasons=(verdict.reason, *made.reasons),
            benefit=LIMIT,
            grant=None,
        )
    else:
        asked = made.grant.units if made.grant else None
        if made.grant is None or asked is None or asked.value <= verdict.left:
            return made
        numbers = {"granted": _number(verdict.left), "asked": _number(asked.value)}
        text = said("limit-reduced", limit=verdict.reason.text, **numbers)
        cut = Reason("limit-reduced", text, verdict.reason.citations)
        grant = changed(made.grant, units=changed(asked, value=verdict.left))
        made = changed(
            made, outcome=Outcome.MODIFIED, reasons=(cut, *made.reasons), grant=grant, benefit=LIMIT
        )
    if child_protected(subject):
        return _pended(PendCause.CLINICAL_REVIEW, "child-protected", made)
    return made


def _opinion(made: Draft, subject: Subject) -> Draft:
    """A predetermination is never an authorization: no grant, always the notice.

    A service that must be authorized is told so; one that was already given gets its opinion, but
    has to be sent as a request to be reviewed after the service.
    """
    reasons = [*made.reasons, Reason("not-a-guarantee", said("not-a-guarantee"))]
    if made.review in _BINDING and made.outcome not in (Outcome.NOT_REQUIRED, Outcome.NOT_COVERED):
        reasons.append(Reason("authorization-required", said("authorization-required")))
    if _last_day(subject) < subject.today:
        reasons.append(Reason("already-given", said("already-given")))
    return changed(made, reasons=tuple(reasons), grant=None)


def _last_day(subject: Subject) -> date:
    last = subject.item.serviced.end if subject.item.serviced else None
    return last or subject.day


def _in_time(made: Draft, subject: Subject) -> Draft:
    """A service day that has passed makes it a post-service review; a missed request is kept apart."""
    if _last_day(subject) >= subject.today or made.outcome is Outcome.NOT_REQUIRED:
        return made
    judged = (ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT)
    if made.review not in judged:
        return made
    reasons = (*made.reasons, Reason("post-service", said("post-service")))
    made = changed(made, review=ReviewKind.POST_SERVICE, reasons=reasons)
    return made if _was_asked(subject) else changed(made, penalty=_penalty(subject))


def _was_asked(subject: Subject) -> bool:
    """Whether the request names an earlier one, or the payer's own record holds an authorization of
    this service for its days.
    """
    if subject.item.previous_number or subject.request.previous_number:
        return True
    return any(
        each.attributes.get("kind") == AUTHORIZATION
        and each.period is not None
        and each.period.covers(subject.day)
        and each.period.covers(_last_day(subject))
        for each in subject.gathered.coded(EvidenceKind.HISTORY, _ASKED_FOR, subject.service)
    )


def _penalty(subject: Subject) -> Penalty:
    missed = subject.benefits.missed if subject.benefits else None
    return missed or Penalty(said("authorization-missed"))


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _unproven(technology: Technology) -> tuple[Reason, ...]:
    """The reason that names the evidence which the register still lacks; none when all supports."""
    missing = [slot.name for slot in technology.slots if slot.status != "supports"]
    text = said("new-technology", slots=", ".join(missing))
    return (Reason("new-technology", text),) if missing else ()


def _offered(rule: Rule) -> tuple[Reason, ...]:
    return (Reason("offered-instead", rule.offer.text),) if rule.offer else ()


def _tell(entry: Entry, name: str) -> Text | None:
    return entry.ready.version.tell.get(name)
