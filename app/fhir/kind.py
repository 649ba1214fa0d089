"""What a bundle asks for, told from a few marks before it is validated.

An inquiry or an update breaks many rules of the new-request profile; what helps its sender is not
that list but the name of the right door (PAS 2.2.1 specification, 1.3 of the kinds of request).
Nothing here trusts the shape of the JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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


_CANCEL = "3"
_INQUIRY_PROFILES = frozenset({profile.INQUIRY_REQUEST_BUNDLE, profile.CLAIM_INQUIRY})
_UPDATE_PROFILES = frozenset({profile.CLAIM_UPDATE})
_SUBMISSION_PROFILES = frozenset({profile.REQUEST_BUNDLE, profile.CLAIM, profile.CLAIM_UPDATE})


def kind_of(bundle: Mapping[str, Any]) -> Kind:
    """The kind of a request bundle (parsed JSON, not yet validated)."""
    head = claim_of(bundle)
    if _names_one(bundle, _INQUIRY_PROFILES) or _names_one(head, _INQUIRY_PROFILES):
        return Kind.INQUIRY
    use = head.get("use")
    if use == "predetermination":
        return Kind.PREDETERMINATION
    if use == "claim":
        return Kind.CLAIM
    if _is_cancelled(head):
        return Kind.CANCEL
    if head.get("related") or _names_one(head, _UPDATE_PROFILES):
        return Kind.UPDATE
    return Kind.NEW


def is_submission(bundle: Mapping[str, Any]) -> bool:
    """Whether bundle or Claim name the profile of something to be decided."""
    return _names_one(bundle, _SUBMISSION_PROFILES) or _names_one(
        claim_of(bundle), _SUBMISSION_PROFILES
    )


def claim_of(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first Claim of the bundle, else an empty object."""
    for entry in _objects(bundle.get("entry")):
        head = entry.get("resource")
        if type(head) is dict and head.get("resourceType") == "Claim":
            return head
    return {}


def _names_one(resource: Mapping[str, Any], profiles: Collection[str]) -> bool:
    """Whether the resource says that it conforms to one of these, in whatever version."""
    meta = resource.get("meta")
    listed = meta.get("profile") if type(meta) is dict else None
    for name in listed if type(listed) is list else ():
        if type(name) is str and name.partition("|")[0] in profiles:
            return True
    return False


def _is_cancelled(head: Mapping[str, Any]) -> bool:
    """Whether the Claim's certification type takes back all of it."""
    for extension in _objects(head.get("extension")):
        if extension.get("url") == ext.CERTIFICATION_TYPE:
            value = extension.get("valueCodeableConcept")
            for coding in _objects(value.get("coding")) if type(value) is dict else ():
                if coding.get("code") == _CANCEL and (
                    coding.get("system") == system.X12_CERTIFICATION_TYPE
                ):
                    return True
    return False


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of what should be a list of objects."""
    if type(value) is list:
        for each in value:
            if type(each) is dict:
                yield each
