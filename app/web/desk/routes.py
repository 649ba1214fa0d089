"""/desk/api: the cases that wait, one case in full, and one address for each thing a person can do."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request

from app.auth.scopes import Scope
from app.domain.case import Case
from app.domain.decision import Extension
from app.domain.principal import Principal
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.flows.delegate_answer import SIGNATURE, answered
from app.flows.papers import Paper, paper, papers
from app.flows.review import Sheet, review, sheet, waiting
from app.flows.unclaimed import Unmatched, unmatched
from app.web import body
from app.web.desk.acts import ACTS, act_of
from app.web.routes import Route, View
from app.web.turn import Turn

BASE = "/desk/api/cases"
HELD = "/desk/api/held"
_GUARDED_BY_DENY = ("modify", "deny", "overturn")


def routes(context: Context, turn: Turn) -> list[Route]:
    """The addresses of the desk."""

    def listed(caller: Principal) -> Response:
        found = [
            _head(each.case) | {"holder": each.holder, "escalated": each.escalated}
            for each in waiting(context, caller)
        ]
        return _json({"cases": found})

    def shown(caller: Principal, name: str) -> Response:
        listed = [_paper(each) for each in papers(context, caller, name)]
        return _json(_sheet(sheet(context, caller, name)) | {"documents": listed})

    def handed(caller: Principal, name: str, document: str) -> Response:
        return _download(paper(context, caller, name, document))

    def early(caller: Principal) -> Response:
        found = unmatched(context, caller, context.moment().now)
        return _json({"held": [_held(each) for each in found]})

    return [
        Route(BASE, "GET", "desk-cases", listed, Scope.REVIEW),
        Route(HELD, "GET", "desk-held", early, Scope.REVIEW),
        Route(f"{BASE}/<fhir_id:name>", "GET", "desk-case", shown, Scope.REVIEW),
        Route(
            f"{BASE}/<fhir_id:name>/documents/<fhir_id:document>",
            "GET",
            "desk-document",
            handed,
            Scope.REVIEW,
        ),
        Route(
            "/desk/delegates/<fhir_id:name>",
            "POST",
            "desk-delegate",
            _delegates(context, turn),
            Scope.DELEGATED,
        ),
        *(
            Route(
                f"{BASE}/<fhir_id:name>/{act}",
                "POST",
                f"desk-{act}",
                _acting(context, turn, act),
                Scope.DENY if act in _GUARDED_BY_DENY else Scope.REVIEW,
            )
            for act in ACTS
        ),
    ]


def _delegates(context: Context, turn: Turn) -> View:
    def decided(caller: Principal, name: str) -> Response:
        raw = body.read(request, context.settings.max_body_bytes)
        signed = request.headers.get(SIGNATURE, "")
        with turn:
            case = answered(context, act_of, caller, name, raw, signed, context.moment())
            return _json({"state": case.state.value})

    return decided


def _acting(context: Context, turn: Turn, name: str) -> View:
    word = name

    def acting(caller: Principal, name: str) -> Response:
        raw = body.read(request, context.settings.max_body_bytes)
        with turn:
            act, by = act_of(word, parse(raw, context.limits))
            return _json(_head(review(context, caller, name, act, by, context.moment())))

    return acting


def _head(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "state": case.state.value,
        "guide": case.guide.value,
        "line": case.line,
        "plan": case.plan,
        "review": case.review.value,
        "received": case.received_at,
        "due": case.due,
    }


def _sheet(found: Sheet) -> dict[str, Any]:
    items = [
        {
            "item": item,
            "outcome": outcome.value,
            "policy": found.policies[item],
            "failed": list(found.failed.get(item, ())),
        }
        for item, outcome in found.items.items()
    ]
    log = [{"at": e.at, "kind": e.kind.value, "actor": e.actor} for e in found.events]
    return _head(found.case) | {
        "holder": found.holder,
        "language": found.language,
        "items": items,
        "extensions": [_extension(each) for each in found.extensions],
        "explanation": list(found.lines),
        "log": log,
    }


def _extension(found: Extension) -> dict[str, Any]:
    """`notice` is what the member must be told, "" where the law asks for none."""
    return {
        "at": found.at,
        "days": found.days,
        "asked_by": found.asked_by.value,
        "rules": list(found.rules),
        "reason": dict(found.reason),
        "notice": found.notice,
    }


def _held(found: Unmatched) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "submitter": found.submitter,
        "guide": found.guide.value,
        "tracking": found.tracking,
        "member": found.member,
        "providers": list(found.providers),
        "received": found.received_at,
        "expires": found.expires_at,
        "unclaimed": found.is_unclaimed,
    }


def _paper(found: Paper) -> dict[str, Any]:
    return {
        "id": found.id,
        "media": found.media,
        "bytes": len(found.content),
        "received": found.received,
        "came": found.came,
        "signed": found.signed,
        "signature_verified": False,
    }


def _download(found: Paper) -> Response:
    """To be saved, never shown or run by the browser that asked: it is whatever somebody sent."""
    answer = Response(found.content, content_type=found.media)
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="document-{found.id}.{found.ending}"'
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _json(value: Any) -> Response:
    answer = Response(orjson.dumps(value), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
