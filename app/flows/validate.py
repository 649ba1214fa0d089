"""`$validate`: everything that is wrong with one resource, and nothing done with it.

FHIR R4 Resource-validate: the resource is the bare body, or the parameter `resource` of a
Parameters that may also carry `profile` and `mode`.
"""

from __future__ import annotations

from typing import Any

from app.domain.guide import Guide
from app.errors import Issue, NotForHere, NotFound
from app.fhir.validate.text import parse
from app.flows.context import Context

_MODES = ("", "create", "update", "profile")


def validate(
    context: Context, guide: Guide, kind: str, raw: bytes, profile: str = "", mode: str = ""
) -> list[Issue]:
    """Every issue of a resource that should be of type `kind`.

    Raises NotFound for a type that we have no facts of, Malformed or TooLarge for a body that is
    not JSON or over a limit, NotForHere for a `mode` that checks something else.
    """
    if kind not in context.capabilities[guide].types:
        raise NotFound(f"This server has no facts of a type by that name in guide {guide.value}.")
    document = parse(raw, context.limits)
    if kind != "Parameters":
        document, profile, mode = _unwrapped(document, profile, mode)
    if mode not in _MODES:
        raise NotForHere("The mode must be create, update or profile; others check a stored state.")
    found = document.get("resourceType")
    if found != kind:
        message = f"The address says {kind}, the body does not: send it to its own type."
        return [Issue("error", "invalid", "wrong-address", "resourceType", message)]
    return context.validators[guide].resource(document, profile or None)


def _unwrapped(
    document: dict[str, Any], profile: str, mode: str
) -> tuple[dict[str, Any], str, str]:
    """The resource, profile and mode of a Parameters body; a bare body as it is."""
    if document.get("resourceType") != "Parameters":
        return document, profile, mode
    resource: dict[str, Any] = {}
    listed = document.get("parameter")
    for part in listed if isinstance(listed, list) else []:
        name = part.get("name") if isinstance(part, dict) else None
        if name == "resource" and isinstance(part.get("resource"), dict):
            resource = part["resource"]
        elif name == "profile":
            profile = _text(part, "valueUri", "valueCanonical", "valueString") or profile
        elif name == "mode":
            mode = _text(part, "valueCode", "valueString") or mode
    return resource, profile, mode


def _text(part: dict[str, Any], *names: str) -> str:
    return next((part[name] for name in names if isinstance(part.get(name), str)), "")
