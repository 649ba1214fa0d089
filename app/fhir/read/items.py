"""The requested service lines of a Claim."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar

from app.domain.request import CareTeamMember, Diagnosis, Item
from app.domain.values import Concept, Identifier
from app.errors import Invalid, Issue
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.orders import assertion_ids
from app.fhir.read.systems import concept, service
from app.fhir.read.values import (
    Nodes,
    by_url,
    identifier,
    money,
    parts,
    quantity,
    timed,
    told_code,
    told_text,
    whole,
    wholes,
)
from app.fhir.urls import ext

MOST_DIAGNOSES, MOST_MEMBERS = 12, 10
"""How many of an item's diagnoses and care team are used; X12 carries no more."""
INITIAL = "I"
"""The certification type of an item that names none (PAS 2.0.1 does not demand it)."""

_T = TypeVar("_T")


def read_items(
    claim: Entry,
    entries: Entries,
    diagnoses: tuple[Diagnosis, ...],
    team: Mapping[int, CareTeamMember],
    information: Mapping[int, str],
) -> tuple[Item, ...]:
    """Claim.item in its order. Raises Invalid for lines that cannot be told apart."""
    listed = parts(claim.resource, "item")
    _check_sequences(listed, claim.path)
    by_sequence = {each.sequence: each.concept for each in diagnoses}
    return tuple([_read(each, claim, entries, by_sequence, team, information) for each in listed])


def _check_sequences(listed: Nodes, path: str) -> None:
    """Each line needs a number of its own: answers refer to lines by it (spec-34)."""
    seen: set[int] = set()
    faults = []
    for position, item in enumerate(listed):
        sequence = whole(item.get("sequence"))
        if sequence is None or sequence in seen:
            at = f"{path}.item[{position}].sequence"
            what = "is missing" if sequence is None else "is used twice"
            said = f"The sequence of this item {what}: give each item a number of its own."
            faults.append(Issue("error", "value", "item-sequence", at, said))
        else:
            seen.add(sequence)
    if faults:
        raise Invalid("The items of the Claim cannot be told apart.", faults)


def _read(
    item: Mapping[str, Any],
    claim: Entry,
    entries: Entries,
    diagnoses: Mapping[int, Concept],
    team: Mapping[int, CareTeamMember],
    information: Mapping[int, str],
) -> Item:
    said = by_url(item)
    orders = _orders(said, claim, entries)
    pointed = wholes(item, "diagnosisSequence") or diagnoses
    return Item(
        sequence=item["sequence"],
        service=service(item.get("productOrService")) or Concept(),
        service_end=_service_end(said) if ext.PRODUCT_OR_SERVICE_CODE_END in said else None,
        modifiers=_modifiers(item) if "modifier" in item else (),
        category=concept(item.get("category")),
        revenue=concept(item.get("revenue")),
        request_type=told_code(said, ext.SERVICE_ITEM_REQUEST_TYPE),
        certification_type=told_code(said, ext.CERTIFICATION_TYPE) or INITIAL,
        place=concept(item.get("locationCodeableConcept")),
        serviced=timed(item, "serviced"),
        quantity=quantity(item.get("quantity")),
        unit_price=money(item.get("unitPrice")),
        diagnoses=tuple(
            [diagnoses[each] for each in islice(pointed, MOST_DIAGNOSES) if each in diagnoses]
        ),
        care_team=_pointed(item, "careTeamSequence", team, MOST_MEMBERS),
        trace_numbers=_traces(said) if ext.ITEM_TRACE_NUMBER in said else (),
        previous_number=told_text(said, ext.AUTHORIZATION_NUMBER),
        reference_number=told_text(said, ext.ADMINISTRATION_REFERENCE_NUMBER),
        assertion_ids=_assertions(orders),
        orders=tuple([order.full_url for order in orders]),
        information=_pointed(item, "informationSequence", information),
    )


def _pointed(
    item: Mapping[str, Any], name: str, known: Mapping[int, _T], most: int | None = None
) -> tuple[_T, ...]:
    """What the numbers in the array `name` point to."""
    if name not in item:
        return ()
    return tuple([known[each] for each in wholes(item, name)[:most] if each in known])


def _assertions(orders: list[Entry]) -> tuple[str, ...]:
    """The ids under which CRD told the coverage of these orders, each once."""
    told: dict[str, None] = {}
    for order in orders:
        told |= dict.fromkeys(assertion_ids(order.resource))
    return tuple(told)


def _service_end(said: Mapping[str, Nodes]) -> Concept | None:
    """The end of a range of services."""
    return service(said[ext.PRODUCT_OR_SERVICE_CODE_END][0].get("valueCodeableConcept"))


def _modifiers(item: Mapping[str, Any]) -> tuple[Concept, ...]:
    read = [service(each) for each in parts(item, "modifier")]
    return tuple([each for each in read if each is not None])


def _traces(said: Mapping[str, Nodes]) -> tuple[Identifier, ...]:
    """The numbers by which the requester traces the line."""
    read = [identifier(each.get("valueIdentifier")) for each in said[ext.ITEM_TRACE_NUMBER]]
    return tuple([each for each in read if each is not None])


def _orders(said: Mapping[str, Nodes], claim: Entry, entries: Entries) -> list[Entry]:
    """The orders that the line fulfils (extension requestedService), as far as they were sent."""
    found = []
    for each in said.get(ext.REQUESTED_SERVICE, ()):
        order = entries.follow(each.get("valueReference"), claim)
        if order is not None:
            found.append(order)
    return found
