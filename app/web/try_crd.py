"""/crd: try a hook call in a browser, with the demo payer's patients. No scripts.

The call that is shown is sent through the same door as every other: its answer is the real one, it
is recorded, and what it grants is a case.
"""

from __future__ import annotations

import base64
import hashlib

import orjson
from flask import Response, render_template, request

from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import NotFound, Refused
from app.fhir.outcome import outcome_bytes
from app.flows.context import Context
from app.flows.hook import Fetch
from app.flows.try_crd import InWords, compose, in_words, orders, patients
from app.sealed import sealed
from app.web.cds.routes import answer
from app.web.pages import PAGE_HEADERS, STYLE
from app.web.routes import Route
from app.web.turn import Turn

_STYLE = STYLE.replace("46rem", "90rem") + (
    ".side{display:flex;flex-wrap:wrap;gap:1rem}"
    ".side section{flex:1 1 24rem;min-width:0}.side pre{max-height:40rem;overflow:auto}"
    "table{display:block;overflow-x:auto}code{overflow-wrap:anywhere}select{max-width:100%}\n"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}
_FIRST = ("2.2", "", "order-sign-granted")


@sealed(frozen=True, slots=True)
class Tried:
    """One call as it went."""

    path: str
    request: str
    status: int
    milliseconds: int
    answer: str
    words: tuple[InWords, ...]


def routes(context: Context, turn: Turn, fetch: Fetch) -> list[Route]:
    """The page and its form; with real members they are not there."""

    def page(_caller: Principal) -> Response:
        _only_demo(context)
        return _page(context, *_FIRST, None)

    def send(caller: Principal) -> Response:
        _only_demo(context)
        chosen = [request.form.get(name, "") for name in ("version", "patient", "order")]
        version, patient, order = chosen
        if version not in [guide.value for guide in Guide]:
            raise NotFound("There is no such CRD version.")
        guide = Guide(version)
        call = compose(guide, order, patient, context.moment())
        tried = _tried(context, caller, guide, call, turn, fetch)
        return _page(context, version, patient, order, tried)

    return [
        Route("/crd", "GET", "crd-page", page, Scope.DISCOVER),
        Route("/crd", "POST", "crd-try", send, Scope.DISCOVER),
    ]


def _tried(
    context: Context,
    caller: Principal,
    guide: Guide,
    call: dict[str, object],
    turn: Turn,
    fetch: Fetch,
) -> Tried:
    service = str(call["hook"])
    began = context.moment().now
    try:
        status, raw = 200, answer(context, caller, guide, service, orjson.dumps(call), turn, fetch)
    except Refused as refused:
        status, raw = refused.status, outcome_bytes(refused.issues)
    took = context.moment().now - began
    said = orjson.loads(raw)
    return Tried(
        path=f"/crd/{guide.value}/cds-services/{service}",
        request=_pretty(call),
        status=status,
        milliseconds=round(took.total_seconds() * 1000),
        answer=_pretty(said),
        words=tuple(in_words(context, said)),
    )


def _page(
    context: Context, version: str, patient: str, order: str, tried: Tried | None
) -> Response:
    page = render_template(
        "crd.html",
        style=_STYLE,
        address=context.settings.address,
        versions=[guide.value for guide in reversed(Guide)],
        version=version,
        patients=patients().values(),
        patient=patient,
        orders=orders(Guide(version)),
        order=order,
        tried=tried,
    )
    return Response(page, headers=_HEADERS, content_type="text/html; charset=utf-8")


def _pretty(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _only_demo(context: Context) -> None:
    if not context.settings.demo:
        raise NotFound("The try-it page is there with the demo payer only (FORTHWITH_DEMO).")
