"""Is this a request that `$submit` decides? If not, the sender learns what to change or where to go."""

from __future__ import annotations

from typing import Any

from app.domain.guide import Guide
from app.errors import Invalid, Malformed, NotForHere
from app.fhir.kind import Kind, kind_of
from app.fhir.urls import profile
from app.fhir.validate import Validator

_ELSEWHERE = {
    Kind.INQUIRY: "This is an inquiry; $submit answers new requests. $inquire is not offered yet.",
    Kind.UPDATE: "Updates of an earlier request (PASClaimUpdate) are not supported yet.",
    Kind.CANCEL: "Cancelling an earlier request is not supported yet.",
    Kind.PREDETERMINATION: "Claim.use is predetermination: that goes to Claim/$predetermine, which "
    "this release does not offer yet; $submit takes preauthorization.",
    Kind.CLAIM: "Claim.use is claim: bills go to claims processing; $submit takes preauthorization.",
}
_OF_USE = (Kind.PREDETERMINATION, Kind.CLAIM)


def bundle_in(document: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The bundle of a body, bare or as `Parameters.resource`, and its JSON pointer there.

    Raises Malformed when the body holds none, or several.
    """
    if document.get("resourceType") == "Bundle":
        return document, ""
    if document.get("resourceType") != "Parameters":
        raise Malformed("The body must be a Bundle.", at="resourceType")
    listed = document.get("parameter")
    named = [
        (place, part["resource"])
        for place, part in enumerate(listed if isinstance(listed, list) else [])
        if isinstance(part, dict) and part.get("name") == "resource" and "resource" in part
    ]
    if len(named) != 1:
        raise Malformed("Parameters must have one parameter `resource`.", at="Parameters.parameter")
    place, bundle = named[0]
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Malformed("The parameter `resource` must be a Bundle.", at="Parameters.parameter")
    return bundle, f"/parameter/{place}/resource"


def accept(bundle: dict[str, Any], guide: Guide, validator: Validator) -> None:
    """Raise NotForHere for a bundle at the wrong door, Invalid with every issue for a broken one.

    The door comes first: a list of broken rules would not help the sender of an inquiry. Warnings
    do not block, nor do must-support elements that are missing (PAS 2.2.1 conf-14).
    """
    kind = kind_of(bundle)
    if kind is not Kind.NEW:
        at = "Bundle.entry[0].resource.use" if kind in _OF_USE else "Bundle.entry[0].resource"
        raise NotForHere(f"{_ELSEWHERE[kind]} See GET /fhir/{guide.value}/metadata.", at=at)
    issues = validator.bundle(bundle, profile.REQUEST_BUNDLE)
    if any(issue.is_error for issue in issues):
        raise Invalid("The bundle breaks rules of its profile.", issues)
