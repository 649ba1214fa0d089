"""What a reviewer can read: the documents and forms of a case, as they came, one by one.

They are whatever somebody sent. Nothing here opens, converts or runs them; the edge hands them over
so that a browser does not either.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from app.auth.roles import check
from app.auth.scopes import Scope
from app.domain.event import Event, EventKind
from app.domain.media import media_type
from app.domain.principal import Principal
from app.errors import Broken, NotFound
from app.fhir.read.attachments import KINDS, read_attachments
from app.fhir.read.values import parts, text
from app.fhir.validate.text import parse
from app.flows.accept import bundle_in
from app.flows.context import Context
from app.flows.explain_case import explain_case
from app.sealed import sealed
from app.store import Read

UNKNOWN = "application/octet-stream"
FORM = "application/fhir+json"
_ENDINGS = {
    FORM: "json",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/tiff": "tiff",
    "application/hl7-cda+xml": "xml",
    "text/plain": "txt",
}
_SOURCES = (EventKind.RECEIVED, EventKind.ATTACHED)


@sealed(frozen=True, slots=True)
class Paper:
    """One document or form. `media` is what its bytes are, `came` the event that brought it; `signed`
    says that a form carries a signature, which nobody here has verified.
    """

    id: str
    media: str
    received: datetime
    came: str
    signed: bool
    content: bytes

    @property
    def ending(self) -> str:
        """What a file of it is called at its end."""
        return _ENDINGS.get(self.media, "bin")


def papers(context: Context, caller: Principal, name: str) -> list[Paper]:
    """All of a case, the oldest first. Raises NotFound without such a case."""
    check(caller, Scope.REVIEW)
    story = explain_case(context.store, caller.tenant, name)
    with context.store.read(caller.tenant) as look:
        return [
            paper
            for event in story.events
            if event.kind in _SOURCES
            for paper in _brought(context, look, event)
        ]


def paper(context: Context, caller: Principal, name: str, id: str) -> Paper:
    """One of them. Raises NotFound."""
    for found in papers(context, caller, name):
        if found.id == id:
            return found
    raise NotFound("The case has no such document.")


def _brought(context: Context, look: Read, event: Event) -> Iterator[Paper]:
    name = str(event.data["document"])
    document = look.documents.get(uuid.UUID(name))
    if document is None:
        raise Broken("A stored case has lost a document.")
    told = parse(document.content, context.limits)
    for position, resource in enumerate(_resources(event, told), 1):
        id = f"{name}.{position}"
        if text(resource, "resourceType") == "QuestionnaireResponse":
            signed = bool(event.data.get("signed", False))
            whole = orjson.dumps(resource)
            yield Paper(id, FORM, event.at, event.kind.value, signed, whole)
            continue
        for part, content in enumerate(_contents(resource), 1):
            media = media_type(content) or UNKNOWN
            yield Paper(f"{id}.{part}", media, event.at, event.kind.value, False, content)


def _resources(event: Event, told: dict[str, Any]) -> list[Mapping[str, Any]]:
    if event.kind is EventKind.ATTACHED:
        return list(read_attachments(told).resources)
    bundle, _ = bundle_in(told)
    found = [entry.get("resource") for entry in parts(bundle, "entry")]
    return [
        each for each in found if isinstance(each, dict) and text(each, "resourceType") in KINDS
    ]


def _contents(resource: Mapping[str, Any]) -> Iterator[bytes]:
    """The inline documents; one that is no base64 was never a document."""
    for each in parts(resource, "content"):
        attachment = each.get("attachment")
        data = text(attachment, "data") if isinstance(attachment, dict) else ""
        if data:
            try:
                yield base64.b64decode("".join(data.split()), validate=True)
            except binascii.Error:
                continue
