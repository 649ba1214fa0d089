"""Every FHIR address, on one screen."""

from __future__ import annotations

from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.request import Use
from app.flows.context import Context
from app.web.fhir import (
    attach,
    describe,
    forms,
    inquire,
    read,
    submit,
    subscriptions,
    validate,
    value_sets,
)
from app.web.routes import Route
from app.web.turn import Turn


def routes(context: Context, guide: Guide, turn: Turn) -> list[Route]:
    """The addresses of one guide version; the same for both, the flows know what differs.

    `turn` is taken by what computes: bodies are read side by side, then worked on one at a time.
    """
    base = f"/fhir/{guide.value}"

    def named(name: str) -> str:
        return f"fhir-{guide.value.replace('.', '-')}-{name}"

    return [
        Route(
            f"{base}/Claim/$submit",
            "POST",
            named("submit"),
            submit.view(context, guide, turn, Use.PREAUTHORIZATION),
            Scope.SUBMIT,
        ),
        Route(
            f"{base}/Claim/$predetermine",
            "POST",
            named("predetermine"),
            submit.view(context, guide, turn, Use.PREDETERMINATION),
            Scope.SUBMIT,
        ),
        Route(
            f"{base}/Claim/$inquire",
            "POST",
            named("inquire"),
            inquire.view(context, guide, turn),
            Scope.INQUIRE,
        ),
        Route(
            f"{base}/$submit-attachment",
            "POST",
            named("submit-attachment"),
            attach.view(context, guide, turn),
            Scope.ATTACH,
        ),
        Route(
            f"{base}/<kind>/$validate",
            "POST",
            named("validate"),
            validate.view(context, guide, turn),
            Scope.VALIDATE,
        ),
        Route(
            f"{base}/Claim/<fhir_id:name>",
            "GET",
            named("read-claim"),
            read.view(context, guide, "Claim"),
            Scope.READ_OWN,
        ),
        Route(
            f"{base}/ClaimResponse/<fhir_id:name>",
            "GET",
            named("read-claim-response"),
            read.view(context, guide, "ClaimResponse"),
            Scope.READ_OWN,
        ),
        Route(
            f"{base}/ClaimResponse/<fhir_id:name>/_history/<fhir_id:version>",
            "GET",
            named("read-claim-response-version"),
            read.view(context, guide, "ClaimResponse"),
            Scope.READ_OWN,
        ),
        Route(f"{base}/metadata", "GET", named("metadata"), describe.metadata(context, guide)),
        Route(
            f"{base}/OperationDefinition/<fhir_id:name>",
            "GET",
            named("operation"),
            describe.operation(context, guide),
        ),
        *subscriptions.routes(context, guide, named),
        *value_sets.routes(context, guide, named),
        *forms.routes(context, guide, named),
    ]
