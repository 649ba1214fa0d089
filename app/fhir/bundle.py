"""Entries of a Bundle and how references find them (FHIR R4, Bundle, "Resolving references").

Works on parsed JSON of any shape: what is not an entry or a resource is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_REST = re.compile(r"(https?://[^?#]+/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(/_history/[^/]+)?")


def entries(bundle: Json) -> Iterator[tuple[int, Json, Json]]:
    """Index, entry and resource of every entry that holds a resource."""
    listed = bundle.get("entry")
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield index, entry, resource


def rest_parts(address: str) -> tuple[str, str, str] | None:
    """Root, type and id of `http://host/path/Type/id` or `Type/id`; None for another form."""
    match = _REST.fullmatch(address)
    return (match[1] or "", match[2], match[3]) if match else None


class Index:
    """The entries of one bundle, found by fullUrl, or by type and id."""

    __slots__ = ("_by_name", "_by_url", "_near", "_parts", "duplicates", "rows", "urls_of")

    def __init__(self, bundle: Json) -> None:
        self._by_url: dict[str, Json] = {}
        self._by_name: dict[str, list[Json]] = {}
        self._parts: dict[str, tuple[str, str, str] | None] = {}
        self._near: dict[str, dict[str, Any]] = {}
        self.urls_of: dict[int, str] = {}
        self.duplicates: list[int] = []
        self.rows = list(entries(bundle))
        for position, entry, resource in self.rows:
            url = entry.get("fullUrl")
            if isinstance(url, str):
                first = self._by_url.get(url)
                if first is None:
                    self._by_url[url] = entry
                elif _version(resource) == _version(first["resource"]):
                    self.duplicates.append(position)
                self.urls_of[id(resource)] = url
            kind, name = resource.get("resourceType"), resource.get("id")
            if isinstance(kind, str) and isinstance(name, str):
                self._by_name.setdefault(f"{kind}/{name}", []).append(entry)

    def resolve(self, reference: str, base_full_url: str | None) -> Json | None:
        """The entry that a reference means when it stands in the entry with that fullUrl.

        An absolute reference is a fullUrl, with or without version. A relative one is taken from
        the root of a REST fullUrl; where the referring entry has none, type and id decide if only
        one entry has them.
        """
        found = self._by_url.get(reference)
        if found is not None:
            return found
        reference = reference.partition("/_history/")[0].partition("#")[0]
        if ":" in reference:
            return self._by_url.get(reference)
        if base_full_url and (root := self._root(base_full_url)):
            return self._by_url.get(root + reference)
        named = self._by_name.get(reference, ())
        return named[0] if len(named) == 1 else None

    def near(self, base_full_url: str | None) -> dict[str, Any]:
        """Room to remember what references mean in that entry: one for all that read them alike."""
        parts = self.parts(base_full_url) if base_full_url else None
        root = parts[0] if parts else ""
        near = self._near.get(root)
        if near is None:
            near = self._near[root] = {}
        return near

    def _root(self, full_url: str) -> str:
        parts = self.parts(full_url)
        return parts[0] if parts else ""

    def parts(self, full_url: str) -> tuple[str, str, str] | None:
        """`rest_parts` of a fullUrl, read once."""
        if full_url in self._parts:
            return self._parts[full_url]
        parts = self._parts[full_url] = rest_parts(full_url)
        return parts


def _version(resource: Json) -> object:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None


def resolve(bundle: Json, reference: str, base_full_url: str | None) -> Json | None:
    """`Index.resolve` for a single look-up."""
    return Index(bundle).resolve(reference, base_full_url)
