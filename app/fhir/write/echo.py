"""What an answer refers to and therefore carries: the requester's own resources.

Echoed resources keep their fullUrl, id and identifiers (PAS 2.2.1 spec-33). Their references, and
ours to them, become the very fullUrl of the entry meant, so that each reference in the answer
equals one entry whatever the base of the first or last one is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from app.fhir.read.entries import Entries, Entry
from app.fhir.write.json import Json

_NAMED = b'"reference":'
_ADDRESS = re.compile(rb'"reference":"([^"\\]+)"')


class Echo:
    """Collects the entries that the answer needs, in the order in which they were referred to."""

    __slots__ = ("_claim", "_entries", "_order", "_reached", "contained")

    def __init__(self, entries: Entries, claim: Entry) -> None:
        self._entries = entries
        self._claim = claim
        self._order: list[Entry] = []
        self._reached: set[str] = set()
        self.contained: list[Json] = []

    def refer(self, reference: Any) -> Json | None:
        """The Claim's `reference` as ours: its target is carried along."""
        return self.refer_from(reference, self._claim)

    def refer_from(self, reference: Any, origin: Entry) -> Json | None:
        """A reference of `origin`, an entry of the request, as ours."""
        if not isinstance(reference, dict) or not reference:
            return None
        target = self._entries.follow(reference, origin)
        if target is None:
            return self._anchored_object(reference, origin)
        if target.home is not target.resource:
            return self._take_contained(reference, target)
        return {**reference, "reference": self._reach(target)}

    def refer_to(self, target: Entry) -> Json:
        """A reference to an entry of the request."""
        return {"reference": self._reach(target)}

    def entries(self) -> list[Json]:
        """The bundle entries of all that was reached, and of all that they refer to."""
        return [
            {"fullUrl": entry.full_url, "resource": self._echoed(entry)}
            for entry in self._order  # grows while it is read: each resource adds what it refers to
        ]

    def _echoed(self, entry: Entry) -> Any:
        """The resource of an entry with its references made absolute.

        Written as text it shows in one go whether it refers to anything, and to what: where all of
        it stands as it should, no element needs a look.
        """
        written = orjson.dumps(entry.resource)
        count = written.count(_NAMED)
        if not count:
            return entry.resource
        known = [each.decode() for each in _ADDRESS.findall(written)]
        outside = [(each, self._entries.at(each, entry)) for each in known if each[0] != "#"]
        for each, target in outside:
            if each != (target.full_url if target else entry.absolute(each)):
                return self._anchored(entry.resource, entry)
        if len(known) < count:
            return self._anchored(entry.resource, entry)
        for _, target in outside:
            if target is not None:
                self._reach(target)
        return entry.resource

    def _reach(self, target: Entry) -> str:
        if target.full_url not in self._reached:
            self._reached.add(target.full_url)
            self._order.append(target)
        return target.full_url

    def _take_contained(self, reference: Mapping[str, Any], target: Entry) -> Json:
        """A resource contained in the Claim becomes one contained in the answer."""
        copy = self._anchored(target.resource, target)
        if copy not in self.contained:
            self.contained.append(copy)
        return {**reference, "reference": f"#{target.resource.get('id')}"}

    def _anchored(self, node: Any, origin: Entry) -> Any:
        """`node` with its references made absolute; the same object where nothing changes."""
        if type(node) is dict:
            return self._anchored_object(node, origin)
        if type(node) is list:
            copies = [self._anchored(each, origin) for each in node]
            is_same = all(new is old for new, old in zip(copies, node, strict=True))
            return node if is_same else copies
        return node

    def _anchored_object(self, node: Json, origin: Entry) -> Json:
        changed: Json = {}
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                if not value.startswith("#"):
                    target = self._entries.at(value, origin)
                    found = self._reach(target) if target else origin.absolute(value)
                    if found != value:
                        changed[name] = found
            elif type(value) is dict or type(value) is list:
                copy = self._anchored(value, origin)
                if copy is not value:
                    changed[name] = copy
        return {**node, **changed} if changed else node
