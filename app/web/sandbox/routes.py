"""/sandbox: for a developer who has five minutes. Works without scripts; one small script copies."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, cast

from flask import Response, render_template, request

from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Issue, NotFound, Severity
from app.flows.context import Context
from app.flows.hook import Fetch
from app.flows.sandbox.arrivals import Exchange, newest, one
from app.flows.sandbox.compose import compose
from app.flows.sandbox.start_again import Reset, start_again
from app.flows.sandbox.stories import Send, Step, Story, stories, story
from app.flows.sandbox.suites import filled, suites
from app.flows.try_crd import patients
from app.web.language import language, saying
from app.web.pages import PAGE_HEADERS, STYLE
from app.web.routes import Route
from app.web.sandbox.sending import Asked, Doors, Sent, address, looked_at, pretty, renewed
from app.web.sandbox.words import WORDS
from app.web.turn import Turn

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


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as the page shows it: the text in its field, and how it went when it was sent."""

    number: int
    path: str
    text: str
    sent: Sent | None


def routes(context: Context, turn: Turn, fetch: Fetch) -> list[Route]:
    """The pages; without the demo payer they are not there."""
    doors = Doors(context, turn, fetch)

    def listed(_caller: Principal) -> Response:
        _only_demo(context)
        return _listed(context)

    def reset(_caller: Principal) -> Response:
        _only_demo(context)
        with turn:
            return _listed(context, start_again(context, context.moment()))

    def shown(_caller: Principal, name: str) -> Response:
        _only_demo(context)
        found, guide = story(name), _guide()
        return _story(context, found, guide, _fresh(context, found, guide))

    def sent(caller: Principal, name: str) -> Response:
        _only_demo(context)
        found, guide = story(name), _guide()
        return _story(context, found, guide, _sent(doors, caller, found, guide))

    def file(_caller: Principal, name: str) -> Response:
        _only_demo(context)
        found, guide = story(name), _guide()
        step = found.steps[_number(found)]
        text = request.form.get("body") or _composed(context, step, guide)
        answer = Response(text, content_type="application/json")
        answer.headers["Content-Disposition"] = f'attachment; filename="{found.id}.json"'
        return answer

    def live(caller: Principal) -> Response:
        _only_demo(context)
        moving = "still" not in request.args
        return _page(context, "sandbox_live.html", arrivals=newest(context, caller), moving=moving)

    def arrived(caller: Principal, name: str) -> Response:
        _only_demo(context)
        found = one(context, caller, name)
        issues = [_issue(each) for each in found.refusals]
        exchange = Exchange(found.path, found.at, found.status, found.request, found.answer, issues)
        sent = looked_at(context, exchange, found.milliseconds, language(WORDS))
        text = found.request.decode("utf-8", "replace")
        return _page(context, "sandbox_arrived.html", arrival=found, sent=sent, text=text)

    def suite(caller: Principal, name: str) -> Response:
        _only_demo(context)
        bare = name.removesuffix(".json")
        with turn:
            answer = Response(
                filled(context, caller, bare, context.moment()), content_type="application/json"
            )
        answer.headers["Content-Disposition"] = f'attachment; filename="{bare}.json"'
        return answer

    return [
        Route("/sandbox", "GET", "sandbox", listed, Scope.SUBMIT),
        Route("/sandbox/test-suites/<name>", "GET", "sandbox-suite", suite, Scope.SUBMIT),
        Route("/sandbox/reset", "POST", "sandbox-reset", reset, Scope.SUBMIT),
        Route("/sandbox/live", "GET", "sandbox-live", live, Scope.SUBMIT),
        Route("/sandbox/live/<fhir_id:name>", "GET", "sandbox-arrived", arrived, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>", "GET", "sandbox-story", shown, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>", "POST", "sandbox-send", sent, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>/request", "GET", "sandbox-fresh", file, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>/request", "POST", "sandbox-file", file, Scope.SUBMIT),
    ]


def _listed(context: Context, done: Reset | None = None) -> Response:
    return _page(
        context,
        "sandbox.html",
        stories=stories().values(),
        patients=patients().values(),
        suites=suites(),
        settings=context.settings,
        done=done,
    )


def _issue(told: tuple[str, str, str, str]) -> Issue:
    severity, code, at, message = told
    return Issue(cast(Severity, severity), "", code, at, message)


def _fresh(context: Context, found: Story, guide: Guide) -> list[Shown]:
    """Every step with a request of its own; one that asks about another waits for it."""
    shown = []
    for number, step in enumerate(found.steps):
        text = "" if step.about_sent else _composed(context, step, guide)
        shown.append(Shown(number, address(step.send, guide, found.id), text, None))
    return shown


def _sent(doors: Doors, caller: Principal, found: Story, guide: Guide) -> list[Shown]:
    """The steps after one was sent: its answer, and the next one about it."""
    chosen, text = _number(found), request.form.get("body", "").replace("\r\n", "\n")
    step = found.steps[chosen]
    if request.form.get("renew"):
        text = renewed(text, doors.context.moment())
    asked = Asked(step.send, guide, found.id, text)
    went = doors.send(caller, asked, language(WORDS))
    shown = _fresh(doors.context, found, guide)
    shown[chosen] = Shown(chosen, address(step.send, guide, found.id), text, went)
    after = found.steps[chosen + 1 :]
    if after and after[0].about_sent and went.document is not None:
        asks = pretty(compose(after[0], guide, doors.context.moment(), went.document))
        shown[chosen + 1] = Shown(chosen + 1, address(after[0].send, guide, found.id), asks, None)
    return shown


def _composed(context: Context, step: Step, guide: Guide) -> str:
    return pretty(compose(step, guide, context.moment()))


def _story(context: Context, found: Story, guide: Guide, shown: list[Shown]) -> Response:
    def renews(step: Step) -> bool:
        return step.send in (Send.SUBMIT, Send.PREDETERMINE)

    return _page(
        context, "sandbox_story.html", story=found, guide=guide.value, steps=shown, renews=renews
    )


def _page(context: Context, template: str, **values: Any) -> Response:
    chosen = language(WORDS)
    page = render_template(
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
    answer = Response(page, headers=_HEADERS, content_type="text/html; charset=utf-8")
    answer.headers["Content-Language"] = chosen
    return answer


def _guide() -> Guide:
    asked = request.values.get("version", Guide.V22.value)
    if asked not in [each.value for each in Guide]:
        raise NotFound("There is no such guide version.")
    return Guide(asked)


def _number(found: Story) -> int:
    asked = request.values.get("step", "0")
    if not asked.isdecimal() or int(asked) >= len(found.steps):
        raise NotFound("The story has no such step.")
    return int(asked)


def _only_demo(context: Context) -> None:
    if not (context.settings.demo and context.settings.sandbox):
        raise NotFound(
            "There is a sandbox with the demo payer only: FORTHWITH_DEMO, FORTHWITH_SANDBOX."
        )
