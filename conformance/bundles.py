"""Whole bundles around one grown resource: what it refers to comes with it, as lean as can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from app.fhir.validate.facts import load
from conformance.seeds import Grower, Grown, Place, Pointer, get, holds

Json = dict[str, Any]

PAS: Final = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
BASE: Final = "https://ehr.northside.example/fhir/"
_ROOTS: Final = {
    "request": ("profile-pas-request-bundle", "profile-claim"),
    "response": ("profile-pas-response-bundle", "profile-claimresponse"),
    "inquiry": ("profile-pas-inquiry-request-bundle", "profile-claim-inquiry"),
    "inquiry-response": ("profile-pas-inquiry-response-bundle", "profile-claiminquiryresponse"),
}
_ALONE: Final = ("subscription",)
_IN_RESPONSES: Final = ("communicationrequest", "task", "claimresponse")


@dataclass(slots=True)
class Seed:
    """A sound document; `focus` is where the rich resource is, `places` are from the document."""

    name: str
    guide: str
    document: Json
    focus: Pointer
    places: dict[Pointer, Place]
    skipped: list[str]


class Builder:
    """Collects entries of one bundle, one per profile."""

    def __init__(self, guide: str, variant: int) -> None:
        self.guide = guide
        self.lean = Grower(guide, rich=False, variant=0)
        self.rich = Grower(guide, rich=True, variant=variant)
        self.facts = load(guide)
        self.entries: list[Json] = []
        self.at: dict[str, str] = {}

    def add(self, profile: str, *, rich: bool = False) -> tuple[str, Grown]:
        """Add a resource of `profile` with all that it refers to; its reference and growth."""
        grown = (self.rich if rich else self.lean).resource(profile)
        kind = grown.resource["resourceType"]
        name = profile.partition("|")[0].rpartition("/")[2].removeprefix("profile-")
        grown.resource["id"] = f"seed-{name}"[:64]
        reference = f"{kind}/{grown.resource['id']}"
        self.at[profile.partition("|")[0]] = reference
        self.entries.append({"fullUrl": BASE + reference, "resource": grown.resource})
        for pointer, targets in grown.wanted:
            try:
                value = get(grown.resource, pointer)
            except (KeyError, IndexError):
                continue
            target = None if pointer[0] == "communicationRequest" else self._target(targets)
            if target:
                value["reference"] = target
        return reference, grown

    def _target(self, targets: list[str]) -> str | None:
        for target in targets:
            found = self.at.get(target.partition("|")[0])
            if found:
                return found
        names = (target.partition("|")[0] for target in targets)
        usable = next((n for n in names if not self._abstract(n)), None)
        return self.add(usable)[0] if usable else None

    def _abstract(self, profile: str) -> bool:
        structure = self.facts.structure(profile)
        return structure is None or bool(structure.header.get("abstract"))


def seed(guide: str, profile: str, variant: int = 0) -> Seed:
    """A whole document of `guide` with one rich resource of the PAS profile `profile-...`."""
    name = profile.removeprefix("profile-")
    builder = Builder(guide, variant)
    if name in _ALONE:
        grown = builder.rich.resource(PAS + profile)
        there = {p: place for p, place in grown.places.items() if holds(grown.resource, p)}
        return Seed(f"{guide}/{name}/{variant}", guide, grown.resource, (), there, grown.skipped)
    bundle_profile, root = _ROOTS[_kind(name)]
    focus = profile
    if _root_like(name):
        reference, grown = builder.add(PAS + focus, rich=True)
    else:
        builder.add(PAS + root)
        known = builder.at.get(PAS + focus)
        if known:
            builder.entries = [e for e in builder.entries if e["fullUrl"] != BASE + known]
        reference, grown = builder.add(PAS + focus, rich=True)
    number = next(i for i, e in enumerate(builder.entries) if e["fullUrl"] == BASE + reference)
    document = {
        "resourceType": "Bundle",
        "meta": {"profile": [PAS + bundle_profile]},
        "identifier": {"system": "https://ehr.northside.example/id", "value": "seed"},
        "type": "collection",
        "timestamp": "2026-11-02T09:00:00Z",
        "entry": builder.entries,
    }
    at: Pointer = ("entry", number, "resource")
    places = {
        (*at, *pointer): place
        for pointer, place in grown.places.items()
        if holds(grown.resource, pointer)
    }
    return Seed(f"{guide}/{name}/{variant}", guide, document, at, places, grown.skipped)


def _kind(name: str) -> str:
    if name == "claim-inquiry":
        return "inquiry"
    if name == "claiminquiryresponse":
        return "inquiry-response"
    return "response" if name in _IN_RESPONSES else "request"


def _root_like(name: str) -> bool:
    return name in (
        "claim",
        "claim-update",
        "claim-inquiry",
        "claimresponse",
        "claiminquiryresponse",
    )


def profiles(guide: str) -> list[str]:
    """The PAS profiles of resources that can be an entry or stand alone, by name."""
    facts = load(guide)
    out = []
    for url in facts.canonicals():
        if not url.startswith(PAS + "profile-"):
            continue
        structure = facts.structure(url)
        if structure is None or structure.header["kind"] != "resource":
            continue
        if structure.type != "Bundle" and not structure.header.get("abstract"):
            out.append(url.removeprefix(PAS))
    return sorted(out)
