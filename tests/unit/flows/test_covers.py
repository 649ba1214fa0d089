"""Which grant an order falls under: the same service on a granted day, no more units."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app import resources
from app.domain.decision import Grant
from app.domain.policy import Terms
from app.domain.request import Item
from app.domain.values import Coding, Concept, Period, Quantity
from app.fhir.urls import PAS_22, system
from app.flows.hook_decision import covers
from app.rulebook import load

DAY = date(2026, 12, 1)
YEAR = Period(date(2026, 11, 1), date(2027, 10, 31))
OXYGEN = Concept((Coding(system.HCPCS, "E1390"),))
CPAP = Concept((Coding(system.HCPCS, "E0601"),))
NOTHING = Concept((Coding(system.DATA_ABSENT_REASON, "not-applicable"),))


@pytest.fixture(scope="module")
def terms() -> Terms:
    """The systems that the shipped policies know."""
    return load(resources.data("policies")).terms


def revenue(code: str) -> Concept:
    """A revenue code."""
    return Concept((Coding(PAS_22.revenue_system, code),))


def grant(service: Concept, of: Concept | None = None, units: int | None = None) -> Grant:
    """A grant for a year."""
    amount = Quantity(Decimal(units)) if units is not None else None
    return Grant("FA-1", DAY, YEAR, amount, service, revenue=of)


def test_the_same_service_on_a_granted_day_is_covered(terms: Terms) -> None:
    assert covers(grant(OXYGEN), Item(1, OXYGEN), DAY, terms)


def test_another_service_another_day_or_more_units_are_not(terms: Terms) -> None:
    assert not covers(grant(CPAP), Item(1, OXYGEN), DAY, terms)
    assert not covers(grant(OXYGEN), Item(1, OXYGEN), date(2028, 1, 1), terms)
    more = Item(1, OXYGEN, quantity=Quantity(Decimal(4)))
    assert not covers(grant(OXYGEN, units=3), more, DAY, terms)
    assert not covers(None, Item(1, OXYGEN), DAY, terms)


def test_stays_are_told_apart_by_their_revenue_code(terms: Terms) -> None:
    """Both say "not applicable" as their service, which is no code at all."""
    stay = Item(1, NOTHING, revenue=revenue("0128"))
    assert covers(grant(NOTHING, revenue("0128")), stay, DAY, terms)
    assert not covers(grant(NOTHING, revenue("0192")), stay, DAY, terms)
    assert not covers(grant(NOTHING), Item(1, NOTHING), DAY, terms)
