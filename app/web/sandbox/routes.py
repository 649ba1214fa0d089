"""/sandbox: for a developer who has five minutes. Its first page, and every address below it."""

from __future__ import annotations

from flask import Response

from app.auth.scopes import Scope
from app.domain.principal import Principal
from app.flows.context import Context
from app.flows.hook import Fetch
from app.flows.sandbox.start_again import Reset, start_again
from app.flows.sandbox.stories import stories
from app.flows.sandbox.suites import filled, suites
from app.flows.try_crd import patients
from app.web.routes import Route
from app.web.sandbox import live, tell
from app.web.sandbox.page import download, only_demo, page
from app.web.sandbox.sending import Doors
from app.web.turn import Turn


def routes(context: Context, turn: Turn, fetch: Fetch) -> list[Route]:
    """The pages; without the demo payer they are not there."""

    def listed(_caller: Principal) -> Response:
        only_demo(context)
        return _listed(context)

    def reset(_caller: Principal) -> Response:
        only_demo(context)
        with turn:
            return _listed(context, start_again(context, context.moment()))

    def suite(caller: Principal, name: str) -> Response:
        only_demo(context)
        bare = name.removesuffix(".json")
        with turn:
            return download(filled(context, caller, bare, context.moment()), bare)

    return [
        Route("/sandbox", "GET", "sandbox", listed, Scope.SUBMIT),
        Route("/sandbox/test-suites/<name>", "GET", "sandbox-suite", suite, Scope.SUBMIT),
        Route("/sandbox/reset", "POST", "sandbox-reset", reset, Scope.SUBMIT),
        *live.routes(context),
        *tell.routes(Doors(context, turn, fetch)),
    ]


def _listed(context: Context, done: Reset | None = None) -> Response:
    return page(
        context,
        "sandbox.html",
        stories=stories().values(),
        patients=patients().values(),
        suites=suites(),
        settings=context.settings,
        done=done,
    )
