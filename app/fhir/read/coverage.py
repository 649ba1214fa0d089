"""Which coverages the request names for the member."""

from __future__ import annotations

from app.domain.request import CoverageClaim
from app.domain.values import Identifier
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.party import read_party
from app.fhir.read.values import first_code, identifiers, parts, text

MEMBER_NUMBER = "MB"


def read_coverages(claim: Entry, entries: Entries) -> tuple[CoverageClaim, ...]:
    """The coverages of Claim.insurance, the focal one first, else in the order of the sequence."""
    listed = parts(claim.resource, "insurance")
    listed.sort(key=lambda each: each.get("focal") is not True)
    read = [_read(entries.follow(each.get("coverage"), claim), entries) for each in listed]
    return tuple([each for each in read if each is not None])


def _read(found: Entry | None, entries: Entries) -> CoverageClaim | None:
    if found is None or found.kind != "Coverage":
        return None
    resource = found.resource
    payors = parts(resource, "payor")
    return CoverageClaim(
        member_ids=_member_ids(identifiers(resource)),
        subscriber_id=text(resource, "subscriberId"),
        group=_class(found, "group"),
        plan=_class(found, "plan"),
        relationship=first_code(resource.get("relationship")),
        payer=read_party(payors[0], entries, found) if payors else None,
        full_url=found.full_url,
    )


def _member_ids(own: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """The identifiers marked as member numbers, else all."""
    marked = tuple([each for each in own if each.kind == MEMBER_NUMBER])
    return marked or own


def _class(found: Entry, kind: str) -> str:
    for each in parts(found.resource, "class"):
        if first_code(each.get("type")) == kind:
            return text(each, "value")
    return ""
