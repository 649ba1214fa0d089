"""For operators: is the process up, can it answer, and what is here that is not FHIR (OpenAPI)."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from app.flows.context import Context
from app.flows.ready import ready
from app.web import errors
from app.web.routes import Route, declare

JSON = "application/json"


class Up(Schema):
    """The process answers."""

    status = fields.String(required=True)
    version = fields.String(required=True)


class Readiness(Schema):
    """What is needed to answer requests, each `ok` or why not."""

    status = fields.String(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Problem(Schema):
    """RFC 9457; `request_id` is what to tell the operator."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    code = fields.String()


class Described(Api):  # type: ignore[misc]
    """flask-smorest's description of our addresses, with our own answers to errors."""

    ERROR_SCHEMA = Problem

    def handle_http_exception(self, error: HTTPException) -> Response:
        """The one error handler of the house, instead of the library's."""
        return errors.answer(error)


def install(app: Flask, context: Context) -> None:
    """Open /health and /ready and describe them."""
    app.config |= {
        "API_TITLE": "Forthwith",
        "API_VERSION": context.version,
        "OPENAPI_VERSION": "3.1.0",
    }
    described = Described(app)
    described.register_blueprint(_operations(context))
    for name in ("operations.health", "operations.readiness"):
        declare(app, name, None)
    app.extensions["forthwith.openapi"] = orjson.dumps(described.spec.to_dict())


def routes(app: Flask) -> list[Route]:
    """The address of the description itself."""
    document: bytes = app.extensions["forthwith.openapi"]

    def openapi() -> Response:
        return Response(document, content_type=JSON)

    return [Route("/openapi.json", "GET", "openapi", openapi)]


def _operations(context: Context) -> Any:
    blueprint = Blueprint("operations", __name__, description="For operators and probes")

    @blueprint.route("/health", methods=["GET"])
    @blueprint.response(200, Up)
    def health() -> dict[str, str]:
        """The process is up; says nothing about what it depends on."""
        return {"status": "up", "version": context.version}

    @blueprint.route("/ready", methods=["GET"])
    @blueprint.response(200, Readiness)
    @blueprint.alt_response(503, schema=Readiness, description="Something needed is missing")
    def readiness() -> tuple[dict[str, Any], int]:
        """The database answers and has this program's shape; rulebook and profiles are loaded."""
        checks = ready(context)
        fine = all(verdict == "ok" for verdict in checks.values())
        return {"status": "ready" if fine else "not-ready", "checks": checks}, 200 if fine else 503

    return blueprint
