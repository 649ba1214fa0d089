"""Which of three things is wrong when an order's patient has no coverage that we could use.

CRD 2.2.1 resp-44 and resp-45 want them told apart from the request alone: no such member, a member
whose coverage we do not know, a member whose coverage is not in force. The same choice as for
`$submit` decides (`app.determine.eligibility`); here it is asked with parts of the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from app.domain.coverage import Coverage, Eligibility, EligibilityProblem, NotEligible
from app.domain.request import Person, PriorAuthRequest

Find = Callable[[PriorAuthRequest, date], Eligibility]
MEMBER_NUMBER = "MB"
_UNKNOWN = (EligibilityProblem.MEMBER_NOT_FOUND, EligibilityProblem.MEMBER_MISMATCH)


def told_apart(request: PriorAuthRequest, on: date, find: Find, status: str) -> Eligibility:
    """The coverage, or the one thing that is wrong. `status` is that of the Coverage as sent.

    A member number on the patient that we do not know outweighs numbers of the coverage. A coverage
    that we do not know under a patient whom we know is `AMBIGUOUS`.
    """
    whole = find(request, on)
    if isinstance(whole, NotEligible) and whole.problem is EligibilityProblem.WRONG_PAYER:
        return whole
    marked = _marked(request.member)
    if marked.identifiers and not _same_numbers(request):
        bare = tuple(replace(each, member_ids=(), subscriber_id="") for each in request.coverage)
        alone = find(replace(request, member=marked, coverage=bare), on)
        if _is_unknown(alone):
            return NotEligible(EligibilityProblem.MEMBER_NOT_FOUND)
        if status != "active":
            return NotEligible(EligibilityProblem.NOT_ACTIVE)
        nameless = replace(request.member, identifiers=())
        if _coverage_numbers(request) and _is_unknown(find(replace(request, member=nameless), on)):
            return NotEligible(EligibilityProblem.AMBIGUOUS)
    if isinstance(whole, Coverage) and status != "active":
        return NotEligible(EligibilityProblem.NOT_ACTIVE)
    return whole


def _marked(member: Person) -> Person:
    """The member with the numbers alone that are said to be member numbers."""
    marked = tuple(each for each in member.identifiers if each.kind == MEMBER_NUMBER)
    return replace(member, identifiers=marked)


def _same_numbers(request: PriorAuthRequest) -> bool:
    """Whether patient and coverage carry one and the same number: then there is nothing to tell."""
    own = {each.value for each in _marked(request.member).identifiers}
    told = _coverage_numbers(request)
    return bool(told) and told <= own


def _coverage_numbers(request: PriorAuthRequest) -> set[str]:
    told = {each.value for claim in request.coverage for each in claim.member_ids}
    return told | {claim.subscriber_id for claim in request.coverage if claim.subscriber_id}


def _is_unknown(found: Eligibility) -> bool:
    return isinstance(found, NotEligible) and found.problem in _UNKNOWN
