"""The resources of a hook call, by type and id, wherever they came from.

The context counts first, then prefetch, then what was fetched. A prefetch key that is absent was not
satisfied; null means that the client looked and has nothing; an OperationOutcome that it failed.
Resources are taken by their type, whatever the key is called, as clients name keys as they like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.fhir.bundle import entries, rest_parts
from app.fhir.crd.call import Call
from app.fhir.read.values import parts, text

Json = dict[str, Any]


class Pool:
    """Resources in the order in which they came; of two with the same type and id the first."""

    def __init__(self, call: Call) -> None:
        self.server = call.access.base if call.access else ""
        self._by_name: dict[str, Json] = {}
        self._by_url: dict[str, Json] = {}
        self._urls: dict[str, str] = {}
        self._absent: set[str] = set()
        self.services: dict[int, list[Json]] = {}
        """What each resource orders (`app.fhir.crd.services`), as long as nothing new came."""
        for value in call.context.values():
            if isinstance(value, dict):
                self.add(value)
            elif isinstance(value, list):
                for each in value:
                    self.add(each)
        for key, value in call.prefetch.items():
            if value is None:
                self._absent.add(key.lower())
            else:
                self.add(value)

    def add(self, value: Any, url: str = "") -> None:
        """Take in a resource, or all resources of a Bundle."""
        if not isinstance(value, dict):
            return
        self.services.clear()
        kind, name = value.get("resourceType"), value.get("id")
        if not isinstance(kind, str):
            return
        if kind == "Bundle":
            for _, entry, resource in entries(value):
                self.add(resource, text(entry, "fullUrl"))
        elif kind and kind != "OperationOutcome":
            known = f"{kind}/{name}" if name and isinstance(name, str) else url
            if known and known not in self._by_name:
                self._by_name[known] = value
                self._urls[known] = url
                if url:
                    self._by_url.setdefault(url, value)

    def looked(self, key: str) -> bool:
        """Whether the client said by null that it has nothing under this prefetch key."""
        return key.lower() in self._absent

    def of(self, *kinds: str) -> list[Json]:
        """All resources of these types."""
        return [each for each in self._by_name.values() if each.get("resourceType") in kinds]

    def get(self, reference: str, home: Mapping[str, Any] | None = None) -> Json | None:
        """What a reference points to: relative, absolute, urn, or `#id` within `home`."""
        if reference.startswith("#"):
            inside = parts(home, "contained") if home else []
            return next((each for each in inside if text(each, "id") == reference[1:]), None)
        found = self._by_url.get(reference)
        return found if found is not None else self._by_name.get(local(reference))

    def follow(self, holder: Mapping[str, Any], element: str) -> Json | None:
        """What the Reference `element` of a resource points to."""
        reference = holder.get(element)
        if isinstance(reference, list):
            reference = next(iter(reference), None)
        address = text(reference, "reference") if isinstance(reference, dict) else ""
        return self.get(address, holder) if address else None

    def entries(self) -> Iterator[Json]:
        """Every resource as a Bundle entry with an address."""
        base = self.server or "https://ehr.invalid"
        for name, resource in self._by_name.items():
            yield {"fullUrl": self._urls[name] or f"{base}/{name}", "resource": resource}


def local(reference: str) -> str:
    """`Type/id` of a reference by type and id, else the reference itself."""
    found = rest_parts(reference)
    return f"{found[1]}/{found[2]}" if found else reference


def name_of(resource: Mapping[str, Any]) -> str:
    """`Type/id` of a resource."""
    kind, name = resource.get("resourceType"), resource.get("id")
    return f"{kind if type(kind) is str else ''}/{name if type(name) is str else ''}"
