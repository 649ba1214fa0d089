"""A payer's own ExplanationOfBenefit resources as what was paid for a member.

Read as CARIN's Blue Button profiles write them, and plain R4 as well: policies look back on the
services, so a line needs a code and a day; amounts, units and the provider's NPI are taken where
they are. A line that was refused is no paid service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.domain.roster import PaidEntry, PaidLine, Unusable
from app.domain.values import Coding, Period
from app.fhir.read.party import npi
from app.fhir.read.systems import concept, service
from app.fhir.read.values import first_code, identifiers, number, part, parts, period, text, timed

_REVERSED = frozenset({"cancelled", "entered-in-error"})
_PAID = ("benefit", "paidtoprovider", "paidtopatient")
_REFUSED = "denialreason"
_DOLLARS = frozenset({"", "USD"})


def read_paid(resource: Mapping[str, Any], ref: str, person: str) -> PaidEntry | None:
    """What was paid with this claim; None when it says nothing about payment (a predetermination,
    a draft). Raises Unusable with the reason.
    """
    if text(resource, "use") not in ("", "claim") or text(resource, "status") == "draft":
        return None
    if text(resource, "status") in _REVERSED:
        return PaidEntry(ref, "", (), withdrawn=True)
    if not person:
        raise Unusable("ExplanationOfBenefit.patient.reference is missing")
    services = tuple(_services(resource))
    return PaidEntry(ref, person, services, withdrawn=not services)


def _services(resource: Mapping[str, Any]) -> Iterator[PaidLine]:
    served_by = _npi(resource)
    whole = period(resource.get("billablePeriod"))
    for place, item in enumerate(parts(resource, "item")):
        codings = _codings(item)
        if not codings:
            raise Unusable(f"ExplanationOfBenefit.item[{place}].productOrService has no code")
        served = timed(item, "serviced") or whole
        if served is None or served.start is None:
            raise Unusable(f"ExplanationOfBenefit.item[{place}].serviced[x] is missing")
        if (paid := _paid(item)) is not _NOT_PAID:
            units = number(part(item, "quantity").get("value"))
            yield PaidLine(codings, _days(served), units, paid, served_by)


def _codings(item: Mapping[str, Any]) -> tuple[Coding, ...]:
    named = [service(item.get("productOrService")), concept(item.get("revenue"))]
    return tuple(
        Coding(coding.system, coding.code) for each in named if each for coding in each.codings
    )


def _days(served: Period) -> Period:
    return Period(served.start, served.end or served.start)


_NOT_PAID = Decimal(-1)


def _paid(item: Mapping[str, Any]) -> Decimal | None:
    """The amount, None when it is not said, _NOT_PAID for a line that was refused."""
    judged = parts(item, "adjudication")
    kinds = [first_code(each.get("category")) for each in judged]
    for kind in _PAID:
        for each, said in zip(judged, kinds, strict=True):
            amount = part(each, "amount")
            value = number(amount.get("value"))
            if said == kind and value is not None and text(amount, "currency") in _DOLLARS:
                return _NOT_PAID if _REFUSED in kinds and not value else value
    return _NOT_PAID if _REFUSED in kinds else None


def _npi(resource: Mapping[str, Any]) -> str:
    """The NPI of the provider: in the reference itself, or in the resource contained here."""
    provider = part(resource, "provider")
    own = identifiers({"identifier": [part(provider, "identifier")]})
    name = text(provider, "reference").removeprefix("#")
    for each in parts(resource, "contained"):
        if name and text(each, "id") == name:
            own += identifiers(each)
    return npi(own)
