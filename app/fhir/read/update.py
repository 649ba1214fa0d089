"""An update's Claim: which request it follows, and what it marks as added, changed or cancelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from app.domain.update import Change, Marks, Named, Update
from app.errors import Invalid
from app.fhir.kind import claim_of
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.values import (
    Nodes,
    extended,
    extended_code,
    extended_text,
    identifier,
    identifiers,
    part,
    parts,
    text,
    whole,
    wholes,
)
from app.fhir.urls import ext

CANCEL = "3"
"""The certification type (X12 1322) of what is cancelled."""
MOST_STEPS = 8
"""Prior Claims that are followed within one bundle; 2.2 allows one of them."""
_BEFORE = frozenset({"prior", "replaces"})
_CHANGES = {"added": Change.ADDED, "changed": Change.CHANGED}


def read_update(bundle: Mapping[str, Any]) -> Update:
    """What a bundle with an update or cancellation says of the request before it.

    Raises Invalid when there is no Claim, or when its prior Claims lead back to it.
    """
    entries = Entries(bundle)
    claim = next(entries.of("Claim"), None)
    if claim is None:
        raise Invalid("The bundle holds no Claim.", at="Bundle")
    steps = list(_steps(entries, claim))
    resource = claim.resource
    return Update(
        own=_named(claim),
        prior=tuple(named for named, _ in steps),
        prior_included=bool(steps) and steps[0][1],
        numbers=tuple(dict.fromkeys(_numbers(resource))),
        whole=extended_code(resource, ext.CERTIFICATION_TYPE) == CANCEL,
        marks=read_marks(bundle),
    )


def read_marks(bundle: Mapping[str, Any]) -> Marks:
    """The marks of the first Claim of any request bundle."""
    claim = claim_of(bundle)
    items = {sequence: each for each, sequence in _sequenced(claim, "item")}
    papers = {sequence: each for each, sequence in _sequenced(claim, "supportingInfo")}
    return Marks(
        items={sequence: frozenset(_flags(each)) for sequence, each in items.items()},
        information={sequence: frozenset(_flags(each)) for sequence, each in papers.items()},
        papers={sequence: _comparable(each) for sequence, each in papers.items()},
        rests_on={
            sequence: frozenset(wholes(each, "informationSequence"))
            for sequence, each in items.items()
        },
    )


def prior_items(bundle: Mapping[str, Any]) -> Nodes:
    """The lines of the prior Claim that an update brings along, as sent."""
    return parts(prior_claim(bundle), "item")


def prior_claim(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    """The prior Claim that an update brings along, as sent; empty when there is none."""
    _, *earlier = Entries(bundle).of("Claim")
    return earlier[0].resource if earlier else {}


def _steps(entries: Entries, claim: Entry) -> Iterator[tuple[Named, bool]]:
    """Each Claim before, with whether the bundle holds it."""
    seen = {claim.full_url}
    here = claim
    for _ in range(MOST_STEPS):
        reference = part(_before(here.resource), "claim")
        if not reference:
            return
        found = _prior(entries, reference, here)
        said = here.absolute(text(reference, "reference")).split("/_history/", 1)[0]
        named = Named(said or (found.full_url if found else ""), _identified(reference, found))
        if {named.full_url, found.full_url if found else ""} & (seen - {""}):
            raise Invalid(
                "The prior Claims lead back to where they began: name the version before this one.",
                at=f"{claim.path}.related[0].claim",
            )
        yield named, found is not None
        if found is None:
            return
        seen |= {named.full_url, found.full_url}
        here = found


def _before(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The relation to the request before; any will do where none is called `prior`."""
    listed = parts(resource, "related")
    for each in listed:
        for coding in parts(part(each, "relationship"), "coding"):
            if coding.get("code") in _BEFORE:
                return each
    return listed[0] if listed else {}


def _prior(entries: Entries, reference: Mapping[str, Any], origin: Entry) -> Entry | None:
    """The Claim meant, if the bundle holds it. One identifier may be that of all versions."""
    if text(reference, "reference"):
        found = entries.follow(reference, origin)
        return found if found is not None and found.kind == "Claim" else None
    wanted = identifier(reference.get("identifier"))
    for each in entries.of("Claim"):
        if each is not origin and wanted is not None and wanted in identifiers(each.resource):
            return each
    return None


def _identified(reference: Mapping[str, Any], found: Entry | None) -> tuple[Any, ...]:
    told = identifier(reference.get("identifier"))
    own = identifiers(found.resource) if found else ()
    return tuple(dict.fromkeys([*([told] if told else []), *own]))


def _named(claim: Entry) -> Named:
    return Named(claim.full_url, identifiers(claim.resource))


def _numbers(resource: Mapping[str, Any]) -> Iterator[str]:
    """Payer's numbers that the Claim, its relation or its items name."""
    told = identifier(_before(resource).get("reference"))
    if told is not None:
        yield told.value
    for node in (resource, *parts(resource, "item")):
        for url in (ext.AUTHORIZATION_NUMBER, ext.ADMINISTRATION_REFERENCE_NUMBER):
            if number := extended_text(node, url):
                yield number


def _sequenced(claim: Mapping[str, Any], name: str) -> Iterator[tuple[dict[str, Any], int]]:
    for each in parts(claim, name):
        sequence = whole(each.get("sequence"))
        if sequence is not None:
            yield each, sequence


def _flags(node: Mapping[str, Any]) -> Iterator[Change]:
    change = _CHANGES.get(str(extended(node, ext.INFO_CHANGED, "valueCode")))
    if change is not None:
        yield change
    taken = {"extension": parts(node, "modifierExtension")}
    marked = extended(taken, ext.INFO_CANCELLED, "valueBoolean") is True
    if marked or extended_code(node, ext.CERTIFICATION_TYPE) == CANCEL:
        yield Change.CANCELLED


def _comparable(node: Mapping[str, Any]) -> str:
    """The element as text, without the marks themselves."""
    kept = [each for each in parts(node, "extension") if each.get("url") != ext.INFO_CHANGED]
    bare = {name: value for name, value in node.items() if name != "modifierExtension"}
    return orjson.dumps({**bare, "extension": kept}, option=orjson.OPT_SORT_KEYS).decode()
