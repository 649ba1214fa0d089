"""Which stored cases an inquiry may see, and which of them are like its examples.

May see: the member is the one asked about, and the asking provider is one of the request, as the
requestor or as one who orders or renders it. Another provider must name one who orders or renders it
in the care team (PAS 2.2.1 spec-52, spec-53). A member number alone shows nothing.
"""

from __future__ import annotations

from app.determine import names
from app.domain.decision import Decision, Grant
from app.domain.inquiry import Example, Inquiry
from app.domain.request import Person, PriorAuthRequest
from app.domain.values import Period
from app.store import Candidate, CaseItem


def may_see(inquiry: Inquiry, candidate: Candidate) -> bool:
    """Whether the provider who asks, or one it names, stands in the request."""
    involved = {
        npi for item in candidate.items for npi in (*item.ordering_npis, *item.rendering_npis)
    }
    asked_by = {candidate.case.requestor_npi, *involved} - {""}
    return bool(inquiry.provider_npis & asked_by or inquiry.team_npis & involved)


def is_own(inquiry: Inquiry, candidate: Candidate) -> bool:
    """Whether the provider who asks is the one that made the request."""
    made_by = {npi for item in candidate.items for npi in item.ordering_npis}
    return bool(inquiry.provider_npis & ({candidate.case.requestor_npi, *made_by} - {""}))


def names_it(inquiry: Inquiry) -> bool:
    """Whether only requests with a certain number are asked for."""
    return bool(inquiry.numbers) or (
        bool(inquiry.examples) and all(each.numbers for each in inquiry.examples)
    )


def by_old_number(inquiry: Inquiry, candidate: Candidate) -> bool:
    """Whether a number asked for is one that another stands for now (PAS 2.2.1 spec-47)."""
    asked = {number for group in inquiry.numbers for number in group}
    asked |= {n for each in inquiry.examples for group in each.numbers for n in group}
    return bool(asked & candidate.replaced)


def is_like(inquiry: Inquiry, candidate: Candidate) -> bool:
    """Whether the case has the numbers and days asked for and one line like one of the examples."""
    held = {value for _, value in candidate.numbers}
    if not all(group & held for group in inquiry.numbers):
        return False
    if not any(_in_days(item, inquiry.days) for item in candidate.items):
        return inquiry.days is None and not inquiry.examples
    return not inquiry.examples or any(
        _is_line(example, item, candidate)
        for example in inquiry.examples
        for item in candidate.items
    )


def asks_about_grants(inquiry: Inquiry) -> bool:
    """Whether an example says on which days something was authorized."""
    return any(each.issued or each.effective or each.expires for each in inquiry.examples)


def is_granted_so(inquiry: Inquiry, candidate: Candidate, decision: Decision) -> bool:
    """Whether a line that is like an example was authorized on the days that the example says."""
    grants = {each.sequence: each.stands for each in decision.items}
    return not inquiry.examples or any(
        _granted(example, grants.get(item.sequence)) and _is_line(example, item, candidate)
        for example in inquiry.examples
        for item in candidate.items
    )


def has_diagnosis(inquiry: Inquiry, stored: PriorAuthRequest) -> bool:
    """Whether the request names one of the diagnoses asked for; several are alternatives."""
    told = {pair for each in stored.diagnoses for pair in each.concept.codes()}
    return not inquiry.diagnoses or bool(inquiry.diagnoses & told)


def is_same_person(asked: Person, stored: Person) -> bool:
    """False when birth date or name contradict: a family may share one subscriber's number."""
    if asked.birth_date and stored.birth_date and asked.birth_date != stored.birth_date:
        return False
    return names.agree(asked.family, stored.family) and names.agree(asked.given, stored.given)


def _is_line(example: Example, item: CaseItem, candidate: Candidate) -> bool:
    """Numbers of the whole case count for each of its lines."""
    held = {value for sequence, value in candidate.numbers if sequence in (0, item.sequence)}
    named = (item.service_system, item.service_code)
    return (
        all(group & held for group in example.numbers)
        and (not example.services or named in example.services)
        and (not example.outcomes or item.outcome in example.outcomes)
        and _in_days(item, example.days)
    )


def _granted(example: Example, grant: Grant | None) -> bool:
    asked = (example.issued, example.effective, example.expires)
    if asked == (None, None, None):
        return True
    told = (grant.issued, grant.period.start, grant.period.end) if grant else (None, None, None)
    return all(
        days is None or (day is not None and days.covers(day))
        for days, day in zip(asked, told, strict=True)
    )


def _in_days(item: CaseItem, days: Period | None) -> bool:
    """A line without days of its own is not ruled out by them."""
    return days is None or Period(item.starts, item.ends).overlaps(days)
