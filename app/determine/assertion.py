"""From the decision on a draft request to what an ordering clinician is told about each order.

The same rulebook decides as for `$submit`; here its answer becomes coverage-information (CRD 2.2.1 and
2.0.1). A grant is only told as satisfied when its case was stored, which the caller says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.determine.assertion_words import CONDITIONS, SAID
from app.determine.book import Entry, Rulebook
from app.determine.companions import proposed
from app.determine.decide import Weighed
from app.determine.judge import judge
from app.determine.subject import Subject
from app.determine.who_asks import asked_of, documentation
from app.determine.words import filled
from app.domain.coverage import EligibilityProblem
from app.domain.crd import (
    About,
    Alternative,
    Assertion,
    Awaited,
    Because,
    Contact,
    Covered,
    Detail,
    Documentation,
    PriorAuth,
    Purpose,
    Said,
)
from app.domain.decision import (
    Decision,
    Finding,
    ItemDecision,
    Outcome,
    PendCause,
    Reason,
    ReviewKind,
)
from app.domain.facts import Truth
from app.domain.policy import Companion
from app.domain.values import Coding, Text
from app.sealed import sealed

_BILLING = frozenset({"HCPCS", "REVENUE", "MSDRG", "RXNORM", "NDC", "CVX"})
_AWAITED = {
    "networks": Awaited.PERFORMER,
    "specialties": Awaited.PERFORMER,
    "places": Awaited.LOCATION,
    "modifiers": Awaited.DETAIL_CODE,
    "accompanied-by": Awaited.DETAIL_CODE,
}
_GRANTED = (Outcome.APPROVED, Outcome.MODIFIED)


@sealed(frozen=True, slots=True)
class Line:
    """One line of a draft with all that is known about it."""

    subject: Subject
    decided: ItemDecision
    entry: Entry | None
    unsure: tuple[str, ...]
    form: tuple[str, str] | None


def assertions(
    weighed: Weighed, decision: Decision, rulebook: Rulebook, stored: frozenset[int]
) -> dict[int, Assertion]:
    """What is said about each line of what was judged. `stored` are those whose grant is in force."""
    said: dict[int, Assertion] = {}
    for decided in decision.items:
        sequence = decided.sequence
        if sequence not in weighed:
            said[sequence] = technical()
            continue
        asked, found = weighed[sequence]
        line = Line(asked, decided, found.entry, found.unsure, _form(found.entry))
        said[sequence] = _completed(_said(line, rulebook, sequence in stored), line)
    return said


def without_coverage(problem: EligibilityProblem) -> Assertion:
    """Why the member has no coverage here that could speak."""
    because, name = _PROBLEMS[problem]
    return Assertion(Covered.NOT_COVERED, None, (Said(because, SAID[name]),))


def technical() -> Assertion:
    """We could not find out, and say so: nothing is known for or against."""
    reason = Said(Because.TECHNICAL, SAID["technical"])
    return Assertion(Covered.INDETERMINATE, PriorAuth.INDETERMINATE, (reason,))


def unclear_code() -> Assertion:
    """The order does not say in a code that rules know what is ordered."""
    return Assertion(
        Covered.CONDITIONAL,
        PriorAuth.CONDITIONAL,
        (Said(Because.DETAIL_CODE, SAID["unclear-code"]),),
        awaited=(Awaited.DETAIL_CODE,),
    )


_PROBLEMS = {
    EligibilityProblem.MEMBER_NOT_FOUND: (Because.NO_MEMBER, "no-member"),
    EligibilityProblem.MEMBER_MISMATCH: (Because.NO_MEMBER, "no-member"),
    EligibilityProblem.AMBIGUOUS: (Because.NO_COVERAGE, "no-coverage"),
    EligibilityProblem.NOT_ACTIVE: (Because.NOT_ACTIVE, "not-active"),
    EligibilityProblem.WRONG_PAYER: (Because.NO_COVERAGE, "another-payer"),
}


def _form(entry: Entry | None) -> tuple[str, str] | None:
    """The questionnaire of the policy that speaks, when it asks anything."""
    if entry is None or not entry.ready.asks:
        return None
    return entry.ready.ref.id, entry.ready.ref.version


def _said(line: Line, rulebook: Rulebook, stored: bool) -> Assertion:
    decided = line.decided
    if decided.outcome is Outcome.NOT_COVERED:
        return _not_covered(line)
    if stored:
        return _granted(line)
    if decided.pend_cause is PendCause.SYSTEM:
        return technical()
    if line.unsure and line.entry is not None:
        return _depends(line)
    review = line.entry.scope.review if line.entry else decided.review_kind
    if review is ReviewKind.POST_SERVICE:
        return _post_service(line)
    if decided.outcome is Outcome.NOT_REQUIRED:
        return _not_required(line, review)
    if decided.pend_cause is PendCause.NO_POLICY and not _has_billing_code(line):
        return unclear_code()
    return _needed(line, rulebook)


def _completed(made: Assertion, line: Line) -> Assertion:
    """What every assertion says: the codes it presumes, the policy that spoke, until when."""
    ref = line.decided.policy
    details = made.details
    if ref is not None and ref.path:
        details = (*details, Detail(About.POLICY, ref.path))
    return replace(
        made,
        billing=_billing(line),
        details=details,
        dependencies=_dependencies(line),
        expires=made.expires or _until(line),
        policy=ref.id if ref else "",
        policy_version=ref.version if ref else "",
        policy_sha256=ref.sha256 if ref else "",
        judged_on=line.subject.day,
        policy_title=ref.title if ref else None,
        policy_path=ref.path if ref else "",
        alternative=_alternative(line),
        companions=_companions(line),
    )


def _needed(line: Line, rulebook: Rulebook) -> Assertion:
    """PriorAuth must be asked for; the form is named when something is missing."""
    decided = line.decided
    title = decided.policy.title if decided.policy else {"en": "the plan's rules"}
    asks = bool(decided.needed) and line.form is not None
    asked, who = asked_of(line.entry, line.subject), documentation(line.entry, decided)
    name = "performer" if asked is PriorAuth.PERFORMER else "needed"
    first = Said(Because.PLAIN, filled(SAID[f"{name}-form" if asks else name], title=title))
    if decided.outcome in _GRANTED:
        more: tuple[Said, ...] = (Said(Because.PLAIN, SAID["would-be-granted"]),)
    else:
        more = _reasons(tuple(each for each in decided.reasons if each.code != "facts-missing"))
    if asks and Documentation.PATIENT in who:
        more = (Said(Because.PLAIN, SAID["asks-patient"]), *more)
    return Assertion(
        Covered.COVERED,
        asked,
        (first, *more),
        documentation=who if asks else (),
        purposes=(Purpose.WITH_AUTHORIZATION,) if asks else (),
        form=line.form if asks else None,
        contact=_contact(decided, rulebook),
    )


def _granted(line: Line) -> Assertion:
    """In force. Said alike whether granted by this call or before: a repeated call is no news."""
    grant, title = line.decided.grant, _title(line)
    details = []
    if grant and grant.units is not None:
        details.append(Detail(About.QUANTITY, grant.units))
    if grant:
        details.append(Detail(About.PERIOD, grant.period))
    until = grant.period.end if grant else None
    name = "granted-until" if until else "granted"
    first = Said(Because.PLAIN, filled(SAID[name], title=title, until=_same(until)))
    return Assertion(
        Covered.COVERED,
        PriorAuth.SATISFIED,
        (first, *_reasons(line.decided.reasons)),
        details=tuple(details),
        number=grant.number if grant else "",
        expires=until,
    )


def _not_required(line: Line, review: ReviewKind) -> Assertion:
    if review is ReviewKind.RECOMMENDED and _meets(line):
        return Assertion(
            Covered.COVERED,
            PriorAuth.NO_AUTH,
            (Said(Because.REVIEW_MET, filled(SAID["review-met"], title=_title(line))),),
        )
    if review is ReviewKind.RECOMMENDED:
        return Assertion(
            Covered.COVERED,
            PriorAuth.NO_AUTH,
            (Said(Because.RECOMMENDED, SAID["recommended"]),),
            details=(
                Detail(About.INSTRUCTIONS, SAID["recommended-how"]),
                Detail(About.CLAIM_REVIEW, True, SAID["recommended-claim"]),
            ),
        )
    codes = {reason.code for reason in line.decided.reasons}
    if "not-listed" in codes and not _has_billing_code(line):
        return unclear_code()
    because = Because.GOLD_CARD if "exempt-provider" in codes else Because.PLAIN
    first, *more = _reasons(line.decided.reasons)
    return Assertion(Covered.COVERED, PriorAuth.NO_AUTH, (replace(first, because=because), *more))


def _meets(line: Line) -> bool:
    """Whether the facts at hand meet the criteria, with no rule against it."""
    if line.entry is None or line.decided.outcome is not Outcome.NOT_REQUIRED:
        return False
    judged = judge(line.entry.ready, line.subject)
    against = judged.never or (judged.route is not None and judged.route.always)
    return judged.truth is Truth.MET and not against and not judged.open_rule


def _post_service(line: Line) -> Assertion:
    first = Said(Because.POST_SERVICE, filled(SAID["post-service"], title=_title(line)))
    return Assertion(
        Covered.COVERED,
        PriorAuth.NO_AUTH,
        (first,),
        documentation=(Documentation.ADMIN,),
        purposes=(Purpose.WITH_CLAIM, Purpose.RETAIN),
        details=(
            Detail(About.CLAIM_REVIEW, True, SAID["post-service-claim"]),
            Detail(About.INSTRUCTIONS, SAID["post-service-how"]),
        ),
        form=line.form,
    )


def _not_covered(line: Line) -> Assertion:
    return Assertion(Covered.NOT_COVERED, None, _reasons(line.decided.reasons))


def _depends(line: Line) -> Assertion:
    """Who, where or in which detail decides; the order does not say it yet."""
    awaited = tuple(dict.fromkeys(_AWAITED.get(each, Awaited.OTHER) for each in line.unsure))
    if "networks" in line.unsure:
        first = Said(Because.OUT_OF_NETWORK, SAID["network"])
    else:
        text = filled(SAID["depends"], names=_named(line.unsure))
        first = Said(Because.PLAIN, text)
    return Assertion(Covered.COVERED, PriorAuth.CONDITIONAL, (first,), awaited=awaited)


def _named(conditions: tuple[str, ...]) -> Text:
    """The conditions in words."""
    known = [CONDITIONS.get(each, _same(each)) for each in conditions]
    return {language: ", ".join(each[language] for each in known) for language in ("en", "es")}


def _same(value: object) -> Text:
    """A value that reads the same in every language."""
    return {"en": str(value), "es": str(value)}


def _reasons(reasons: tuple[Reason, ...]) -> tuple[Said, ...]:
    return tuple(Said(Because.PLAIN, reason.text) for reason in reasons)


def _title(line: Line) -> Text:
    return line.decided.policy.title if line.decided.policy else {"en": "the plan's rules"}


def _billing(line: Line) -> tuple[Coding, ...]:
    systems = line.subject.terms.systems
    return tuple(
        coding
        for coding in line.subject.item.service.codings
        if systems.get(coding.system, "") in _BILLING and coding.code
    )


def _has_billing_code(line: Line) -> bool:
    return any(system in _BILLING for system, _ in line.subject.service)


def _dependencies(line: Line) -> tuple[int, ...]:
    """The other lines of the draft on which the answer hangs: those that the matching rule asks
    for, or all when a criterion looked at what else is ordered."""
    others = [item for item in line.subject.request.items if item.sequence != line.decided.sequence]
    if others and line.decided.finding is not None and _looked_beside(line.decided.finding):
        return tuple([item.sequence for item in others])
    wanted = line.entry.scope.where.accompanied_by if line.entry else frozenset()
    return tuple(
        [
            item.sequence
            for item in (others if wanted else ())
            if any(coding.code in wanted for coding in item.service.codings)
        ]
    )


def _looked_beside(root: Finding) -> bool:
    waiting = [root]
    while waiting:
        finding = waiting.pop()
        for fact in finding.facts:
            if fact.name == "other-services":
                if finding.truth is Truth.MET:
                    return True
                break
        else:
            waiting += finding.parts
    return False


def _until(line: Line) -> date | None:
    """The last day on which both the coverage and the text that spoke are known to hold."""
    ends = [line.subject.coverage.period.end]
    if line.entry is not None:
        ends += [line.entry.ready.version.period.end, line.entry.scope.period.end]
    return min((end for end in ends if end is not None), default=None)


def _contact(decided: ItemDecision, rulebook: Rulebook) -> Contact | None:
    delegate = rulebook.delegates.get(decided.delegate)
    return Contact(delegate.name, delegate.phone, delegate.url) if delegate else None


def _companions(line: Line) -> tuple[Companion, ...]:
    """What the policy proposes besides, where it covers the service at all."""
    if line.entry is None or line.decided.outcome is Outcome.NOT_COVERED:
        return ()
    return proposed(line.entry.ready, line.subject)


def _alternative(line: Line) -> Alternative | None:
    """What the policy offers instead, where it said so."""
    if line.entry is None or all(r.code != "offered-instead" for r in line.decided.reasons):
        return None
    judged = judge(line.entry.ready, line.subject)
    rule = judged.never or judged.route
    if rule is None or rule.offer is None:
        return None
    return Alternative(rule.offer.service, rule.offer.text, required=rule is judged.never)
