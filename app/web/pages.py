"""The landing page: what this server is, its addresses, and what to try. No scripts."""

from __future__ import annotations

import base64
import hashlib

from flask import Response, render_template

from app.flows.context import Context
from app.web.routes import Route

STYLE = """\
body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}
main{max-width:46rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse}caption{text-align:left;padding-bottom:.3rem}
th,td{border:1px solid #767676;padding:.3rem .6rem;text-align:left}
pre{background:#f2f2f2;padding:.8rem;overflow-x:auto}a{color:#0645ad}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
EXAMPLE = "pas/2.2/oxygen-approved.json"
PAGE_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}
"""Headers of every page: nothing is loaded from anywhere, nothing may frame it."""


def routes(context: Context) -> list[Route]:
    """The pages of this server."""

    def landing() -> Response:
        page = render_template(
            "landing.html",
            style=STYLE,
            address=context.settings.address,
            guides=context.guides,
            example=EXAMPLE,
            version=context.version,
            demo=context.settings.demo,
        )
        return Response(page, headers=PAGE_HEADERS, content_type="text/html; charset=utf-8")

    return [Route("/", "GET", "landing", landing)]
