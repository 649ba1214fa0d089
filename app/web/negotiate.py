"""Which format the caller wants: we write JSON, and say 406 to a caller who only reads others.

FHIR R4 3.1.0.1.11: `_format` outweighs the Accept header.
"""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import NotAcceptable

FHIR_JSON = "application/fhir+json"
CONTENT_TYPE = "application/fhir+json; charset=utf-8"
_FORMATS = ("json", "text/json", "application/json", "application/fhir+json")


def check(request: Request) -> None:
    """Raise NotAcceptable when the caller cannot read JSON."""
    wanted = request.args.get("_format") if request.query_string else None
    if wanted is not None:
        if wanted.partition(";")[0].strip().replace(" ", "+").lower() not in _FORMATS:
            raise NotAcceptable
        return
    header = request.headers.get("Accept")
    if header is None or header in (FHIR_JSON, "*/*"):
        return
    accepted = request.accept_mimetypes
    if not any(accepted[kind] > 0 for kind in (FHIR_JSON, "application/json")):
        raise NotAcceptable
