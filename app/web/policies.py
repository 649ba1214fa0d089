"""/policies: what the payer's rules say, for people (English, Spanish; no scripts) and programs (JSON)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, render_template, request
from werkzeug.exceptions import NotAcceptable

from app.errors import Malformed
from app.flows.context import Context
from app.flows.policy_lists import (
    list_document,
    overview_document,
    policy_document,
    public_list,
)
from app.web.language import language, saying
from app.web.pages import PAGE_HEADERS, STYLE
from app.web.policy_words import WORDS
from app.web.public import kept
from app.web.routes import Route

JSON = "application/json"
HTML = "text/html"
MOST = 500
"""Lines on one page, also when more are asked for."""

_TAKEN = ("date", "plan", "since", "count", "offset")
_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    )
}


def routes(context: Context) -> list[Route]:
    """The public pages of the rulebook."""

    def overview() -> Response:
        return _overview(context, _format())

    def overview_json() -> Response:
        return _overview(context, JSON)

    def page(name: str) -> Response:
        bare = name.removesuffix(".json")
        kind = JSON if bare != name else _format()
        policy = policy_document(context, bare)
        return _answer(context, kind, "policy.html", policy, policy=policy)

    def one_list(name: str) -> Response:
        bare = name.removesuffix(".json")
        return _list(context, bare, JSON if bare != name else _format())

    return [
        Route("/policies", "GET", "policies", overview),
        Route("/policies.json", "GET", "policies-json", overview_json),
        Route("/policies/<fhir_id:name>", "GET", "policy", page),
        Route("/policies/lists/<fhir_id:name>", "GET", "policy-list", one_list),
    ]


def _overview(context: Context, kind: str) -> Response:
    document = overview_document(context)
    return _answer(context, kind, "policies.html", document, overview=document)


def _list(context: Context, name: str, kind: str) -> Response:
    asked = {part: request.args.get(part, "") for part in ("date", "plan", "since")}
    found = public_list(context, name, asked["date"], asked["plan"], asked["since"])
    offset, count = _number("offset", 0), min(_number("count", MOST), MOST)
    more = {
        "plans": sorted(context.rulebook.plans.values(), key=lambda plan: plan.id),
        "next": offset + count if offset + count < len(found.lines) else None,
    }
    document = list_document(found, offset, count)
    return _answer(context, kind, "policy_list.html", document, found=document, **more)


def _answer(
    context: Context, kind: str, template: str, document: dict[str, Any], **values: Any
) -> Response:
    if kind == JSON:
        return kept(context, Response(orjson.dumps(document), content_type=JSON), JSON)
    chosen = language(WORDS)
    page = render_template(
        template,
        style=STYLE,
        language=chosen,
        other="es" if chosen == "en" else "en",
        words=WORDS[chosen],
        say=saying(chosen),
        query=_query,
        **values,
    )
    answer = Response(page, headers=_HEADERS, content_type="text/html; charset=utf-8")
    answer.headers["Content-Language"] = chosen
    return kept(context, answer, HTML, chosen)


def _query(language: str, offset: int | None = None) -> str:
    """The query of this page in a language, at an offset: only parameters that a page takes."""
    kept_parts = {name: request.args[name] for name in _TAKEN if request.args.get(name)}
    kept_parts["lang"] = language
    if offset is not None:
        kept_parts["offset"] = str(offset)
    return urlencode(kept_parts)


def _format() -> str:
    """HTML or JSON, whichever the caller wants more; HTML where it does not say."""
    wanted = request.accept_mimetypes
    if not wanted:
        return HTML
    chosen = wanted.best_match((HTML, JSON), default="")
    if not chosen:
        raise NotAcceptable
    return chosen


def _number(name: str, otherwise: int) -> int:
    written = request.args.get(name, "")
    if not written:
        return otherwise
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise Malformed(f"{name} must be a whole number.", at=name)
    return int(written)
