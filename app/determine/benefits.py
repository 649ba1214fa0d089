"""What the plan's certificate says about a line: excluded, waiting, limited, or covered.

A benefit fact needs no clinical judgement, so a machine may state it. It is kept apart from the
clinical verdict. For a Medicaid member under 21 none of it decides alone (EPSDT, 42 USC 1396d(r)(5)).
"""

from __future__ import annotations

from decimal import Decimal

from app.determine.codes import belongs
from app.determine.subject import Subject, age, given
from app.determine.words import said
from app.domain.coverage import LineOfBusiness
from app.domain.decision import Reason
from app.sealed import sealed

COVERED, EXCLUDED, LIMIT, WAITING, RULE = "covered", "excluded", "limit", "waiting", "rule"
_ADULT = 21


@sealed(frozen=True, slots=True)
class BenefitVerdict:
    """`state` is `covered`, `excluded`, `waiting` or `limit`; `left` what remains of a limit.

    `used` are the accumulators that were read, as evidence of the arithmetic.
    """

    state: str
    reason: Reason | None = None
    left: Decimal | None = None
    used: tuple[tuple[str, Decimal], ...] = ()


def benefit(subject: Subject) -> BenefitVerdict:
    """The first benefit fact that holds for this line."""
    book = subject.benefits
    if book is None:
        return BenefitVerdict(COVERED)
    for exclusion in book.exclusions:
        if exclusion.period.covers(subject.day) and belongs(subject.service, exclusion.codes):
            reason = Reason("benefit-excluded", exclusion.text, exclusion.citations)
            return BenefitVerdict(EXCLUDED, reason)
    for waiting in book.waiting:
        months = given(subject, "months-covered")
        early = isinstance(months, Decimal) and months < waiting.months
        if early and belongs(subject.service, waiting.codes):
            text = said("waiting-period", limit=waiting.text)
            return BenefitVerdict(WAITING, Reason("waiting-period", text, waiting.citations))
    return _limits(subject)


def _limits(subject: Subject) -> BenefitVerdict:
    book = subject.benefits
    lowest: BenefitVerdict | None = None
    used: list[tuple[str, Decimal]] = []
    for limit in book.limits if book else ():
        if not limit.period.covers(subject.day) or not belongs(subject.service, limit.codes):
            continue
        so_far = given(subject, f"used/{limit.id}")
        amount = so_far if isinstance(so_far, Decimal) else Decimal(0)
        used.append((limit.id, amount))
        left = limit.amount - amount
        if lowest is None or lowest.left is None or left < lowest.left:
            text = said("limit-reached", limit=limit.label)
            reason = Reason("limit-reached", text, limit.citations)
            lowest = BenefitVerdict(LIMIT if left <= 0 else COVERED, reason, left)
    if lowest is None:
        return BenefitVerdict(COVERED)
    return BenefitVerdict(lowest.state, lowest.reason, lowest.left, tuple(used))


def child_protected(subject: Subject) -> bool:
    """Whether EPSDT keeps a machine from stating a limit or an exclusion; so does an unknown age."""
    if subject.coverage.plan.line is not LineOfBusiness.MEDICAID:
        return False
    years = age(subject)
    return years is None or years < _ADULT
