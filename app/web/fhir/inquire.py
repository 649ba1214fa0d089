"""POST Claim/$inquire: an example in, what was decided on requests like it out."""

from __future__ import annotations

from flask import Response, request

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.flows.context import Context
from app.flows.inquire import inquire
from app.web import body, negotiate
from app.web.fhir.answers import fhir
from app.web.routes import View
from app.web.turn import Turn


def view(context: Context, guide: Guide, turn: Turn) -> View:
    """The operation for one guide version."""

    def claim_inquire(caller: Principal) -> Response:
        negotiate.check(request)
        raw = body.read(request, context.settings.max_body_bytes)
        with turn:
            return fhir(inquire(context, caller, raw, guide, context.moment()))

    return claim_inquire
