"""Cover: from what a request says and the payer's rows to one Coverage, or why there is none.

Pure. The rows come from the embedded member store or the payer's own system; both only *find*
(every row that one of `numbers(request)` names), the choice is made here, once:

1. The payer. An insurer is somebody else when one of its identifiers contradicts ours (same system,
   other value) and none agrees. Nothing known about it, or about us, is no contradiction.
2. The number. Member numbers of the Coverage (type MB), its subscriberId, Patient.identifier of
   type MB, then any Patient.identifier, by system where both sides have one (PAS narrative; all
   four are in use). A number under another system's name, or one that is not said to be a member
   number, counts only when birth date and family name both confirm it.
3. The person. Birth date and family name must not contradict (`app.determine.names`). Given name
   only tells apart members of a family who share a number; gender is not compared.
4. The plan. It must be active on every service day; periods of the same plan that touch count as
   one. Of several active plans the one that the request names (plan, then group), then the one that
   pays first (Coverage.order), else the request must say which.

Each problem is a benefit fact, never a medical one, and points at the element to correct: `at` is
`fullUrl#element`, which the edge turns into a FHIRPath; empty when there is nothing to point at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from app.determine import names
from app.domain.coverage import Coverage, Eligibility, EligibilityProblem, NotEligible
from app.domain.request import CoverageClaim, Party, Person, PriorAuthRequest
from app.domain.values import Identifier, Period
from app.sealed import sealed

MEMBER_NUMBER = "MB"
"""The HL7 v2-0203 type of a member number."""


@sealed(frozen=True, slots=True)
class Candidate:
    """A row of the payer: one person under one plan.

    `person` is the payer's own key of the person, `numbers` are what names the person alone,
    `coverage.subscriber_id` names the whole family. `order` 1 pays first, 0 is not known.
    """

    coverage: Coverage
    person: str
    numbers: tuple[Identifier, ...]
    group: str = ""
    order: int = 0


@sealed(frozen=True, slots=True)
class Payer:
    """An organization that this server answers for, with every identifier that may name it."""

    name: str
    identifiers: tuple[Identifier, ...]


@sealed(frozen=True, slots=True)
class Number:
    """A number by which the request may name the member, and the element that holds it.

    `key` is the form under which rows are indexed.
    """

    value: str
    system: str
    is_member_number: bool
    at: str
    key: str


def number_key(value: str) -> str:
    """A number as it is compared: letters and digits alone, in capitals (`fw-1 7` is `FW17`)."""
    capitals = value.upper()
    if capitals.isalnum():
        return capitals  # as nearly all are written
    return "".join([sign for sign in capitals if sign.isalnum()])


def numbers(request: PriorAuthRequest, payers: Sequence[Payer] = ()) -> tuple[Number, ...]:
    """Every number that may name the member, the likeliest first; none of them is empty.

    Numbers of a coverage that another payer issued are left out.
    """
    return _numbers(request, _ours(request, _known_by(payers)) if payers else request.coverage)


def _numbers(request: PriorAuthRequest, ours: Iterable[CoverageClaim]) -> tuple[Number, ...]:
    sure: list[tuple[str, str, bool, str]] = []
    other: list[tuple[str, str, bool, str]] = []
    for claim in ours:
        at = _at(claim.full_url, "identifier")
        sure += [(n.value, n.system, True, at) for n in claim.member_ids]
        sure.append((claim.subscriber_id, "", True, _at(claim.full_url, "subscriberId")))
    at = _at(request.member.full_url, "identifier")
    for n in request.member.identifiers:
        if n.kind == MEMBER_NUMBER:
            sure.append((n.value, n.system, True, at))
        else:
            other.append((n.value, n.system, False, at))
    return tuple(
        [Number(*said, key) for said in dict.fromkeys(sure + other) if (key := number_key(said[0]))]
    )


def determine(
    request: PriorAuthRequest,
    on: date,
    candidates: Iterable[Candidate],
    payers: Sequence[Payer] = (),
) -> Eligibility:
    """The member's coverage for all service days (`on` where the request names none)."""
    payer = _known_by(payers)
    ours = _ours(request, payer)
    wrong = _wrong_payer(request, payer, ours)
    if wrong is not None:
        return wrong
    known = _numbers(request, ours)
    where = known[0].at if known else _at(_first(request).full_url, "identifier")
    named = _named(known, candidates, request.member)
    if not named:
        return NotEligible(EligibilityProblem.MEMBER_NOT_FOUND, where)
    fitting = [row for row in named if contradiction(request.member, row.coverage) == ""]
    if not fitting:
        return _mismatch(request.member, named)
    fitting = _one_person(request.member, fitting)
    if not fitting:
        return NotEligible(EligibilityProblem.AMBIGUOUS, where)
    return _active(request, fitting, service_days(request, on))


def service_days(request: PriorAuthRequest, on: date) -> tuple[date, ...]:
    """The first day of each item, in order and once each; `on` when nothing is dated."""
    return tuple(sorted({request.service_day(item, on) for item in request.items} or {on}))


def contradiction(person: Person, coverage: Coverage) -> str:
    """The element (`birthDate`, `name`) in which a row contradicts the request, or nothing."""
    if person.birth_date and coverage.birth_date and person.birth_date != coverage.birth_date:
        return "birthDate"
    return "" if names.agree(person.family, coverage.family) else "name"


def _wrong_payer(
    request: PriorAuthRequest, known: _KnownBy, ours: Sequence[CoverageClaim]
) -> NotEligible | None:
    """Whose request it is: the insurer's first, then the payer of every coverage it names."""
    if _is_known(request.insurer, known) is False:
        at = _at(request.insurer.full_url, "identifier")
        return NotEligible(EligibilityProblem.WRONG_PAYER, at)
    if request.coverage and not ours:
        payer = _first(request).payer
        at = _at(payer.full_url if payer else "", "identifier")
        return NotEligible(EligibilityProblem.WRONG_PAYER, at)
    return None


def _ours(request: PriorAuthRequest, known: _KnownBy) -> list[CoverageClaim]:
    return [
        c for c in request.coverage if c.payer is None or _is_known(c.payer, known) is not False
    ]


def is_ours(party: Party, payers: Sequence[Payer]) -> bool | None:
    """Whether `party` is one of `payers`; None when its identifiers say neither yes nor no."""
    return _is_known(party, _known_by(payers))


def _is_known(party: Party, known: _KnownBy) -> bool | None:
    strange = False
    for identifier in party.identifiers:
        system, value = _system(identifier.system), number_key(identifier.value)
        if value and ((system, value) in known.numbers or (not system and value in known.values)):
            return True
        strange = strange or bool(value and system in known.systems)
    return False if strange else None


@sealed(frozen=True, slots=True)
class _KnownBy:
    """What payers are known by: numbers with their systems, systems alone, values alone."""

    numbers: frozenset[tuple[str, str]]
    systems: frozenset[str]
    values: frozenset[str]


def _known_by(payers: Iterable[Payer]) -> _KnownBy:
    numbers = [
        (_system(i.system), number_key(i.value)) for payer in payers for i in payer.identifiers
    ]
    systems = frozenset([system for system, _ in numbers if system])
    return _KnownBy(frozenset(numbers), systems, frozenset([value for _, value in numbers]))


def _named(
    known: Sequence[Number], candidates: Iterable[Candidate], person: Person
) -> list[Candidate]:
    """The rows that a number names for sure; else those that birth date and name confirm."""
    rows = list(candidates)
    sure = [row for row in rows if _is_named(row, known)]
    if sure:
        return sure
    keys = {number.key for number in known}
    return [
        row
        for row in rows
        if any(number_key(n.value) in keys for n in row.numbers) and _confirmed(person, row)
    ]


def _is_named(row: Candidate, known: Sequence[Number]) -> bool:
    """Whether a number names this row's person, or the person's family, beyond doubt.

    A family's number has no system of its own: it has those of its members' numbers.
    """
    family = number_key(row.coverage.subscriber_id)
    own = [(number_key(each.value), _system(each.system)) for each in row.numbers]
    systems = {system for _, system in own if system}
    for number in known:
        system = _system(number.system)
        foreign = bool(system and systems) and system not in systems
        if number.is_member_number and family == number.key and not foreign:
            return True
        for key, issued in own:
            if key != number.key:
                continue
            if system == issued if system and issued else number.is_member_number:
                return True
    return False


def _confirmed(person: Person, row: Candidate) -> bool:
    known = person.birth_date is not None and person.birth_date == row.coverage.birth_date
    return known and names.same(person.family, row.coverage.family)


def _mismatch(person: Person, named: Sequence[Candidate]) -> NotEligible:
    """Point at the name only when some row agrees on the birth date."""
    elements = {contradiction(person, row.coverage) for row in named}
    element = "name" if "name" in elements else "birthDate"
    return NotEligible(EligibilityProblem.MEMBER_MISMATCH, _at(person.full_url, element))


def _one_person(person: Person, fitting: list[Candidate]) -> list[Candidate]:
    """The rows of one person, told apart by the given name; none when it does not tell."""
    if len({row.person for row in fitting}) == 1:
        return fitting
    closer = [row for row in fitting if names.same(person.given, row.coverage.given)]
    return closer if len({row.person for row in closer}) == 1 else []


def _active(
    request: PriorAuthRequest, rows: Sequence[Candidate], days: Sequence[date]
) -> Eligibility:
    """The one plan that is active on all `days`."""
    claim = _first(request)
    plans = sorted({r.coverage.plan.id for r in rows}) if len(rows) > 1 else ()
    merged = [row for plan in plans for row in _joined(rows, plan)] if plans else rows
    active = [row for row in merged if all(row.coverage.period.covers(day) for day in days)]
    if not active:
        return NotEligible(EligibilityProblem.NOT_ACTIVE, _at(claim.full_url, ""))
    if len(active) == 1:
        return active[0].coverage
    for narrower in (_by_plan, _by_group, _by_order):
        active = narrower(active, request) or active
    if len(active) == 1:
        return active[0].coverage
    return NotEligible(EligibilityProblem.AMBIGUOUS, _at(claim.full_url, "class"))


def _joined(rows: Sequence[Candidate], plan: str) -> list[Candidate]:
    """The rows of one plan, those whose periods touch or overlap made into one (the later's)."""
    ordered = sorted(
        (row for row in rows if row.coverage.plan.id == plan),
        key=lambda row: row.coverage.period.start or date.min,
    )
    joined = ordered[:1]
    for _, row in pairwise(ordered):
        before, after = joined[-1].coverage.period, row.coverage.period
        if before.end is not None and (after.start or date.min) > before.end + timedelta(days=1):
            joined.append(row)
            continue
        end = None if before.end is None or after.end is None else max(before.end, after.end)
        period = Period(before.start, end)
        joined[-1] = replace(row, coverage=replace(row.coverage, period=period))
    return joined


def _by_plan(rows: Sequence[Candidate], request: PriorAuthRequest) -> list[Candidate]:
    said = {number_key(claim.plan) for claim in request.coverage} - {""}
    return [
        row
        for row in rows
        if said & {number_key(row.coverage.plan.id), number_key(row.coverage.plan.name)}
    ]


def _by_group(rows: Sequence[Candidate], request: PriorAuthRequest) -> list[Candidate]:
    said = {number_key(claim.group) for claim in request.coverage} - {""}
    return [row for row in rows if number_key(row.group) in said]


def _by_order(rows: Sequence[Candidate], _request: PriorAuthRequest) -> list[Candidate]:
    known = [row.order for row in rows if row.order > 0]
    return [row for row in rows if row.order == min(known)] if known else []


def _first(request: PriorAuthRequest) -> CoverageClaim:
    return request.coverage[0] if request.coverage else CoverageClaim(member_ids=())


def _system(system: str) -> str:
    return system.strip().rstrip("/").casefold()


def _at(full_url: str, element: str) -> str:
    return f"{full_url}#{element}" if full_url else ""
