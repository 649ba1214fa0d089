"""GET metadata and OperationDefinition/{id}: what this server says that it can do."""

from __future__ import annotations

from flask import Response, request

from app.domain.guide import Guide
from app.errors import NotFound
from app.flows.context import Context
from app.web import negotiate
from app.web.fhir.answers import fhir
from app.web.routes import View


def metadata(context: Context, guide: Guide) -> View:
    """The CapabilityStatement."""
    statement = context.capabilities[guide].statement

    def capability_statement() -> Response:
        negotiate.check(request)
        return fhir(statement, may_be_kept=True)

    return capability_statement


def operation(context: Context, guide: Guide) -> View:
    """One of the operations that the CapabilityStatement names."""
    operations = context.capabilities[guide].operations

    def operation_definition(name: str) -> Response:
        negotiate.check(request)
        if name not in operations:
            raise NotFound(f"There is no such operation; known are {', '.join(operations)}.")
        return fhir(operations[name], may_be_kept=True)

    return operation_definition
