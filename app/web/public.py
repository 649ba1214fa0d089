"""What everybody may read and keep: it changes with the rulebook and with the day, and says so."""

from __future__ import annotations

import hashlib

from flask import Response, request

from app.flows.context import Context
from app.flows.policy_lists import today


def kept(context: Context, answer: Response, *chosen: str) -> Response:
    """The answer with an ETag of all it depends on; a caller who has it already gets 304.

    `chosen` are format and language where the caller may choose. Anybody may keep it but has to ask
    again each time, as a rulebook changes at once.
    """
    rulebook = context.rulebook
    parts = (context.version, rulebook.sha256, str(today(context, rulebook)), *chosen)
    query = request.query_string.decode("latin-1")
    version = hashlib.sha256("\n".join((*parts, request.path, query)).encode()).hexdigest()
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.headers["Vary"] = "Accept, Accept-Language"
    answer.set_etag(version[:32])
    answer.make_conditional(request)
    return answer
