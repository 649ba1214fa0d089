"""Is this a request that this door decides? If not, the sender learns what to change or where to go."""

from __future__ import annotations

from typing import Any

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import PriorAuthRequest, Use
from app.errors import Invalid, Issue, Malformed, NotForHere
from app.fhir.kind import Kind, is_submission, kind_of
from app.fhir.urls import profile
from app.fhir.validate import Validator
from app.flows.repeat import Mark
from app.sealed import sealed

_ELSEWHERE = {
    Kind.INQUIRY: "This is an inquiry: send it to Claim/$inquire; this door answers new requests.",
    Kind.UPDATE: "This updates a request for authorization: send it to Claim/$submit.",
    Kind.CANCEL: "This cancels a request for authorization: send it to Claim/$submit.",
    Kind.PREDETERMINATION: "Claim.use is predetermination: send it to Claim/$predetermine; $submit "
    "takes preauthorization.",
    Kind.CLAIM: "Claim.use is claim: bills go to claims processing; $submit takes preauthorization.",
    Kind.NEW: "Claim.use is not predetermination: send a request for authorization to Claim/$submit; "
    "$predetermine gives an opinion that authorizes nothing.",
}
AMENDING = frozenset({Kind.UPDATE, Kind.CANCEL})
"""What is about a request that came before."""
_OF_USE = (Kind.PREDETERMINATION, Kind.CLAIM, Kind.NEW)
_KINDS = {
    Use.PREAUTHORIZATION: frozenset({Kind.NEW, *AMENDING}),
    Use.PREDETERMINATION: frozenset({Kind.PREDETERMINATION}),
}


@sealed(frozen=True, slots=True)
class Sent:
    """An accepted bundle: as received, as parsed and as read; `pointer` finds its Claim (RFC 6901)."""

    caller: Principal
    raw: bytes
    bundle: dict[str, Any]
    pointer: str
    mark: Mark
    request: PriorAuthRequest


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


def at_the_door(bundle: dict[str, Any], guide: Guide, use: Use) -> Kind:
    """What the bundle asks for; NotForHere when it belongs to another door than that of `use`.

    This comes before validation: a list of broken rules would not help the sender of an inquiry.
    """
    kind = kind_of(bundle)
    if kind not in _KINDS[use]:
        at = "Bundle.entry[0].resource.use" if kind in _OF_USE else "Bundle.entry[0].resource"
        raise NotForHere(f"{_ELSEWHERE[kind]} See GET /fhir/{guide.value}/metadata.", at=at)
    return kind


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


def accept(bundle: dict[str, Any], kind: Kind, validator: Validator) -> None:
    """Raise Invalid with every issue for a broken bundle of a kind that its door takes.

    Warnings do not block, nor do must-support elements that are missing (PAS 2.2.1 conf-14). A
    predetermination is held to the same profile in all but Claim.use, which PAS fixes. Who cancels
    all of a request need not list its items, as the guides say in words but not in the profile.
    """
    held = _as_preauthorization(bundle) if kind is Kind.PREDETERMINATION else bundle
    issues = validator.bundle(held, profile.REQUEST_BUNDLE)
    if any(issue.is_error and not (kind is Kind.CANCEL and _no_items(issue)) for issue in issues):
        raise Invalid("The bundle breaks rules of its profile.", issues)


def _no_items(issue: Issue) -> bool:
    return issue.code == "missing" and issue.at == "Bundle.entry[0].resource.item"


def _as_preauthorization(bundle: dict[str, Any]) -> dict[str, Any]:
    """The bundle with the one `use` that its profile knows; the bundle itself is not changed."""
    first, *others = bundle["entry"]
    head = {**first["resource"], "use": Use.PREAUTHORIZATION.value}
    return {**bundle, "entry": [{**first, "resource": head}, *others]}
