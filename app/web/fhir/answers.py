"""FHIR answers as bytes: FHIR bodies never pass through a schema that could drop elements."""

from __future__ import annotations

from flask import Response

from app.web.negotiate import CONTENT_TYPE


def fhir(body: bytes, status: int = 200, *, may_be_kept: bool = False) -> Response:
    """A FHIR resource; what concerns a person may not be kept by anybody on the way."""
    answer = Response(body, status, content_type=CONTENT_TYPE)
    answer.headers["Cache-Control"] = "no-cache" if may_be_kept else "no-store"
    return answer
