"""Under which names this server answers while everybody who reaches it counts as the submitter.

A web page can let its own host name point at 127.0.0.1 (DNS rebinding); the browser then sends that
name in the Host header, and gets nothing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request

from app.errors import Malformed
from app.settings import Settings


def install(app: Flask, settings: Settings) -> None:
    """Refuse other names with 400 when there is no authentication."""
    if settings.auth != "none":
        return
    own = urlsplit(settings.address).hostname or ""
    names = frozenset({"localhost", "127.0.0.1", "::1", settings.host.strip("[]").lower(), own})

    def before() -> None:
        if _name(request.headers.get("Host", "")) not in names:
            raise Malformed(
                "Without authentication this server answers only to names of this machine, such as "
                "localhost; the Host header has another."
            )

    app.before_request(before)


def _name(header: str) -> str:
    """The name without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()
