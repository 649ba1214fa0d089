"""The frame of every page of the sandbox. Works without scripts; one small script copies."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from flask import Response, render_template

from app.domain.guide import Guide
from app.errors import NotFound
from app.flows.context import Context
from app.web.language import language, saying
from app.web.pages import PAGE_HEADERS, STYLE
from app.web.sandbox.words import WORDS

_STYLE = STYLE.replace("46rem", "72rem") + (
    "textarea{width:100%;box-sizing:border-box;font:.85rem/1.4 ui-monospace,monospace}"
    "pre{max-height:32rem;overflow:auto}button{font:inherit;padding:.3rem .9rem}"
    ".bad{background:#fff1f0}.note{border-left:.3rem solid #b3261e;padding-left:.5rem}"
    ".warning,.information{border-color:#8a6100}table{display:block;overflow-x:auto}"
    "code{overflow-wrap:anywhere}td code{white-space:nowrap}.off{color:#595959}.gap{list-style:none}"
    ".side{display:flex;flex-wrap:wrap;gap:1rem}.side>div{flex:1 1 26rem;min-width:0}\n"
)
_SCRIPT = """
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copies);
    await navigator.clipboard.writeText(from.value ?? from.textContent);
    document.getElementById("said").textContent = button.dataset.said;
  });
}
"""


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_hash(_STYLE)}'; "
        f"script-src 'sha256-{_hash(_SCRIPT)}'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def page(context: Context, template: str, **values: Any) -> Response:
    """A page of the sandbox in the language of its caller."""
    chosen = language(WORDS)
    text = render_template(
        template,
        style=_STYLE,
        script=_SCRIPT,
        language=chosen,
        other="es" if chosen == "en" else "en",
        words=WORDS[chosen],
        say=saying(chosen),
        address=context.settings.address,
        versions=[each.value for each in reversed(Guide)],
        **values,
    )
    answer = Response(text, headers=_HEADERS, content_type="text/html; charset=utf-8")
    answer.headers["Content-Language"] = chosen
    return answer


def download(text: str | bytes, name: str) -> Response:
    """JSON as a file."""
    answer = Response(text, content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer


def only_demo(context: Context) -> None:
    """Raise NotFound where there is no sandbox."""
    if not (context.settings.demo and context.settings.sandbox):
        raise NotFound(
            "There is a sandbox with the demo payer only: FORTHWITH_DEMO, FORTHWITH_SANDBOX."
        )
