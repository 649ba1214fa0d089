"""The payer's own earlier authorizations and paid claims as evidence (docs/reference/evidence.md, `history`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from app.domain.decision import Decision, Outcome
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.policy import Find
from app.domain.roster import PaidLine
from app.domain.values import Concept, Quantity, Scalar

AUTHORIZATION = "authorization"
PAID_CLAIM = "claim"
_GRANTED = (Outcome.APPROVED, Outcome.MODIFIED)


def wants_authorizations(place: Find) -> bool:
    """Whether an earlier authorization may be what this place of a fact looks for."""
    return _wants(place, AUTHORIZATION)


def wants_paid_claims(place: Find) -> bool:
    """Whether a service that was paid before may be what this place of a fact looks for."""
    return _wants(place, PAID_CLAIM)


def _wants(place: Find, kind: str) -> bool:
    if place.kind is not EvidenceKind.HISTORY:
        return False
    kinds = (each.values for each in place.where if each.name == "kind")
    return all(kind in values for values in kinds)


def authorizations(decisions: Iterable[Decision]) -> Iterator[Evidence]:
    """Each line that these decisions grant, or leave as granted while its change waits; what was refused
    or cancelled is no authorization.
    """
    for decision in decisions:
        for item in decision.items:
            grant = item.stands
            waits = item.earlier is not None
            if grant is None or grant.service is None or not (waits or item.outcome in _GRANTED):
                continue
            revenue = grant.revenue.codings if grant.revenue else ()
            said: dict[str, Scalar] = {
                "kind": AUTHORIZATION,
                "outcome": str(Outcome.APPROVED if waits else item.outcome),
                "number": grant.number,
            }
            if grant.units is not None:
                said["units"] = grant.units
            yield Evidence(
                kind=EvidenceKind.HISTORY,
                concept=Concept((*grant.service.codings, *revenue)),
                source=Source(grant.number, "Authorization"),
                at=grant.issued,
                period=grant.period,
                attributes=MappingProxyType(said),
            )


def paid_claims(services: Iterable[tuple[str, PaidLine]]) -> Iterator[Evidence]:
    """Each service that was paid, with the payer's key of its claim as the source."""
    for ref, service in services:
        said: dict[str, Scalar] = {"kind": PAID_CLAIM}
        if service.units is not None:
            said["units"] = Quantity(service.units)
        if service.paid is not None:
            said["paid"] = Quantity(service.paid, "USD", "USD")
        if service.npi:
            said["provider-npi"] = service.npi
        yield Evidence(
            kind=EvidenceKind.HISTORY,
            concept=Concept(service.codings),
            source=Source(ref, "ExplanationOfBenefit"),
            at=service.period.start,
            period=service.period,
            attributes=MappingProxyType(said),
        )
