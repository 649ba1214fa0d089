"""The member's plan as the payer knows it: eligibility, benefits, limits already used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from app.domain.values import Period
from app.sealed import sealed


class LineOfBusiness(StrEnum):
    """The market a plan is sold in; it decides deadlines, appeals and who may be told what."""

    MEDICARE_ADVANTAGE = "medicare-advantage"
    MEDICARE_FFS = "medicare-ffs"
    MEDICAID = "medicaid"
    CHIP = "chip"
    EXCHANGE = "exchange"
    COMMERCIAL = "commercial"


class Funding(StrEnum):
    """Who bears the risk of a group plan; `unknown` means that the stricter law is kept."""

    FULLY_INSURED = "fully-insured"
    SELF_FUNDED = "self-funded"
    PUBLIC = "public"
    UNKNOWN = "unknown"


@sealed(frozen=True, slots=True)
class Plan:
    """A product of the payer. `id` is what policies name, `state` the two-letter state of issue."""

    id: str
    name: str
    payer: str
    line: LineOfBusiness
    funding: Funding = Funding.UNKNOWN
    state: str = ""
    product: str = ""


@sealed(frozen=True, slots=True)
class Used:
    """What a member has used of a limit in its period: visits, days or dollars."""

    limit: str
    amount: Decimal
    year: int


@sealed(frozen=True, slots=True)
class Coverage:
    """One member under one plan: the snapshot that is stored with the decision.

    `payer_names` are the identifiers (`system|value` or bare value) under which requests may name
    the payer. `tags` are yes/no marks of the member that policies may ask for.
    """

    member_id: str
    plan: Plan
    period: Period
    birth_date: date | None = None
    gender: str = ""
    family: str = ""
    given: str = ""
    state: str = ""
    language: str = "en"
    subscriber_id: str = ""
    dependent: bool = False
    used: tuple[Used, ...] = ()
    tags: frozenset[str] = frozenset()
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class EligibilityProblem(StrEnum):
    """Why no coverage could be found: a business answer, never an exception."""

    MEMBER_NOT_FOUND = "member-not-found"
    MEMBER_MISMATCH = "member-mismatch"
    NOT_ACTIVE = "coverage-not-active"
    WRONG_PAYER = "wrong-payer"
    AMBIGUOUS = "member-ambiguous"


@sealed(frozen=True, slots=True)
class NotEligible:
    """The member cannot be served here; `at` is the FHIRPath of the element to correct."""

    problem: EligibilityProblem
    at: str = ""


Eligibility = Coverage | NotEligible
