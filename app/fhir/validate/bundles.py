"""Rules of a Bundle that no single element shows: fullUrls, duplicates, what reaches what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from app.fhir.bundle import Index, entries, rest_parts
from app.fhir.validate.run import NONE, Path, Run

Json = dict[str, Any]

_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def open_bundle(bundle: Json, path: Path, run: Run) -> Index:
    """Queue the resources of a bundle's entries and check their fullUrls."""
    index = Index(bundle)
    is_history = bundle.get("type") == "history"
    for position, entry, resource in entries(bundle):
        here = (path, "entry", position)
        url = entry.get("fullUrl")
        base = url if isinstance(url, str) else None
        run.expect(resource, (here, "resource", NONE), base, index)
        if base is not None:
            _full_url(base, resource, here, run)
    if not is_history:
        for position in index.duplicates:
            here = ((path, "entry", position), "fullUrl", NONE)
            run.error("full-url-duplicate", here, "an earlier entry has the same fullUrl")
    return index


def _full_url(url: str, resource: Json, here: Path, run: Run) -> None:
    at = (here, "fullUrl", NONE)
    if url.startswith("urn:"):
        if url.startswith("urn:uuid:") and not _UUID.fullmatch(url):
            run.error("full-url", at, "urn:uuid without a lower-case UUID")
        return
    parts = rest_parts(url)
    if parts is None or not parts[0]:
        if "://" not in url:
            run.error("full-url", at, "not an absolute address")
        return
    name = resource.get("id")
    if parts[1] != resource.get("resourceType"):
        run.error("full-url", at, "the address ends in another type than the resource's")
    elif not isinstance(name, str):
        run.error("full-url", at, "a REST address, but the resource has no id")
    elif parts[2] != name:
        run.error("full-url", at, "the address ends in another id than the resource's")


def unreachable(bundle: Json, index: Index) -> Iterator[int]:
    """Positions of entries that no chain of references from the first entry reaches."""
    listed = list(entries(bundle))
    if not listed:
        return
    by_id = {id(resource): position for position, _, resource in listed}
    reached = {listed[0][0]}
    waiting = [listed[0]]
    position_of = {position: (position, entry, res) for position, entry, res in listed}
    while waiting:
        _, entry, resource = waiting.pop()
        base = entry.get("fullUrl")
        for address in _references(resource):
            found = index.resolve(address, base if isinstance(base, str) else None)
            position = by_id.get(id(found["resource"])) if found else None
            if position is not None and position not in reached:
                reached.add(position)
                waiting.append(position_of[position])
    yield from (position for position, _, _ in listed if position not in reached)


def _references(resource: Json) -> Iterator[str]:
    waiting: list[Any] = [resource]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            address = value.get("reference")
            if isinstance(address, str):
                yield address
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
