"""The entries of a bundle by address, and what a reference in one of them points to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.request import Party
from app.fhir.read.values import parts, text


class Entry:
    """A resource and its address; a contained one has the address of its container and `#id`.

    `home` is the resource that holds it (itself for an entry of the bundle), `kind` its type,
    `position` the number of its entry, -1 for one that has none; `root` is kept by `find_root`.
    """

    __slots__ = ("full_url", "home", "kind", "position", "resource", "root")

    def __init__(
        self,
        full_url: str,
        resource: Mapping[str, Any],
        home: Mapping[str, Any],
        position: int = -1,
    ) -> None:
        self.full_url = full_url
        self.resource = resource
        self.home = home
        self.position = position
        kind = resource.get("resourceType")
        self.kind: str = kind if type(kind) is str else ""
        self.root: str | None = None

    @property
    def path(self) -> str:
        """The FHIRPath of an entry's resource."""
        return f"Bundle.entry[{self.position}].resource" if self.position >= 0 else ""

    def absolute(self, address: str) -> str:
        """`address` as seen from here: a relative one becomes absolute.

        From a `urn:` address nothing can be made absolute; `#id` stays.
        """
        if "://" in address or address.startswith(("#", "urn:")):
            return address
        return self.find_root() + address

    def find_root(self) -> str:
        """What stands before `Type/id` in the address: `http://host/path/`, "" for a `urn:`."""
        if self.root is None:
            base = self.full_url.split("#", 1)[0].rsplit("/", 2)[0]
            self.root = f"{base}/" if self.full_url.startswith("http") else ""
        return self.root


class Entries:
    """All resources of `bundle`. Of two with one address the first counts.

    `parties` remembers who was read, as a few people stand behind many records.
    """

    __slots__ = (
        "_by_id",
        "_by_identifier",
        "_by_url",
        "_inside",
        "_signed",
        "all",
        "bundle",
        "parties",
    )

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self.bundle = bundle
        self.all: list[Entry] = []
        self.parties: dict[str, Party] = {}
        self._inside: dict[int, dict[str, Any]] = {}
        self._by_url: dict[str, Entry] = {}
        self._by_id: dict[str, Entry] | None = None
        self._by_identifier: dict[tuple[str, str, str], Entry] | None = None
        self._signed: frozenset[str] | None = None
        listed = bundle.get("entry")
        for position, entry in enumerate(listed if type(listed) is list else ()):
            resource = entry.get("resource") if type(entry) is dict else None
            if type(resource) is not dict:
                continue
            url = entry.get("fullUrl")
            found = Entry(url if type(url) is str else "", resource, resource, position)
            self.all.append(found)
            self._by_url.setdefault(found.full_url, found)

    @property
    def signed(self) -> frozenset[str]:
        """The addresses that a Provenance with a signature vouches for."""
        if self._signed is None:
            self._signed = frozenset(
                target.full_url
                for proof in self.of("Provenance")
                if parts(proof.resource, "signature")
                for reference in parts(proof.resource, "target")
                if (target := self.follow(reference, proof)) is not None
            )
        return self._signed

    def of(self, kind: str) -> Iterator[Entry]:
        """The entries of this resource type, in the order of the bundle."""
        return iter([entry for entry in self.all if entry.kind == kind])

    def follow(self, reference: Any, origin: Entry) -> Entry | None:
        """What a Reference object in `origin` points to, if the bundle holds it.

        Absolute and urn addresses must equal a fullUrl; relative ones are taken from the address of
        `origin`, and as type and id where that leads nowhere; `#id` is looked up in the container.
        A Reference that has only an identifier leads to the first resource that carries it.
        """
        if type(reference) is not dict:
            return None
        address = reference.get("reference")
        if type(address) is str and address:
            return self.at(address, origin)
        return self._identified(reference) if "identifier" in reference else None

    def at(self, address: str, origin: Entry) -> Entry | None:
        """What `address` in `origin` points to, if the bundle holds it."""
        if address.startswith("#"):
            return self._contained(address, origin)
        found = self._by_url.get(address)
        if found is not None or address.startswith("urn:"):
            return found
        if "/_history/" in address:
            address = address.split("/_history/", 1)[0]
            found = self._by_url.get(address)
        if found is not None or "://" in address:
            return found
        root = origin.root
        if root is None:
            root = origin.find_root()
        return self._by_url.get(root + address) or self._named(address)

    def _named(self, name: str) -> Entry | None:
        """The first resource with this type and id."""
        if self._by_id is None:
            self._by_id = {}
            for entry in self.all:
                self._by_id.setdefault(f"{entry.kind}/{text(entry.resource, 'id')}", entry)
        return self._by_id.get(name)

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
        """The first resource with this identifier, of the type that the reference names if any."""
        wanted = reference.get("identifier")
        if type(wanted) is not dict or not text(wanted, "value"):
            return None
        if self._by_identifier is None:
            self._by_identifier = {}
            for entry in self.all:
                for each in parts(entry.resource, "identifier"):
                    number = (text(each, "system"), text(each, "value"))
                    self._by_identifier.setdefault(("", *number), entry)
                    self._by_identifier.setdefault((entry.kind, *number), entry)
        return self._by_identifier.get(
            (text(reference, "type"), text(wanted, "system"), text(wanted, "value"))
        )
