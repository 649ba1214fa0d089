"""CORS for browser clients on the CRD addresses: preflight without credentials, listed origins only.

Fetch standard, "CORS protocol". With `*` any page may call; the token it needs is its own.
"""

from __future__ import annotations

from flask import Flask, Response, request

from app.settings import Settings

_BELOW = "/crd/"
_HEADERS = "Authorization, Content-Type"


def install(app: Flask, settings: Settings) -> None:
    """Answer preflights below /crd, and name the origin on every answer there."""
    allowed = frozenset(settings.cors_origins)

    def before() -> Response | None:
        asks = request.method == "OPTIONS" and request.path.startswith(_BELOW)
        if asks and "Access-Control-Request-Method" in request.headers:
            return Response(status=204)
        return None

    def after(answer: Response) -> Response:
        if not request.path.startswith(_BELOW):
            return answer
        origin = request.headers.get("Origin", "")
        if not origin:
            return answer
        answer.headers.add("Vary", "Origin")
        if "*" in allowed or origin in allowed:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
            answer.headers["Access-Control-Allow-Headers"] = _HEADERS
            answer.headers["Access-Control-Max-Age"] = "600"
            answer.headers["Access-Control-Expose-Headers"] = "X-Request-ID"
        return answer

    app.before_request(before)
    app.after_request(after)
