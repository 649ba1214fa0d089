"""The live view: what arrived of this caller's, and one arrival with all that is to be said of it."""

from __future__ import annotations

from typing import cast

from flask import Response, request

from app.auth.scopes import Scope
from app.domain.principal import Principal
from app.errors import Issue, Severity
from app.flows.context import Context
from app.flows.sandbox.arrivals import Exchange, newest, one
from app.web.language import language
from app.web.routes import Route
from app.web.sandbox.page import only_demo, page
from app.web.sandbox.sending import looked_at
from app.web.sandbox.words import WORDS


def routes(context: Context) -> list[Route]:
    """The list, which looks again by itself until it is told not to, and one of it."""

    def live(caller: Principal) -> Response:
        only_demo(context)
        moving = "still" not in request.args
        return page(context, "sandbox_live.html", arrivals=newest(context, caller), moving=moving)

    def arrived(caller: Principal, name: str) -> Response:
        only_demo(context)
        found = one(context, caller, name)
        issues = [_issue(each) for each in found.refusals]
        exchange = Exchange(found.path, found.at, found.status, found.request, found.answer, issues)
        sent = looked_at(context, exchange, found.milliseconds, language(WORDS))
        text = found.request.decode("utf-8", "replace")
        return page(context, "sandbox_arrived.html", arrival=found, sent=sent, text=text)

    return [
        Route("/sandbox/live", "GET", "sandbox-live", live, Scope.SUBMIT),
        Route("/sandbox/live/<fhir_id:name>", "GET", "sandbox-arrived", arrived, Scope.SUBMIT),
    ]


def _issue(told: tuple[str, str, str, str]) -> Issue:
    severity, code, at, message = told
    return Issue(cast(Severity, severity), "", code, at, message)
