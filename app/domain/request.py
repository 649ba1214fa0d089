"""A request for review, as any guide version says it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from app.domain.crd import Guidance
from app.domain.facts import Evidence
from app.domain.guide import Guide
from app.domain.values import Concept, Identifier, Money, Period, Quantity
from app.sealed import sealed


class Use(StrEnum):
    """What is asked for: a binding review, or an optional opinion beforehand."""

    PREAUTHORIZATION = "preauthorization"
    PREDETERMINATION = "predetermination"


class Urgency(StrEnum):
    """How fast the answer is needed; decides the deadline (42 CFR 422.568, 422.572)."""

    STANDARD = "standard"
    EXPEDITED = "expedited"


@sealed(frozen=True, slots=True)
class Person:
    """The member or the subscriber, as the request describes them. Never logged."""

    identifiers: tuple[Identifier, ...]
    family: str = ""
    given: str = ""
    birth_date: date | None = None
    gender: str = ""
    language: str = ""
    full_url: str = ""


@sealed(frozen=True, slots=True)
class Party:
    """An organization or a practitioner: requestor, insurer, ordering or rendering provider.

    `identifiers` and `specialties` of a PractitionerRole hold those of its practitioner and its
    organization too. `kind` is `organization`, `practitioner` or `practitioner-role`.
    """

    kind: str
    full_url: str = ""
    npi: str = ""
    name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    specialties: tuple[Concept, ...] = ()
    state: str = ""


@sealed(frozen=True, slots=True)
class CareTeamMember:
    """Who orders or renders; `overall` is True when for the whole request."""

    sequence: int
    party: Party
    overall: bool
    role: Concept | None = None
    qualification: Concept | None = None


@sealed(frozen=True, slots=True)
class CoverageClaim:
    """Which coverage the request says the member has (not yet looked up)."""

    member_ids: tuple[Identifier, ...]
    subscriber_id: str = ""
    group: str = ""
    plan: str = ""
    relationship: str = ""
    payer: Party | None = None
    full_url: str = ""


@sealed(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis of the request itself (not of a supporting Condition)."""

    sequence: int
    concept: Concept
    kind: Concept | None = None
    recorded: date | None = None


@sealed(frozen=True, slots=True)
class Item:
    """One requested service line; `sequence` traces it for the life of the case (spec-34).

    `orders` and `information` are the addresses of the orders that it fulfils and of the supporting
    resources that it points at. `guidance` is by what a CRD call judged the order before.
    """

    sequence: int
    service: Concept
    service_end: Concept | None = None
    modifiers: tuple[Concept, ...] = ()
    category: Concept | None = None
    revenue: Concept | None = None
    request_type: str = ""
    certification_type: str = ""
    place: Concept | None = None
    serviced: Period | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    diagnoses: tuple[Concept, ...] = ()
    care_team: tuple[CareTeamMember, ...] = ()
    trace_numbers: tuple[Identifier, ...] = ()
    previous_number: str = ""
    reference_number: str = ""
    assertion_ids: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    information: tuple[str, ...] = ()
    guidance: Guidance | None = None


@sealed(frozen=True, slots=True)
class PriorAuthRequest:
    """A whole request. All dates are calendar days as sent; `created` is the sender's instant.

    `submitter` is who the request says is asking (Claim.provider); who really called is the
    principal. `transaction` is Bundle.identifier, `request_full_url` the Claim's own address.
    """

    guide: Guide
    use: Use
    transaction: Identifier
    request_full_url: str
    identifiers: tuple[Identifier, ...]
    created: datetime | date | None
    urgency: Urgency
    member: Person
    coverage: tuple[CoverageClaim, ...]
    insurer: Party
    submitter: Party
    items: tuple[Item, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    care_team: tuple[CareTeamMember, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    event: Period | None = None
    admission: Period | None = None
    discharge: Period | None = None
    accident: Concept | None = None
    certification_type: str = ""
    previous_number: str = ""
    reference_number: str = ""
    messages: tuple[str, ...] = ()

    def service_day(self, item: Item, fallback: date) -> date:
        """The first day that the item is asked for, else of the request, else `fallback`."""
        for period in (item.serviced, self.event, self.admission):
            if period is not None and (period.start or period.end):
                return period.start or period.end or fallback
        return fallback
