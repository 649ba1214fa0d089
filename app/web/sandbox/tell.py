"""The page of a story: its requests, to change, download and send, and what came of each."""

from __future__ import annotations

from flask import Response, request

from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import NotFound
from app.flows.context import Context
from app.flows.sandbox.compose import compose
from app.flows.sandbox.stories import Send, Step, Story, story
from app.sealed import sealed
from app.web.language import language
from app.web.routes import Route
from app.web.sandbox.page import download, only_demo, page
from app.web.sandbox.sending import Asked, Doors, Sent, address, pretty, renewed
from app.web.sandbox.words import WORDS


@sealed(frozen=True, slots=True)
class Shown:
    """A step as the page shows it: the text in its field, and how it went when it was sent."""

    number: int
    path: str
    text: str
    sent: Sent | None


def routes(doors: Doors) -> list[Route]:
    """A story's page, and each of its requests as a file."""
    context = doors.context

    def shown(_caller: Principal, name: str) -> Response:
        only_demo(context)
        found, guide = story(name), _guide()
        return _story(context, found, guide, _fresh(context, found, guide))

    def sent(caller: Principal, name: str) -> Response:
        only_demo(context)
        found, guide = story(name), _guide()
        return _story(context, found, guide, _sent(doors, caller, found, guide))

    def file(_caller: Principal, name: str) -> Response:
        only_demo(context)
        found, guide = story(name), _guide()
        step = found.steps[_number(found)]
        return download(request.form.get("body") or _composed(context, step, guide), found.id)

    return [
        Route("/sandbox/<fhir_id:name>", "GET", "sandbox-story", shown, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>", "POST", "sandbox-send", sent, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>/request", "GET", "sandbox-fresh", file, Scope.SUBMIT),
        Route("/sandbox/<fhir_id:name>/request", "POST", "sandbox-file", file, Scope.SUBMIT),
    ]


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

    return page(
        context, "sandbox_story.html", story=found, guide=guide.value, steps=shown, renews=renews
    )


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
