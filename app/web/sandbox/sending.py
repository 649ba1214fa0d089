"""One request of a story as it went: through the same doors as every other, with the exact answer."""

from __future__ import annotations

from typing import Any

import orjson

from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import Use
from app.errors import Issue, Refused
from app.fhir.outcome import outcome_bytes
from app.fhir.urls import profile
from app.flows.context import Context
from app.flows.hook import Fetch
from app.flows.inquire import inquire
from app.flows.sandbox.arrivals import Exchange, note
from app.flows.sandbox.stories import Send
from app.flows.sandbox.told import told
from app.flows.submit import submit
from app.flows.try_crd import InWords, in_words
from app.sealed import sealed
from app.web.cds.routes import answer as hook_answer
from app.web.sandbox.lines import Line, annotated
from app.web.turn import Turn

_PLACES = {
    Send.SUBMIT: "Claim/$submit",
    Send.PREDETERMINE: "Claim/$predetermine",
    Send.INQUIRE: "Claim/$inquire",
}


@sealed(frozen=True, slots=True)
class Asked:
    """What is to be sent: the door, the guide version, for a hook its service, and the text."""

    kind: Send
    guide: Guide
    service: str
    text: str


@sealed(frozen=True, slots=True)
class Sent:
    """What was sent, what came back, and what is to be said about both."""

    status: int
    milliseconds: int
    answer: str
    why: tuple[str, ...]
    orders: tuple[InWords, ...]
    lines: tuple[Line, ...]
    document: Any


@sealed(frozen=True, slots=True)
class Doors:
    """What is needed to send anything."""

    context: Context
    turn: Turn
    fetch: Fetch

    def send(self, caller: Principal, asked: Asked, language: str) -> Sent:
        """Send the text of a request; a refusal is an answer like any other."""
        context, began, raw = self.context, self.context.moment().now, asked.text.encode()
        issues: tuple[Issue, ...] = ()
        try:
            status, answer = 200, self._answer(caller, asked)
        except Refused as refused:
            status, answer, issues = refused.status, outcome_bytes(refused.issues), refused.issues
        path = address(asked.kind, asked.guide, asked.service)
        exchange = Exchange(path, began, status, raw, answer, issues)
        took = context.moment().now - began
        note(context, caller, exchange)
        return looked_at(context, exchange, round(took.total_seconds() * 1000), language)

    def _answer(self, caller: Principal, asked: Asked) -> bytes:
        context, guide, raw = self.context, asked.guide, asked.text.encode()
        if asked.kind is Send.HOOK:
            return hook_answer(context, caller, guide, asked.service, raw, self.turn, self.fetch)
        with self.turn:
            if asked.kind is Send.INQUIRE:
                return inquire(context, caller, raw, guide, context.moment())
            opinion = asked.kind is Send.PREDETERMINE
            use = Use.PREDETERMINATION if opinion else Use.PREAUTHORIZATION
            return submit(context, caller, raw, guide, context.moment(), use)


def looked_at(context: Context, exchange: Exchange, milliseconds: int, language: str) -> Sent:
    """An exchange with the validator's issues at their elements and the decision in words."""
    text = exchange.request.decode("utf-8", "replace")
    document, said = _read(text), _read(exchange.answer)
    kind, guide = door_of(exchange.path)
    issues = exchange.refusals
    if exchange.status == 200 and kind in _PLACES and guide is not None and document is not None:
        issues = context.validators[guide].bundle(document, _profile(kind))
    orders = tuple(in_words(context, said)) if kind is Send.HOOK and said else ()
    return Sent(
        status=exchange.status,
        milliseconds=milliseconds,
        answer=pretty(said) if said is not None else "",
        why=() if kind is Send.HOOK else tuple(told(context, said, language)),
        orders=orders,
        lines=tuple(annotated(text, document, issues)) if issues else (),
        document=document,
    )


def door_of(path: str) -> tuple[Send | None, Guide | None]:
    """Which door an address is, and of which guide version; None for one that no story uses."""
    parts = path.split("/", 3)
    if len(parts) < 4 or parts[2] not in [each.value for each in Guide]:
        return None, None
    guide, rest = Guide(parts[2]), parts[3]
    if parts[1] == "crd" and rest.count("/") == 1:
        return Send.HOOK, guide
    return next((kind for kind, place in _PLACES.items() if place == rest), None), guide


def address(kind: Send, guide: Guide, service: str) -> str:
    """The path that a request is sent to."""
    if kind is Send.HOOK:
        return f"/crd/{guide.value}/cds-services/{service}"
    return f"/fhir/{guide.value}/{_PLACES[kind]}"


def renewed(text: str, moment: Moment) -> str:
    """The same bundle under an identifier of its own; other texts as they are.

    A bundle whose identifier came before gets its first answer again, and a changed one is refused.
    """
    document = _read(text)
    if document is None or not isinstance(document.get("identifier"), dict):
        return text
    document["identifier"]["value"] = moment.new_uuid().hex
    return pretty(document)


def pretty(value: object) -> str:
    """JSON as people read it."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _profile(kind: Send | None) -> str:
    return profile.INQUIRY_REQUEST_BUNDLE if kind is Send.INQUIRE else profile.REQUEST_BUNDLE


def _read(text: str | bytes) -> Any:
    """The object that a text holds, None when it holds none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
