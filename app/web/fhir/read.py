"""GET Claim/{id} and ClaimResponse/{id}: what a submitter sent and got, and nobody else's."""

from __future__ import annotations

from flask import Response, request

from app.domain.guide import Guide
from app.domain.principal import Principal
from app.flows.context import Context
from app.flows.read_resource import read_resource
from app.web import negotiate
from app.web.fhir.answers import fhir
from app.web.routes import View


def view(context: Context, guide: Guide, kind: str) -> View:
    """The read and vread interactions of one type (FHIR R4 3.1.0.3 and 3.1.0.4)."""

    def read(caller: Principal, name: str, version: str = "") -> Response:
        negotiate.check(request)
        found = read_resource(context, caller, guide, kind, name, version)
        answer = fhir(found.body)
        answer.set_etag(found.version, weak=True)
        answer.last_modified = found.at
        answer.make_conditional(request)
        return answer

    return read
