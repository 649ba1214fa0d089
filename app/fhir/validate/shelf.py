"""Packages of a guide in their order, and what a canonical means among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.sealed import sealed

Json = dict[str, Any]


@sealed(frozen=True, slots=True)
class Package:
    """One package: its name, version and conformance resources, in file order."""

    name: str
    version: str
    resources: tuple[Json, ...]

    @property
    def folder(self) -> str:
        """Where its facts live below `profiles/`."""
        return f"{self.name}/{self.version}"


@sealed(frozen=True, slots=True)
class Taken:
    """A package of a guide and how much of it is taken.

    `take` is `all` (every structure), `named` (only structures that another package names, and no
    terminology), or `terms` (no structures). Value sets and code systems are taken when a binding
    reaches them.
    """

    package: Package
    take: str


class Shelf:
    """The packages of one guide, with look-up by canonical."""

    def __init__(self, guide: list[Taken]) -> None:
        self.guide = guide
        self.by_url: dict[str, list[tuple[Taken, Json]]] = {}
        for taken in guide:
            for resource in taken.package.resources:
                if "url" in resource:
                    self.by_url.setdefault(resource["url"], []).append((taken, resource))

    def find(self, canonical: str, kind: str) -> tuple[Taken, Json] | None:
        """The resource that a canonical, with or without version, means in this guide."""
        url, _, version = canonical.partition("|")
        found = [
            (t, r)
            for t, r in self.by_url.get(url, ())
            if r["resourceType"] == kind and (t.take != "named" or kind == "StructureDefinition")
        ]
        if not found:
            return None
        exact = [(t, r) for t, r in found if version and _fits(version, r.get("version", ""))]
        return (exact or found)[0]

    def reachable(self) -> dict[str, dict[str, Json]]:
        """Structures to take, by package folder and url."""
        out: dict[str, dict[str, Json]] = {}
        waiting: list[tuple[Taken, Json]] = [
            (taken, resource)
            for taken in self.guide
            if taken.take == "all"
            for resource in taken.package.resources
            if is_wanted(resource)
        ]
        while waiting:
            taken, resource = waiting.pop()
            found = out.setdefault(taken.package.folder, {})
            if resource["url"] in found:
                continue
            found[resource["url"]] = resource
            for canonical in _named(resource):
                other = self.find(canonical, "StructureDefinition")
                if other and other[0].take != "all" and is_wanted(other[1]):
                    waiting.append(other)
        return out


def _fits(wanted: str, version: str) -> bool:
    return version == wanted or version.startswith(wanted + ".")


def is_wanted(resource: Json) -> bool:
    """Whether a resource is a structure with elements that documents can have."""
    return (
        resource["resourceType"] == "StructureDefinition"
        and resource.get("kind") != "logical"
        and "snapshot" in resource
    )


def _named(sd: Json) -> Iterator[str]:
    yield sd.get("baseDefinition", "")
    for element in sd["snapshot"]["element"]:
        for kind in element.get("type", ()):
            yield from kind.get("profile", ())
            yield from kind.get("targetProfile", ())


def dropped_empty(value: Json) -> Json:
    """An object without its empty members."""
    return {key: item for key, item in value.items() if item not in ("", [], {}, False, None)}
