"""GET Questionnaire?url=&version= and Questionnaire/{id}: the forms that CRD answers name."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from app.domain.guide import Guide
from app.flows.context import Context
from app.flows.forms import read_form, search_forms
from app.web import negotiate
from app.web.fhir.answers import fhir
from app.web.routes import Route, View


def routes(context: Context, guide: Guide, named: Callable[[str], str]) -> list[Route]:
    """Public: a form holds nobody's data."""
    base = f"/fhir/{guide.value}/Questionnaire"
    return [
        Route(base, "GET", named("forms"), _search(context, guide)),
        Route(f"{base}/<fhir_id:name>", "GET", named("form"), _read(context, guide)),
    ]


def _search(context: Context, guide: Guide) -> View:
    """The search interaction, by canonical address and version."""

    def forms() -> Response:
        negotiate.check(request)
        asked = request.args
        return fhir(
            search_forms(
                context, guide, context.moment(), asked.get("url", ""), asked.get("version", "")
            ),
            may_be_kept=True,
        )

    return forms


def _read(context: Context, guide: Guide) -> View:
    """The read interaction."""

    def form(name: str) -> Response:
        negotiate.check(request)
        return fhir(read_form(context, guide, context.moment(), name), may_be_kept=True)

    return form
