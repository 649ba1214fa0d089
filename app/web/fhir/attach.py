"""POST $submit-attachment: documents and forms that a request waits for (CDex 2.1.0)."""

from __future__ import annotations

from flask import Response, request

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.flows.attach import attach
from app.flows.context import Context
from app.web import body, negotiate
from app.web.fhir.answers import fhir
from app.web.routes import View
from app.web.turn import Turn


def view(context: Context, guide: Guide, turn: Turn) -> View:
    """The operation for one guide version."""

    def submit_attachment(caller: Principal) -> Response:
        negotiate.check(request)
        raw = body.read(request, context.settings.max_body_bytes)
        with turn:
            return fhir(attach(context, caller, raw, guide, context.moment()))

    return submit_attachment
