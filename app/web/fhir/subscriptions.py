"""Subscription: create, read, update, delete, search, `$status` and `$events`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.flows import subscriptions
from app.flows.context import Context
from app.flows.subscriptions import Shown
from app.web import body, negotiate
from app.web.fhir.answers import fhir
from app.web.routes import Route, View

_LARGEST_BODY = 64 * 1024


def routes(context: Context, guide: Guide, named: Callable[[str], str]) -> list[Route]:
    """The Subscription addresses of one guide version; each caller sees its own only."""
    kind = f"/fhir/{guide.value}/Subscription"
    one = f"{kind}/<fhir_id:name>"
    listed: list[tuple[str, str, str, View]] = [
        (kind, "POST", "create", _create(context, guide)),
        (kind, "GET", "search", _search(context, guide)),
        (f"{kind}/$status", "GET", "status", _status(context, guide)),
        (one, "GET", "read", _read(context, guide)),
        (one, "PUT", "update", _update(context, guide)),
        (one, "DELETE", "delete", _delete(context, guide)),
        (f"{one}/$status", "GET", "status-of-one", _status_of_one(context, guide)),
        (f"{one}/$events", "GET", "events", _events(context, guide)),
    ]
    return [
        Route(rule, method, named(f"subscription-{name}"), view, Scope.SUBSCRIBE)
        for rule, method, name, view in listed
    ]


def _create(context: Context, guide: Guide) -> View:
    def create(caller: Principal) -> Response:
        negotiate.check(request)
        raw = body.read(request, _LARGEST_BODY)
        shown = subscriptions.create(context, caller, raw, guide, context.moment())
        answer = _answer(shown, 201)
        answer.headers["Location"] = f"{context.base(guide)}/Subscription/{shown.id}"
        return answer

    return create


def _read(context: Context, guide: Guide) -> View:
    def read(caller: Principal, name: str) -> Response:
        negotiate.check(request)
        answer = _answer(subscriptions.read(context, caller, guide, name))
        answer.make_conditional(request)
        return answer

    return read


def _update(context: Context, guide: Guide) -> View:
    def update(caller: Principal, name: str) -> Response:
        negotiate.check(request)
        raw = body.read(request, _LARGEST_BODY)
        return _answer(subscriptions.change(context, caller, raw, guide, name, context.moment()))

    return update


def _delete(context: Context, guide: Guide) -> View:
    def delete(caller: Principal, name: str) -> Response:
        subscriptions.remove(context, caller, guide, name)
        return Response(status=204)

    return delete


def _search(context: Context, guide: Guide) -> View:
    def search(caller: Principal) -> Response:
        negotiate.check(request)
        url, status = request.args.get("url", ""), request.args.get("status", "")
        return fhir(subscriptions.search(context, caller, guide, url, status, context.moment()))

    return search


def _status(context: Context, guide: Guide) -> View:
    def status(caller: Principal) -> Response:
        negotiate.check(request)
        ids = ",".join(request.args.getlist("id"))
        statuses = ",".join(request.args.getlist("status"))
        moment = context.moment()
        return fhir(subscriptions.status(context, caller, guide, ids, statuses, moment))

    return status


def _status_of_one(context: Context, guide: Guide) -> View:
    def status_of_one(caller: Principal, name: str) -> Response:
        negotiate.check(request)
        return fhir(subscriptions.status_of_one(context, caller, guide, name, context.moment()))

    return status_of_one


def _events(context: Context, guide: Guide) -> View:
    def events(caller: Principal, name: str) -> Response:
        negotiate.check(request)
        since = request.args.get("eventsSinceNumber", "")
        until = request.args.get("eventsUntilNumber", "")
        moment = context.moment()
        return fhir(subscriptions.events(context, caller, guide, name, since, until, moment))

    return events


def _answer(shown: Shown, status: int = 200) -> Response:
    answer = fhir(shown.body, status)
    answer.set_etag(shown.version, weak=True)
    answer.last_modified = shown.at
    return answer
