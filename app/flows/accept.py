"""Is this a request that this door decides? If not, the sender learns what to change or where to go."""

from __future__ import annotations

from typing import Any

from app.domain.guide import Guide
from app.domain.request import Use
from app.errors import Invalid, Malformed, NotForHere
from app.fhir.kind import Kind, is_submission, kind_of
from app.fhir.urls import profile
from app.fhir.validate import Validator

_ELSEWHERE = {
    Kind.INQUIRY: "This is an inquiry: send it to Claim/$inquire; this door answers new requests.",
    Kind.UPDATE: "Updates of an earlier request (PASClaimUpdate) are not supported yet.",
    Kind.CANCEL: "Cancelling an earlier request is not supported yet.",
    Kind.PREDETERMINATION: "Claim.use is predetermination: send it to Claim/$predetermine; $submit "
    "takes preauthorization.",
    Kind.CLAIM: "Claim.use is claim: bills go to claims processing; $submit takes preauthorization.",
    Kind.NEW: "Claim.use is not predetermination: send a request for authorization to Claim/$submit; "
    "$predetermine gives an opinion that authorizes nothing.",
}
_OF_USE = (Kind.PREDETERMINATION, Kind.CLAIM, Kind.NEW)
_KINDS = {Use.PREAUTHORIZATION: Kind.NEW, Use.PREDETERMINATION: Kind.PREDETERMINATION}


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


def at_the_door(bundle: dict[str, Any], guide: Guide, use: Use) -> None:
    """Raise NotForHere for a bundle that belongs to another door than that of `use`.

    This comes before validation: a list of broken rules would not help the sender of an inquiry.
    """
    kind = kind_of(bundle)
    if kind is not _KINDS[use]:
        at = "Bundle.entry[0].resource.use" if kind in _OF_USE else "Bundle.entry[0].resource"
        raise NotForHere(f"{_ELSEWHERE[kind]} See GET /fhir/{guide.value}/metadata.", at=at)


def at_the_inquiry_door(bundle: dict[str, Any], guide: Guide) -> None:
    """Raise NotForHere for a bundle that asks for a decision, or not about authorizations.

    A bundle that names no profile is taken for an inquiry: it came to this door.
    """
    kind = kind_of(bundle)
    if kind in (Kind.PREDETERMINATION, Kind.CLAIM):
        said, at = (
            "Only authorizations can be asked for: Claim.use must be preauthorization.",
            "use",
        )
    elif kind is not Kind.INQUIRY and is_submission(bundle):
        said, at = "This is a request for a decision: send it to Claim/$submit.", "meta.profile"
    else:
        return
    said = f"{said} See GET /fhir/{guide.value}/metadata."
    raise NotForHere(said, at=f"Bundle.entry[0].resource.{at}")


def accept(bundle: dict[str, Any], guide: Guide, validator: Validator, use: Use) -> None:
    """Raise NotForHere for a bundle at the wrong door, Invalid with every issue for a broken one.

    Warnings do not block, nor do must-support elements that are missing (PAS 2.2.1 conf-14). A
    predetermination is held to the same profile in all but Claim.use, which PAS fixes.
    """
    at_the_door(bundle, guide, use)
    held = _as_preauthorization(bundle) if use is Use.PREDETERMINATION else bundle
    issues = validator.bundle(held, profile.REQUEST_BUNDLE)
    if any(issue.is_error for issue in issues):
        raise Invalid("The bundle breaks rules of its profile.", issues)


def _as_preauthorization(bundle: dict[str, Any]) -> dict[str, Any]:
    """The bundle with the one `use` that its profile knows; the bundle itself is not changed."""
    first, *others = bundle["entry"]
    head = {**first["resource"], "use": Use.PREAUTHORIZATION.value}
    return {**bundle, "entry": [{**first, "resource": head}, *others]}
