"""Reading back what was submitted and answered: for its submitter, in the version it came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Broken, NotFound
from app.flows.context import Context
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Found:
    """A resource as JSON bytes, its versionId and when it was last updated."""

    body: bytes
    version: str
    at: datetime


def read_resource(
    context: Context, caller: Principal, guide: Guide, kind: str, name: str, version: str = ""
) -> Found:
    """The newest version of `kind/name`, or the one with that versionId.

    Raises NotFound alike for what does not exist, what somebody else submitted, and what came in
    under the other guide version, so that nobody learns what others have sent.
    """
    with context.store.read(caller.tenant) as look:
        resource = look.resources.get(kind, name, version)
        if resource is None or resource.submitter != caller.id or resource.guide is not guide:
            raise NotFound(f"There is no {kind} of that id among what this caller submitted.")
        document = look.documents.get(resource.document)
        events = look.events.of(resource.case_id)
    named = {event.data.get("document"): event.at for event in events}
    at = named.get(str(resource.document))
    if document is None or at is None:
        raise Broken("A stored resource has lost its document or its case.")
    version = str(resource.version)
    whole = _at(orjson.loads(document.content), resource.pointer)
    meta = {"versionId": version, "lastUpdated": at.isoformat()}
    body = whole | {"id": name, "meta": whole.get("meta", {}) | meta}
    return Found(orjson.dumps(body), version, at)


def _at(document: Any, pointer: str) -> dict[str, Any]:
    """The object at a JSON pointer (RFC 6901; ours has no escapes)."""
    for step in pointer.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    found: dict[str, Any] = document
    return found
