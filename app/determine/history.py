"""The payer's own earlier authorizations as evidence (docs/reference/evidence.md, `history`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from app.domain.decision import Decision, Outcome
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.policy import Find
from app.domain.values import Concept, Scalar

AUTHORIZATION = "authorization"
_GRANTED = (Outcome.APPROVED, Outcome.MODIFIED)


def wants_authorizations(place: Find) -> bool:
    """Whether an earlier authorization may be what this place of a fact looks for."""
    if place.kind is not EvidenceKind.HISTORY:
        return False
    kinds = (each.values for each in place.where if each.name == "kind")
    return all(AUTHORIZATION in values for values in kinds)


def authorizations(decisions: Iterable[Decision]) -> Iterator[Evidence]:
    """Each line that these decisions grant; what was refused or cancelled is no authorization."""
    for decision in decisions:
        for item in decision.items:
            grant = item.grant
            if grant is None or grant.service is None or item.outcome not in _GRANTED:
                continue
            revenue = grant.revenue.codings if grant.revenue else ()
            said: dict[str, Scalar] = {
                "kind": AUTHORIZATION,
                "outcome": str(item.outcome),
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
