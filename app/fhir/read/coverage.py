"""Which coverages the request names for the member."""

from __future__ import annotations

from app.domain.request import CoverageClaim
from app.domain.values import Identifier
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.party import read_party
from app.fhir.read.values import first, first_code, identifiers, parts, text

MEMBER_NUMBER = "MB"


def read_coverages(claim: Entry, entries: Entries) -> tuple[CoverageClaim, ...]:
    """The coverages of Claim.insurance, the focal one first, else in the order of the sequence."""
    listed = parts(claim.resource, "insurance")
    if len(listed) > 1:
        listed = sorted(listed, key=lambda each: each.get("focal") is not True)
    read = [_read(entries.follow(each.get("coverage"), claim), entries) for each in listed]
    return tuple([each for each in read if each is not None])


def _read(found: Entry | None, entries: Entries) -> CoverageClaim | None:
    if found is None or found.kind != "Coverage":
        return None
    resource = found.resource
    payor = first(resource, "payor")
    classes: dict[str, str] = {}
    for each in parts(resource, "class"):
        classes.setdefault(first_code(each.get("type")), text(each, "value"))
    return CoverageClaim(
        member_ids=_member_ids(identifiers(resource)),
        subscriber_id=text(resource, "subscriberId"),
        group=classes.get("group", ""),
        plan=classes.get("plan", ""),
        relationship=first_code(resource.get("relationship")),
        payer=read_party(payor, entries, found) if payor is not None else None,
        full_url=found.full_url,
    )


def _member_ids(own: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """The identifiers marked as member numbers, else all."""
    marked = tuple([each for each in own if each.kind == MEMBER_NUMBER])
    return marked or own
