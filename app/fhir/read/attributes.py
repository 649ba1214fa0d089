"""Collects the qualifiers of one piece of evidence; what is absent or unreadable is not added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.domain.values import Scalar
from app.fhir.read.dates import day_of
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.party import party_of
from app.fhir.read.systems import concept
from app.fhir.read.values import first, first_code, parts, text

ACTORS = {
    "CareTeam": "care-team",
    "Device": "device",
    "Organization": "organization",
    "Patient": "patient",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitioner-role",
    "RelatedPerson": "related-person",
}
_PARTIES = frozenset({"Organization", "Practitioner", "PractitionerRole"})


class Attributes:
    """Named scalars of the resource in `entry`; `found` is the result. The first of a name stays."""

    __slots__ = ("entries", "entry", "found")

    def __init__(self, entry: Entry, entries: Entries) -> None:
        self.entry = entry
        self.entries = entries
        self.found: dict[str, Scalar] = {}

    def add(self, name: str, value: Scalar | None) -> None:
        """A value already read."""
        if value is not None and value != "":
            self.found.setdefault(name, value)

    def text(self, name: str, raw: Any) -> None:
        """A string or code."""
        if type(raw) is str and raw:
            self.found.setdefault(name, raw)

    def codes(self, resource: Mapping[str, Any], *elements: str) -> None:
        """The codes in these elements, under the same names."""
        for element in elements:
            raw = resource.get(element)
            if type(raw) is str and raw:
                self.found.setdefault(element, raw)

    def concept(self, name: str, raw: Any) -> None:
        """A CodeableConcept."""
        if raw is not None and (said := concept(raw)) is not None:
            self.found.setdefault(name, said)

    def first(self, name: str, resource: Mapping[str, Any], element: str) -> None:
        """The first CodeableConcept of an element that may repeat."""
        if element in resource:
            self.concept(name, first(resource, element))

    def first_code(self, name: str, resource: Mapping[str, Any], element: str) -> None:
        """The first code of that concept."""
        if element in resource:
            self.text(name, first_code(first(resource, element)))

    def day(self, name: str, at: date | datetime | None) -> None:
        """The calendar day of `at`."""
        if at is not None:
            self.add(name, day_of(at))

    def referenced(self, name: str, reference: Any, kind: str, element: str) -> None:
        """A coded element of the resource that `reference` leads to."""
        target = self.entries.follow(reference, self.entry) if reference is not None else None
        if target is not None and target.kind == kind:
            self.concept(name, target.resource.get(element))

    def actor(self, name: str, reference: Any) -> None:
        """Who did it: `NAME-kind`, `NAME-npi`, `NAME-type` (what kind of provider it is)."""
        if type(reference) is not dict:
            return
        target = self.entries.follow(reference, self.entry)
        if target is None:
            kind = text(reference, "type") or text(reference, "reference").rpartition("/")[0]
            self.text(f"{name}-kind", ACTORS.get(kind.rpartition("/")[2]))
            return
        if target.kind in ACTORS:
            self.found.setdefault(f"{name}-kind", ACTORS[target.kind])
        if target.kind not in _PARTIES:
            return
        if npi := party_of(target, self.entries).npi:
            self.found.setdefault(f"{name}-npi", npi)
        for element in ("type", "code", "specialty"):
            if element in target.resource:
                for each in parts(target.resource, element):
                    self.concept(f"{name}-type", each)
