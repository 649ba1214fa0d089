"""What a bundle asks for, told from a few marks before it is validated.

An inquiry or an update breaks many rules of the new-request profile; what helps its sender is not
that list but the name of the right door (PAS 2.2.1 specification, 1.3 of the kinds of request).
Nothing here trusts the shape of the JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from app.fhir.urls import ext, profile, system


class Kind(StrEnum):
    """Kinds of request bundle. NEW also stands for what cannot be told: validation will say."""

    NEW = "new"
    UPDATE = "update"
    CANCEL = "cancel"
    INQUIRY = "inquiry"
    PREDETERMINATION = "predetermination"
    CLAIM = "claim"


_CANCEL = (system.X12_CERTIFICATION_TYPE, "3")
_INQUIRY_PROFILES = {profile.INQUIRY_REQUEST_BUNDLE, profile.CLAIM_INQUIRY}
_SUBMISSION_PROFILES = {profile.REQUEST_BUNDLE, profile.CLAIM, profile.CLAIM_UPDATE}


def kind_of(bundle: Mapping[str, Any]) -> Kind:
    """The kind of a request bundle (parsed JSON, not yet validated)."""
    head = claim_of(bundle)
    if {*_profiles(bundle), *_profiles(head)} & _INQUIRY_PROFILES:
        return Kind.INQUIRY
    if head.get("use") == "predetermination":
        return Kind.PREDETERMINATION
    if head.get("use") == "claim":
        return Kind.CLAIM
    if _CANCEL in _certification_types(head):
        return Kind.CANCEL
    if head.get("related") or profile.CLAIM_UPDATE in _profiles(head):
        return Kind.UPDATE
    return Kind.NEW


def is_submission(bundle: Mapping[str, Any]) -> bool:
    """Whether bundle or Claim name the profile of something to be decided."""
    return bool({*_profiles(bundle), *_profiles(claim_of(bundle))} & _SUBMISSION_PROFILES)


def claim_of(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first Claim of the bundle, else an empty object."""
    for entry in _objects(bundle.get("entry")):
        head = entry.get("resource")
        if isinstance(head, dict) and head.get("resourceType") == "Claim":
            return head
    return {}


def _profiles(resource: Mapping[str, Any]) -> set[str]:
    meta = resource.get("meta")
    listed = meta.get("profile") if isinstance(meta, dict) else None
    names = listed if isinstance(listed, list) else []
    return {name.partition("|")[0] for name in names if isinstance(name, str)}


def _certification_types(head: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for extension in _objects(head.get("extension")):
        value = extension.get("valueCodeableConcept")
        if extension.get("url") == ext.CERTIFICATION_TYPE and isinstance(value, dict):
            for coding in _objects(value.get("coding")):
                yield coding.get("system"), coding.get("code")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of what should be a list of objects."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))
