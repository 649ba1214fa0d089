"""The one way an address is opened: a route names its scope, or is on the short public list.

A guarded view is called with the caller first; a public view is not told who calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.routing import BaseConverter

from app.auth.door import Door
from app.auth.roles import check
from app.auth.scopes import Scope
from app.sealed import sealed

_LISTS = ("", "/<fhir_id:name>", *(
    f"{level}/${operation}"
    for level in ("", "/<fhir_id:name>")
    for operation in ("expand", "validate-code")
))  # fmt: skip

PUBLIC: frozenset[str] = frozenset(
    {
        "/",
        "/health",
        "/ready",
        "/openapi.json",
        "/crd/2.2/cds-services",
        "/crd/2.0/cds-services",
        "/fhir/2.2/Questionnaire",
        "/fhir/2.0/Questionnaire",
        "/fhir/2.2/Questionnaire/<fhir_id:name>",
        "/fhir/2.0/Questionnaire/<fhir_id:name>",
        "/fhir/2.2/metadata",
        "/fhir/2.0/metadata",
        "/fhir/2.2/OperationDefinition/<fhir_id:name>",
        "/fhir/2.0/OperationDefinition/<fhir_id:name>",
        "/policies",
        "/policies.json",
        "/policies/<fhir_id:name>",
        "/policies/lists/<fhir_id:name>",
        *(f"/fhir/{line}/ValueSet{place}" for line in ("2.2", "2.0") for place in _LISTS),
    }
)
"""Addresses that anybody may read: what this server is, whether it is up, what it can do, and what
its policies say.
"""

View = Callable[..., Response]


@sealed(frozen=True, slots=True)
class Route:
    """One address. `scope` None means public, and then `rule` must be in PUBLIC."""

    rule: str
    method: str
    name: str
    view: View
    scope: Scope | None = None


class FhirId(BaseConverter):
    """`<fhir_id:name>`: what FHIR R4 allows as an id, so that `$submit` is never taken for one."""

    regex = r"[A-Za-z0-9\-.]{1,64}"


def register(app: Flask, door: Door, routes: Iterable[Route]) -> None:
    """Open the routes; LookupError for one that is neither guarded nor on the public list."""
    app.url_map.converters["fhir_id"] = FhirId
    for route in routes:
        if route.scope is None and route.rule not in PUBLIC:
            raise LookupError(f"{route.rule} names no scope and is not public")
        view = route.view if route.scope is None else _guarded(route.view, route.scope, door)
        app.add_url_rule(route.rule, route.name, view, methods=[route.method])
        declare(app, route.name, route.scope)


def declare(app: Flask, name: str, scope: Scope | None) -> None:
    """Note on a view who may call it, where tests/house looks."""
    view: Any = app.view_functions[name]
    view.access = scope or "public"


def _guarded(view: View, scope: Scope, door: Door) -> View:
    def guarded(**parts: Any) -> Response:
        headers = request.headers
        caller = door(headers.get("Authorization", ""), headers.get("Forthwith-Role", ""))
        check(caller, scope)
        g.caller = caller
        return view(caller, **parts)

    return guarded
