"""Requests and rows for the tests of eligibility: the demo payer's people, changed one thing a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from app.determine.eligibility import Candidate, Payer
from app.domain.coverage import Coverage, Funding, LineOfBusiness, Plan
from app.domain.guide import Guide
from app.domain.request import CoverageClaim, Item, Party, Person, PriorAuthRequest, Urgency, Use
from app.domain.values import Coding, Concept, Identifier, Period

TODAY = date(2026, 11, 25)
MEMBER_SYSTEM = "https://fairwater.example/member-id"
NPI = "npi"
TIN = "tin"
MA = Plan(
    "FW-MA-01", "Fairwater Medicare Advantage", "fairwater", LineOfBusiness.MEDICARE_ADVANTAGE
)
MCD = Plan("FW-MCD-01", "Fairwater Community Medicaid", "fairwater", LineOfBusiness.MEDICAID)
SF = Plan(
    "FW-SF-01", "Acme Tools", "fairwater", LineOfBusiness.COMMERCIAL, Funding.SELF_FUNDED, "IL"
)
FAIRWATER = Payer(
    "Fairwater Health Plan",
    (Identifier(NPI, "1900001003"), Identifier(TIN, "12-3456789"), Identifier("", "FAIRWATER")),
)

INSURER = Party("organization", "urn:insurer", identifiers=(Identifier(NPI, "1900001003"),))
OTHER = Party("organization", "urn:other", identifiers=(Identifier(NPI, "1234567893"),))
ROSA = Person((), "Delgado", "Rosa", date(1948, 3, 14), "female", full_url="urn:patient")


def number(value: str, system: str = MEMBER_SYSTEM, kind: str = "MB") -> Identifier:
    return Identifier(system, value, kind)


CARD = CoverageClaim((number("FW100001"),), full_url="urn:coverage", payer=INSURER)


def request(
    member: Person = ROSA,
    *cards: CoverageClaim,
    insurer: Party = INSURER,
    days: tuple[date | None, ...] = (TODAY,),
) -> PriorAuthRequest:
    items = tuple(
        Item(
            n + 1, Concept((Coding("hcpcs", "E1390"),)), serviced=Period(day, day) if day else None
        )
        for n, day in enumerate(days)
    )
    return PriorAuthRequest(
        guide=Guide.V22,
        use=Use.PREAUTHORIZATION,
        transaction=Identifier("s", "t"),
        request_full_url="urn:claim",
        identifiers=(),
        created=TODAY,
        urgency=Urgency.STANDARD,
        member=member,
        coverage=cards or (CARD,),
        insurer=insurer,
        submitter=Party("organization"),
        items=items,
    )


def row(
    member_id: str = "FW100001",
    person: Person = ROSA,
    plan: Plan = MA,
    start: date | None = date(2024, 1, 1),
    end: date | None = None,
    *,
    key: str = "",
    system: str = MEMBER_SYSTEM,
    group: str = "",
    order: int = 0,
    **more: Any,
) -> Candidate:
    coverage = Coverage(
        member_id,
        plan,
        Period(start, end),
        person.birth_date,
        person.gender,
        person.family,
        person.given,
        **more,
    )
    return Candidate(coverage, key or member_id, (Identifier(system, member_id),), group, order)


def named(person: Person, **changes: Any) -> Person:
    return replace(person, **changes)
