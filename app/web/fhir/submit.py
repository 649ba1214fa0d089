"""POST Claim/$submit and Claim/$predetermine: a request bundle in, a response bundle out."""

from __future__ import annotations

from flask import Response, request

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import Use
from app.flows.context import Context
from app.flows.submit import submit
from app.web import body, negotiate
from app.web.fhir.answers import fhir
from app.web.routes import View
from app.web.turn import Turn


def view(context: Context, guide: Guide, turn: Turn, use: Use) -> View:
    """The operation for one guide version and one `use`."""

    def claim_submit(caller: Principal) -> Response:
        negotiate.check(request)
        raw = body.read(request, context.settings.max_body_bytes)
        with turn:
            return fhir(submit(context, caller, raw, guide, context.moment(), use))

    return claim_submit
