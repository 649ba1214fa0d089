"""The entries of a bundle by address, and what a reference in one of them points to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.domain.request import Party
from app.fhir.read.values import parts, text


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource and its address; a contained one has the address of its container and `#id`.

    `home` is the resource that holds it (itself for an entry of the bundle), `path` its FHIRPath.
    """

    full_url: str
    resource: Mapping[str, Any]
    home: Mapping[str, Any]
    path: str = ""

    @property
    def kind(self) -> str:
        """The resource type."""
        return text(self.resource, "resourceType")


class Entries:
    """All resources of a bundle. Of two with one address the first counts.

    `parties` remembers who was read, as a few people stand behind many records.
    """

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self.all: list[Entry] = []
        self.parties: dict[str, Party] = {}
        self._inside: dict[int, dict[str, Any]] = {}
        self._by_url: dict[str, Entry] = {}
        self._by_id: dict[str, Entry] = {}
        listed = bundle.get("entry")
        for position, entry in enumerate(listed if isinstance(listed, list) else ()):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                continue
            path = f"Bundle.entry[{position}].resource"
            found = Entry(text(entry, "fullUrl"), resource, resource, path)
            self.all.append(found)
            self._by_url.setdefault(found.full_url, found)
            self._by_id.setdefault(f"{found.kind}/{text(resource, 'id')}", found)

    @cached_property
    def signed(self) -> frozenset[str]:
        """The addresses that a Provenance with a signature vouches for."""
        return frozenset(
            target.full_url
            for proof in self.of("Provenance")
            if parts(proof.resource, "signature")
            for reference in parts(proof.resource, "target")
            if (target := self.follow(reference, proof)) is not None
        )

    def of(self, *kinds: str) -> Iterator[Entry]:
        """The entries of these resource types, in the order of the bundle."""
        return (entry for entry in self.all if entry.kind in kinds)

    def follow(self, reference: Any, origin: Entry) -> Entry | None:
        """What a Reference object in `origin` points to, if the bundle holds it.

        Absolute and urn addresses must equal a fullUrl; relative ones are taken from the address of
        `origin`, and as type and id where that leads nowhere; `#id` is looked up in the container.
        A Reference that has only an identifier leads to the first resource that carries it.
        """
        if not isinstance(reference, dict):
            return None
        address = text(reference, "reference")
        if address:
            return self.at(address, origin)
        return self._identified(reference)

    def at(self, address: str, origin: Entry) -> Entry | None:
        """What `address` in `origin` points to, if the bundle holds it."""
        if address.startswith("#"):
            return self._contained(address, origin)
        found = self._by_url.get(address)
        if found is not None or address.startswith("urn:"):
            return found
        address = address.split("/_history/", 1)[0]
        return (
            self._by_url.get(address)
            or self._by_url.get(absolute(address, origin.full_url))
            or (None if "://" in address else self._by_id.get(address))
        )

    def _contained(self, address: str, origin: Entry) -> Entry | None:
        container = origin.full_url.split("#", 1)[0]
        if address == "#":
            return Entry(container, origin.home, origin.home)
        inside = self._inside.get(id(origin.home))
        if inside is None:
            inside = {text(each, "id"): each for each in reversed(parts(origin.home, "contained"))}
            self._inside[id(origin.home)] = inside
        resource = inside.get(address[1:])
        return Entry(container + address, resource, origin.home) if resource else None

    def _identified(self, reference: Mapping[str, Any]) -> Entry | None:
        wanted = reference.get("identifier")
        if not isinstance(wanted, dict) or not text(wanted, "value"):
            return None
        return self._by_identifier.get(
            (text(reference, "type"), text(wanted, "system"), text(wanted, "value"))
        )

    @cached_property
    def _by_identifier(self) -> dict[tuple[str, str, str], Entry]:
        """Entries by (type or "", system, value) of their identifiers."""
        found: dict[tuple[str, str, str], Entry] = {}
        for entry in self.all:
            for each in parts(entry.resource, "identifier"):
                number = (text(each, "system"), text(each, "value"))
                found.setdefault(("", *number), entry)
                found.setdefault((entry.kind, *number), entry)
        return found


def absolute(address: str, full_url: str) -> str:
    """`address` as seen from the resource at `full_url`: relative ones become absolute.

    From a `urn:` address nothing can be made absolute; `#id` stays.
    """
    if address.startswith(("#", "urn:")) or "://" in address or not full_url.startswith("http"):
        return address
    base = full_url.split("#", 1)[0].rsplit("/", 2)[0]
    return f"{base}/{address}"
