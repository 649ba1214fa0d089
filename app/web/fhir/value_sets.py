"""GET ValueSet, ValueSet/{id}, $expand and $validate-code: the public lists, for everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from flask import Response, request

from app.domain.guide import Guide
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.flows.value_sets import (
    Asked,
    asked_in,
    expand,
    read_value_set,
    search,
    validate_code,
)
from app.web import body, negotiate
from app.web.fhir.answers import fhir
from app.web.public import kept
from app.web.routes import Route, View

_LARGEST_BODY = 64 * 1024
_FIELDS = tuple(field.name for field in fields(Asked) if field.name != "id")


def routes(context: Context, guide: Guide, named: Callable[[str], str]) -> list[Route]:
    """The ValueSet addresses of one guide version; all are public."""
    base = f"/fhir/{guide.value}/ValueSet"
    found = [
        Route(base, "GET", named("value-sets"), _search(context, guide)),
        Route(f"{base}/<fhir_id:name>", "GET", named("value-set"), _read(context)),
    ]
    for operation, flow in (("expand", expand), ("validate-code", validate_code)):
        for place, level in ((base, "type"), (f"{base}/<fhir_id:name>", "instance")):
            for method in ("GET", "POST"):
                name = named(f"value-set-{operation}-{level}-{method.lower()}")
                view = _operation(context, flow)
                found.append(Route(f"{place}/${operation}", method, name, view))
    return found


def _search(context: Context, guide: Guide) -> View:
    def value_sets() -> Response:
        negotiate.check(request)
        return kept(context, fhir(search(context, request.args.get("url", ""), guide)))

    return value_sets


def _read(context: Context) -> View:
    def value_set(name: str) -> Response:
        negotiate.check(request)
        return kept(context, fhir(read_value_set(context, name)))

    return value_set


def _operation(context: Context, flow: Callable[[Context, Asked], bytes]) -> View:
    def operation(name: str = "") -> Response:
        negotiate.check(request)
        asked = Asked(id=name, **{field: request.args.get(field, "") for field in _FIELDS})
        if request.method == "GET":
            return kept(context, fhir(flow(context, asked)))
        raw = body.read(request, _LARGEST_BODY)
        return fhir(flow(context, asked_in(parse(raw, context.limits), asked)))

    return operation
