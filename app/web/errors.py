"""One handler for everything that goes wrong; the address picks the dialect.

Under /fhir and /crd a refusal (4xx) is one OperationOutcome (CRD 2.2.1 hook-10). Everywhere else, and for every failure of ours
(5xx, PAS 2.2.1 spec-39: no OperationOutcome), it is problem+json (RFC 9457) with the request id.
"""

from __future__ import annotations

import traceback

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from app.errors import CouldNotAnswer, Issue, Refused
from app.fhir.outcome import outcome_bytes
from app.web.log import log
from app.web.negotiate import CONTENT_TYPE

_KINDS = {400: "structure", 401: "login", 403: "forbidden", 404: "not-found", 408: "timeout",
          413: "too-costly", 429: "throttled"}  # fmt: skip
RETRY_SECONDS = "2"
"""When to send again after a 503: a busy database is free again by then."""

_SAYS = {
    400: "The request could not be read as HTTP.",
    404: "There is nothing at this address. GET / lists the addresses of this server.",
    405: "This address does not answer this method; see the Allow header.",
    406: "Only JSON is written here: accept application/fhir+json or application/json.",
    500: "The server failed; sending the same request again may work.",
    503: "A system that is needed did not answer; sending the same request again may work.",
}


def install(app: Flask) -> None:
    """Answer every exception of a view, and every unknown address, in the right dialect."""
    app.register_error_handler(Exception, answer)


def answer(fault: Exception) -> Response:
    """The answer to whatever went wrong; what is our fault is logged without what was sent."""
    if isinstance(fault, HTTPException):
        return _http(fault)
    if isinstance(fault, Refused):
        g.refusals = fault.issues
        return refusal(fault.status, fault.issues)
    status = fault.status if isinstance(fault, CouldNotAnswer) else 500
    request_id, failure_name, place_id = g.request_id, type(fault).__name__, _place(fault)
    log.error(
        "failure",
        extra={"request_id": request_id, "failure_name": failure_name, "place_id": place_id},
    )
    failed = problem(status, _SAYS.get(status, _SAYS[500]))
    if status == 503:
        failed.headers["Retry-After"] = RETRY_SECONDS
    return failed


def _place(fault: BaseException) -> str:
    """Where it broke, as `file:line` from the outside in: code places, never what was sent."""
    frames = traceback.extract_tb(fault.__traceback__)
    inside = [frame for frame in frames if "/app/" in frame.filename]
    return " > ".join(f"{frame.filename.rpartition('/app/')[2]}:{frame.lineno}" for frame in inside)


def _http(fault: HTTPException) -> Response:
    if fault.response is not None and isinstance(fault.response, Response):
        return fault.response
    status = fault.code or 500
    says = _SAYS.get(status) or fault.description or fault.name
    kind = _KINDS.get(status, "not-supported")
    code = fault.name.lower().replace(" ", "-")
    if status >= 500:
        answer = problem(status, says)
    else:
        answer = refusal(status, (Issue("error", kind, code, "", says),))
    for name, value in fault.get_headers():
        if name in ("Allow", "Location", "Retry-After"):
            answer.headers[name] = value
    return answer


def refusal(status: int, issues: tuple[Issue, ...]) -> Response:
    """A 4xx: an OperationOutcome under /fhir and /crd, else problem+json."""
    if request.path.startswith(("/fhir/", "/crd/")):
        return Response(outcome_bytes(issues), status, content_type=CONTENT_TYPE)
    return problem(status, issues[0].message, issues[0].code)


def problem(status: int, detail: str, code: str = "") -> Response:
    """An RFC 9457 problem; `request_id` is what to tell the operator."""
    body = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "request_id": g.request_id,
    }
    if code:
        body["code"] = code
    return Response(orjson.dumps(body), status, content_type="application/problem+json")


def _title(status: int) -> str:
    return Response(status=status).status.partition(" ")[2].capitalize()
