"""The addresses of one CRD version: discovery, and one service for each hook."""

from __future__ import annotations

import orjson
from flask import Response, request

from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import NotFound
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.flows.discover import discovery, hooks
from app.flows.hook import Fetch, hook
from app.flows.hook_record import Recording
from app.web import body
from app.web.cds import envelope, feedback
from app.web.routes import Route, View
from app.web.turn import Turn

JSON = "application/json"
KEEP = "public, max-age=3600"
"""Clients look again about daily (found-16); an hour keeps a change from going unnoticed long."""


def routes(context: Context, guide: Guide, turn: Turn, fetch: Fetch) -> list[Route]:
    """Discovery is public; a hook call carries a person's data and names a scope."""
    base, name = f"/crd/{guide.value}/cds-services", guide.value.replace(".", "-")
    return [
        Route(base, "GET", f"crd-{name}-discovery", _discovery(guide)),
        Route(
            f"{base}/<service>",
            "POST",
            f"crd-{name}-hook",
            _hook(context, guide, turn, fetch),
            Scope.DISCOVER,
        ),
        Route(
            f"{base}/<service>/feedback",
            "POST",
            f"crd-{name}-feedback",
            feedback.view(context, guide, turn, hooks(guide)),
            Scope.DISCOVER,
        ),
    ]


def _discovery(guide: Guide) -> View:
    document = discovery(guide)

    def services() -> Response:
        answer = Response(document, content_type=JSON)
        answer.headers["Cache-Control"] = KEEP
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    return services


def _hook(context: Context, guide: Guide, turn: Turn, fetch: Fetch) -> View:
    def call(caller: Principal, service: str) -> Response:
        if service not in hooks(guide):
            raise NotFound(f"There is no such service; known are {', '.join(hooks(guide))}.")
        raw = body.read(request, context.settings.max_body_bytes)
        made = Response(
            answer(context, caller, guide, service, raw, turn, fetch), content_type=JSON
        )
        made.headers["Cache-Control"] = "no-store"
        return made

    return call


def answer(
    context: Context,
    caller: Principal,
    guide: Guide,
    service: str,
    raw: bytes,
    turn: Turn,
    fetch: Fetch,
) -> bytes:
    """The answer to the bytes of a hook call; it is recorded, whatever comes of it."""
    moment, kind = context.moment(), hooks(guide)[service]
    recording = Recording(context, caller, guide, kind, moment, fetch)
    with turn:
        try:
            recording.document = parse(raw, context.limits)
            document = envelope.check(recording.document, kind, guide)
            made = hook(context, caller, document, guide, kind, moment, recording.fetch, turn)
        except Exception as fault:
            recording.failed(fault)
            raise
        turn.pause()
        sent = orjson.dumps(made.body)
        recording.answered(made, sent)
    return sent
