"""Does a rule's condition on plan, member, place and provider hold? Three-valued: the place may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from app.determine.codes import Codes, short_codes
from app.determine.subject import Subject, age, network, other_services, specialties
from app.domain.facts import Truth
from app.domain.policy import EVERYWHERE, Where


def fits(where: Where, subject: Subject) -> Truth:
    """MET when every written condition holds, UNMET when one fails, else UNKNOWN."""
    if where is EVERYWHERE:
        return Truth.MET
    found = Truth.MET
    for _, truth in conditions(where, subject):
        if truth is Truth.UNMET:
            return truth
        if truth is Truth.UNKNOWN:
            found = truth
    return found


def unknowns(where: Where, subject: Subject) -> tuple[str, ...]:
    """The names of the conditions that nobody can tell from this request."""
    return tuple(name for name, truth in conditions(where, subject) if truth is Truth.UNKNOWN)


def conditions(where: Where, subject: Subject) -> Iterator[tuple[str, Truth]]:
    """Each written condition and whether it holds."""
    coverage, plan = subject.coverage, subject.coverage.plan
    if where.lines:
        yield "lines", _text(where.lines, str(plan.line))
    if where.plans:
        yield "plans", _text(where.plans, plan.id)
    if where.products:
        yield "products", _text(where.products, plan.product)
    if where.states:
        yield "states", _text(where.states, coverage.state or plan.state)
    if where.funding:
        yield "funding", _text(where.funding, str(plan.funding))
    if where.networks:
        yield "networks", _text(where.networks, network(subject))
    if where.places:
        place = subject.item.place
        yield "places", _codes(where.places, short_codes(place, {}) if place else None)
    if where.specialties:
        yield "specialties", _codes(where.specialties, specialties(subject) or None)
    if where.modifiers or where.without_modifiers:
        yield from _modifiers(where, subject)
    if where.accompanied_by:
        yield "accompanied-by", _codes(where.accompanied_by, other_services(subject))
    if where.sex:
        sex = subject.coverage.gender or subject.request.member.gender
        yield "sex", _text(frozenset({where.sex}), sex)
    if where.age_from is not None or where.age_below is not None:
        yield "age", _age(where, age(subject))


def weight(where: Where) -> int:
    """How specific a condition is: a plan beats a product beats a state beats a line of business."""
    points = (
        (where.plans, 64),
        (where.products, 32),
        (where.states, 16),
        (where.networks, 8),
        (where.funding, 8),
        (where.lines, 4),
        (where.places, 2),
        (where.specialties, 2),
        (where.modifiers, 2),
        (where.without_modifiers, 1),
        (where.accompanied_by, 2),
        (where.sex, 1),
        (where.age_from is not None, 1),
        (where.age_below is not None, 1),
    )
    return sum(value for part, value in points if part)


def _text(wanted: frozenset[str], found: str) -> Truth:
    if not found or found == "unknown":
        return Truth.UNKNOWN
    return Truth.MET if found in wanted else Truth.UNMET


def _codes(wanted: frozenset[str], found: Codes | None) -> Truth:
    if found is None:
        return Truth.UNKNOWN
    return Truth.MET if any(code in wanted for _, code in found) else Truth.UNMET


def _modifiers(where: Where, subject: Subject) -> Iterator[tuple[str, Truth]]:
    written = {coding.code for concept in subject.item.modifiers for coding in concept.codings}
    if where.modifiers:
        yield "modifiers", Truth.MET if written & where.modifiers else Truth.UNMET
    if where.without_modifiers:
        yield "modifiers", Truth.UNMET if written & where.without_modifiers else Truth.MET


def _age(where: Where, years: int | None) -> Truth:
    if years is None:
        return Truth.UNKNOWN
    low = where.age_from is None or years >= where.age_from
    high = where.age_below is None or years < where.age_below
    return Truth.MET if low and high else Truth.UNMET
