"""The parameters of CDex `$submit-attachment` (2.1.0): whose, for which request, and what."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.media import media_type
from app.errors import Invalid, Issue
from app.fhir.read.values import Nodes, extension, parts, text
from app.fhir.urls import ext
from app.sealed import sealed

KINDS = ("DocumentReference", "QuestionnaireResponse")
_USES = ("claim", "preauthorization")


@sealed(frozen=True, slots=True)
class Sent:
    """One submission: `tracking` is the value by which the request is found, `member` the member's
    number, `providers` those of organization and practitioner. `media` are the types of the documents
    by their bytes; `final` False announces more. `signed`: a form carries a signature, unverified.
    """

    tracking: str
    system: str
    member: str
    providers: tuple[str, ...]
    resources: tuple[Mapping[str, Any], ...]
    media: tuple[str, ...]
    final: bool
    signed: bool


def read_attachments(document: Mapping[str, Any]) -> Sent:
    """What a Parameters body says. Raises Invalid with every issue."""
    listed = parts(document, "parameter")
    issues = list(_faults(document, listed))
    resources = [found for each in _named(listed, "Attachment") if (found := _content(each))]
    media = []
    for position, resource in enumerate(resources):
        for kind, fault in _documents(resource):
            if fault:
                issues.append(_issue("value", f"{fault} (attachment {position + 1})", "Content"))
            else:
                media.append(kind)
    if issues:
        raise Invalid("The parameters of $submit-attachment break its rules.", issues)
    final = next(iter(_named(listed, "Final")), {}).get("valueBoolean", True)
    return Sent(
        _value(listed, "TrackingId"),
        _value(listed, "TrackingId", "system"),
        _value(listed, "MemberId"),
        tuple(filter(None, (_value(listed, name) for name in ("OrganizationId", "ProviderId")))),
        tuple(resources),
        tuple(media),
        final is not False,
        any(_signed(resource) for resource in resources),
    )


def _signed(node: Any) -> bool:
    """A signature at the root or an item of a form; what signs a PDF or a C-CDA is inside it."""
    if isinstance(node, list):
        return any(_signed(each) for each in node)
    if not isinstance(node, dict):
        return False
    return extension(node, ext.FORM_SIGNATURE) is not None or _signed(node.get("item"))


def _faults(document: Mapping[str, Any], listed: Nodes) -> Iterator[Issue]:
    if text(document, "resourceType") != "Parameters":
        yield _issue("structure", "The body must be Parameters.", "resourceType")
        return
    for name in ("TrackingId", "MemberId"):
        if len(_named(listed, name)) != 1 or not _value(listed, name):
            yield _issue("required", f"Exactly one {name} with a value is needed.", name)
    if not _value(listed, "OrganizationId") and not _value(listed, "ProviderId"):
        yield _issue("required", "OrganizationId or ProviderId is needed.", "ProviderId")
    uses = [text(each, "valueCode") for each in _named(listed, "AttachTo")]
    if len(uses) != 1 or uses[0] not in _USES:
        yield _issue("value", "AttachTo must be claim or preauthorization.", "AttachTo")
    elif uses[0] == "claim":
        yield _issue("not-supported", "Attachments to claims are not taken here.", "AttachTo")
    attached = _named(listed, "Attachment")
    if not attached or not all(_content(each) for each in attached):
        said = f"Each Attachment needs one Content that is a {' or '.join(KINDS)}."
        yield _issue("required", said, "Attachment")


def _documents(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(media type, "") of each inline document, or ("", what is wrong)."""
    if text(resource, "resourceType") != "DocumentReference":
        return
    contents = parts(resource, "content")
    if not contents:
        yield "", "A DocumentReference needs content."
    for each in contents:
        attachment = each.get("attachment")
        data = text(attachment, "data") if isinstance(attachment, dict) else ""
        if not data:
            yield "", "Documents are sent inline (attachment.data); addresses are not fetched."
            continue
        try:
            kind = media_type(base64.b64decode("".join(data.split()), validate=True))
        except binascii.Error:
            yield "", "attachment.data is not base64."
            continue
        yield (kind, "") if kind else ("", "Not a PDF, PNG, JPEG, TIFF, C-CDA or plain text.")


def _named(listed: Nodes, name: str) -> Nodes:
    return [each for each in listed if each.get("name") == name]


def _value(listed: Nodes, name: str, element: str = "value") -> str:
    named = [each.get("valueIdentifier") for each in _named(listed, name)]
    return next((text(each, element) for each in named if isinstance(each, dict)), "")


def _content(attachment: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = [
        each["resource"]
        for each in parts(attachment, "part")
        if each.get("name") == "Content" and isinstance(each.get("resource"), dict)
    ]
    return found[0] if len(found) == 1 and text(found[0], "resourceType") in KINDS else None


def _issue(kind: str, message: str, name: str) -> Issue:
    at = f"Parameters.parameter.where(name='{name}')" if name[0].isupper() else name
    return Issue("error", kind, Invalid.code, at, message)
