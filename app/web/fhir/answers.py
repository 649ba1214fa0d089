"""FHIR answers as bytes: FHIR bodies never pass through a schema that could drop elements."""

from __future__ import annotations

from flask import Response

from app.web.negotiate import CONTENT_TYPE


def fhir(body: bytes, status: int = 200, *, may_be_kept: bool = False) -> Response:
    """A FHIR resource; what concerns a person may not be kept by anybody on the way."""
    return Response(body, status, _KEPT if may_be_kept else _NOT_KEPT)


_KEPT = (("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-cache"))
_NOT_KEPT = (("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store"))
