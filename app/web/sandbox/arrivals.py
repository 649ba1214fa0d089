"""Notes each request under /fhir and /crd for the sender's live view: in demo mode, and only then."""

from __future__ import annotations

from threading import Timer

from flask import Flask, Response, g, request

from app.flows.context import Context
from app.flows.sandbox.arrivals import Exchange, Notepad

_WATCHED = ("/fhir/", "/crd/")
_PAGES = "/sandbox"
_EXTENSION = "forthwith-arrivals"
_SOON = 0.5
"""Seconds until an arrival is written down, with all that came meanwhile."""


def install(app: Flask, context: Context) -> None:
    """Watch what arrives; without a sandbox nothing is installed. Failures of ours are not noted:
    what failed may be the database."""
    if not (context.settings.demo and context.settings.sandbox):
        return

    pad = Notepad(context)
    app.extensions[_EXTENSION] = pad

    def before() -> None:
        g.arrived = context.moment().now
        if request.path.startswith(_PAGES):
            pad.keep()

    def after(answer: Response) -> Response:
        caller = g.get("caller")
        watched = request.method == "POST" and request.path.startswith(_WATCHED)
        if caller is None or not watched or answer.status_code >= 500:
            return answer
        pad.note(
            caller,
            Exchange(
                path=request.path,
                began=g.arrived,
                status=answer.status_code,
                request=g.get("received", b""),
                answer=answer.get_data(),
                refusals=g.get("refusals", ()),
            ),
        )
        return answer

    app.before_request(before)
    app.after_request(after)


def keep_soon(app: Flask) -> None:
    """Have arrivals written down by themselves, as a server needs it that goes on and on.

    Without this they wait for somebody to open a page of the sandbox.
    """
    pad: Notepad | None = app.extensions.get(_EXTENSION)
    if pad is None:
        return

    def later() -> None:
        timer = Timer(_SOON, pad.keep)
        timer.daemon = True
        timer.start()

    pad.when_waiting(later)
