"""One request of a story as it went: through the same doors as every other, with the exact answer."""

from __future__ import annotations

from dataclasses import dataclass
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
from app.flows.sandbox.stories import Send
from app.flows.sandbox.told import told
from app.flows.submit import submit
from app.flows.try_crd import InWords, in_words
from app.web.cds.routes import answer as hook_answer
from app.web.sandbox.lines import Line, annotated
from app.web.turn import Turn

_PLACES = {
    Send.SUBMIT: "Claim/$submit",
    Send.PREDETERMINE: "Claim/$predetermine",
    Send.INQUIRE: "Claim/$inquire",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be sent: the door, the guide version, for a hook its service, and the text."""

    kind: Send
    guide: Guide
    service: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, what came back, and what is to be said about both."""

    status: int
    milliseconds: int
    answer: str
    why: tuple[str, ...]
    orders: tuple[InWords, ...]
    lines: tuple[Line, ...]
    document: Any


@dataclass(frozen=True, slots=True)
class Doors:
    """What is needed to send anything."""

    context: Context
    turn: Turn
    fetch: Fetch

    def send(self, caller: Principal, asked: Asked, language: str) -> Sent:
        """Send the text of a request; a refusal is an answer like any other."""
        context, began = self.context, self.context.moment().now
        document, issues = _read(asked.text), list[Issue]()
        try:
            status, raw = 200, self._answer(caller, asked)
        except Refused as refused:
            status, raw, issues = refused.status, outcome_bytes(refused.issues), [*refused.issues]
        took = context.moment().now - began
        is_hook = asked.kind is Send.HOOK
        if status == 200 and not is_hook:
            issues = context.validators[asked.guide].bundle(document, _profile(asked.kind))
        said = orjson.loads(raw)
        return Sent(
            status=status,
            milliseconds=round(took.total_seconds() * 1000),
            answer=pretty(said),
            why=() if is_hook else tuple(told(context, said, language)),
            orders=tuple(in_words(context, said)) if is_hook else (),
            lines=tuple(annotated(asked.text, document, issues)) if issues else (),
            document=document,
        )

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


def _profile(kind: Send) -> str:
    return profile.INQUIRY_REQUEST_BUNDLE if kind is Send.INQUIRE else profile.REQUEST_BUNDLE


def _read(text: str) -> Any:
    """The object that a text holds, None when it holds none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
