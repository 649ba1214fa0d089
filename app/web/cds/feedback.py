"""POST {service}/feedback: which cards were accepted, which overridden, and why (CDS Hooks)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from marshmallow import INCLUDE, Schema, fields, validate

from app.domain.crd import Hook
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Issue, Malformed, NotFound, Unprocessable
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.flows.feedback import feedback
from app.web import body
from app.web.routes import View
from app.web.turn import Turn

_ID = validate.Length(min=1, max=200)


class _Open(Schema):
    """Keeps what it does not know."""

    class Meta:
        """Unknown members are the sender's."""

        unknown = INCLUDE


class Suggestion(_Open):
    """A suggestion that was taken."""

    id = fields.String(required=True, validate=[_ID, validate.ContainsNoneOf(" ")])


class Coded(_Open):
    """A reason out of a card's own list."""

    system = fields.String()
    code = fields.String(required=True)


class Override(_Open):
    """Why a card was set aside."""

    reason = fields.Nested(Coded)
    userComment = fields.String(validate=validate.Length(max=4000))  # noqa: N815


class Line(_Open):
    """What became of one card."""

    card = fields.String(required=True, validate=_ID)
    outcome = fields.String(required=True, validate=validate.OneOf(["accepted", "overridden"]))
    acceptedSuggestions = fields.List(fields.Nested(Suggestion))  # noqa: N815
    overrideReason = fields.Nested(Override)  # noqa: N815
    outcomeTimestamp = fields.String(validate=validate.Length(max=40))  # noqa: N815


class Told(_Open):
    """The body."""

    feedback = fields.List(
        fields.Nested(Line), required=True, validate=validate.Length(min=1, max=200)
    )


_TOLD = Told()


def view(context: Context, guide: Guide, turn: Turn, known: Mapping[str, Hook]) -> View:
    """The feedback address of every service of one version."""

    def told(caller: Principal, service: str) -> Response:
        if service not in known:
            raise NotFound(f"There is no such service; known are {', '.join(known)}.")
        raw = body.read(request, context.settings.max_body_bytes)
        with turn:
            document = parse(raw, context.limits)
            _check(document, guide)
            feedback(context, caller, service, document["feedback"], context.moment())
        return Response(b"{}", content_type="application/json")

    return told


def _check(document: dict[str, Any], guide: Guide) -> None:
    faults = _TOLD.validate(document)
    if faults:
        kind = Malformed if guide is Guide.V22 else Unprocessable
        at = ", ".join(sorted(map(str, faults)))
        says = "Not the shape of CDS Hooks feedback: each line needs a card and an outcome."
        raise kind(says, [Issue("error", "structure", kind.code, at, says)])
