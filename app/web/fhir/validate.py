"""POST {Type}/$validate: 200 and one OperationOutcome, whatever the verdict."""

from __future__ import annotations

from flask import Response, request

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.fhir.outcome import outcome_bytes
from app.flows.context import Context
from app.flows.validate import validate
from app.web import body, negotiate
from app.web.fhir.answers import fhir
from app.web.routes import View
from app.web.turn import Turn


def view(context: Context, guide: Guide, turn: Turn) -> View:
    """The operation for one guide version, on any resource type that we have facts of."""

    def resource_validate(_caller: Principal, kind: str) -> Response:
        negotiate.check(request)
        raw = body.read(request, context.settings.max_body_bytes)
        asked = request.args.get("profile", "")
        mode = request.args.get("mode", "")
        with turn:
            return fhir(outcome_bytes(validate(context, guide, kind, raw, asked, mode)))

    return resource_validate
