"""Rules of a Bundle that no single element shows: fullUrls, duplicates, what reaches what."""

from __future__ import annotations

import re
from typing import Any, Final

from app.fhir.bundle import Index
from app.fhir.validate.run import NONE, Path, Run

Json = dict[str, Any]

_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def open_bundle(bundle: Json, path: Path, run: Run) -> Index:
    """Queue the resources of a bundle's entries and check their fullUrls."""
    index = Index(bundle)
    is_history = bundle.get("type") == "history"
    for position, entry, resource in index.rows:
        here = (path, "entry", position)
        url = entry.get("fullUrl")
        base = url if isinstance(url, str) else None
        run.expect(resource, (here, "resource", NONE), base, index)
        if base is not None:
            _full_url(base, index, resource, here, run)
    if not is_history:
        for position in index.duplicates:
            here = ((path, "entry", position), "fullUrl", NONE)
            found = "an earlier entry has the same fullUrl"
            run.add("error", "full-url-duplicate", here, found, invariant="bdl-7")
    return index


def _full_url(url: str, index: Index, resource: Json, here: Path, run: Run) -> None:
    parts = index.parts(url)
    own = (resource.get("resourceType"), resource.get("id"))
    if parts is not None and parts[0] and parts[1:] == own:
        return
    at = (here, "fullUrl", NONE)
    if url.startswith("urn:"):
        if url.startswith("urn:uuid:") and not _UUID.fullmatch(url):
            run.error("full-url", at, "urn:uuid without a lower-case UUID")
        return
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


def unreachable(index: Index, run: Run) -> None:
    """Remark on entries of a request that nothing leads to from its Claim (PAS spec-13, spec-20)."""
    jobs = [job for _, _, resource in index.rows if (job := run.jobs.get(id(resource))) is not None]
    if len(jobs) < 2 or jobs[0].resource.get("resourceType") != "Claim":
        return
    reached = {jobs[0]}
    waiting = [jobs[0]]
    while waiting:
        new = set(waiting.pop().links) - reached
        reached |= new
        waiting += new
    for job in jobs:
        if job not in reached:
            run.add("warning", "entry-unreachable", job.path, "the Claim does not lead here")
