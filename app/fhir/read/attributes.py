"""Collects the qualifiers of one piece of evidence; what is absent or unreadable is not added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.domain.values import Scalar
from app.fhir.read.dates import day_of
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.party import read_party
from app.fhir.read.systems import concept
from app.fhir.read.values import first_code, parts, text

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
    """Named scalars of the resource in `entry`; `found` is the result."""

    __slots__ = ("entries", "entry", "found")

    def __init__(self, entry: Entry, entries: Entries) -> None:
        self.entry = entry
        self.entries = entries
        self.found: dict[str, Scalar] = {}

    def add(self, name: str, value: Scalar | None) -> None:
        """A value already read; the first of a name stays."""
        if value is not None and value != "":
            self.found.setdefault(name, value)

    def text(self, name: str, raw: Any) -> None:
        """A string or code."""
        if isinstance(raw, str) and raw:
            self.found.setdefault(name, raw)

    def code(self, resource: Mapping[str, Any], element: str) -> None:
        """The code in `element`, under the same name."""
        self.text(element, resource.get(element))

    def concept(self, name: str, raw: Any) -> None:
        """A CodeableConcept."""
        self.add(name, concept(raw))

    def first_code(self, name: str, raw: list[dict[str, Any]]) -> None:
        """The first code of the first of several CodeableConcepts."""
        if raw:
            self.text(name, first_code(raw[0]))

    def day(self, name: str, at: date | datetime | None) -> None:
        """The calendar day of `at`."""
        self.add(name, day_of(at))

    def referenced(self, name: str, reference: Any, kind: str, element: str) -> None:
        """A coded element of the resource that `reference` leads to."""
        target = self.entries.follow(reference, self.entry) if reference is not None else None
        if target is not None and target.kind == kind:
            self.concept(name, target.resource.get(element))

    def actor(self, name: str, reference: Any) -> None:
        """Who did it: `NAME-kind`, `NAME-npi`, `NAME-type` (what kind of provider it is)."""
        if not isinstance(reference, dict):
            return
        target = self.entries.follow(reference, self.entry)
        if target is None:
            kind = text(reference, "type") or text(reference, "reference").rpartition("/")[0]
            self.text(f"{name}-kind", ACTORS.get(kind.rpartition("/")[2]))
            return
        self.text(f"{name}-kind", ACTORS.get(target.kind))
        if target.kind not in _PARTIES:
            return
        self.text(f"{name}-npi", read_party(reference, self.entries, self.entry).npi)
        for element in ("type", "code", "specialty"):
            for each in parts(target.resource, element):
                self.concept(f"{name}-type", each)
