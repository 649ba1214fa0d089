"""Corrections of the coverage record that the EHR sent, where the plan knows it better.

CRD 2.2.1 and 2.0.1, Update Coverage Records: always an update of the very Coverage, with nothing but the
corrected elements changed. It tells nobody's eligibility and replaces no X12 270/271 (resp-69): only a
member whom the plan found is told of, and only where the record contradicts the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from app.determine.eligibility import MEMBER_NUMBER, number_key
from app.domain.coverage import Coverage
from app.domain.values import Text
from app.fhir.crd.card import About, Content, Correction, Desk
from app.fhir.crd.extension import words
from app.fhir.read.values import part, parts, text
from app.fhir.write import json

Json = dict[str, Any]

_SUMMARY: Text = {
    "en": "The plan knows this coverage otherwise",
    "es": "El plan tiene otros datos de esta cobertura",
}
_LABEL: Text = {"en": "Correct the coverage record", "es": "Corregir el registro de cobertura"}
_NUMBER: Text = {"en": "Member number: {now}", "es": "Número de miembro: {now}"}
_SUBSCRIBER: Text = {"en": "Subscriber number: {now}", "es": "Número de suscriptor: {now}"}
_STARTS: Text = {"en": "In force since {now}", "es": "Vigente desde {now}"}
_ENDS: Text = {"en": "In force until {now}", "es": "Vigente hasta {now}"}
_OPEN: Text = {"en": "In force without a known end", "es": "Vigente sin fecha de fin conocida"}
_PLAN: Text = {"en": "Plan: {now}", "es": "Plan: {now}"}


def correction(sent: Json, known: Coverage, day: date) -> Correction | None:
    """What the record says otherwise than the plan on `day`; None when nothing."""
    changes = [*_numbers(sent, known), *_period(sent, known, day), *_plan(sent, known)]
    if not changes:
        return None
    changed = dict(sent)
    for element, value, _ in changes:
        changed[element] = value
    resource = {name: value for name, value in changed.items() if value}
    return Correction(resource, tuple(said for _, _, said in changes))


def updates(about: About, desk: Desk) -> Iterator[Content]:
    """The card for the office."""
    if about.correction is not None:
        label = words(_LABEL, desk.frame)
        yield Content(
            topic="insurance",
            summary=words(_SUMMARY, desk.frame),
            lines=tuple(f"- {words(each, desk.frame)}" for each in about.correction.news),
            rest=desk.suggesting(
                label,
                {
                    "type": "update",
                    "description": label,
                    "resource": about.correction.resource,
                },
            ),
        )


_Change = tuple[str, Any, Text]
"""Element, its new value, the sentence."""


def _numbers(sent: Json, known: Coverage) -> Iterator[_Change]:
    """The member number where the record has another one, then the subscriber's."""
    listed = parts(sent, "identifier")
    own = [each for each in listed if _is_member_number(each)]
    said = text(sent, "subscriberId")
    ours = {number_key(known.member_id), number_key(known.subscriber_id)} - {""}
    if own and known.member_id and not any(_is(each, known.member_id) for each in own):
        changed = [{**e, "value": known.member_id} if e is own[0] else e for e in listed]
        yield "identifier", changed, _with(_NUMBER, known.member_id)
    if said and ours and number_key(said) not in ours:
        number = known.subscriber_id or known.member_id
        yield "subscriberId", number, _with(_SUBSCRIBER, number)


def _is_member_number(identifier: Json) -> bool:
    codings = parts(part(identifier, "type"), "coding")
    return any(text(each, "code") == MEMBER_NUMBER for each in codings)


def _is(identifier: Json, number: str) -> bool:
    return number_key(text(identifier, "value")) == number_key(number)


def _period(sent: Json, known: Coverage, day: date) -> Iterator[_Change]:
    """The end where it differs; the start only where the record says that it is still to come.

    Plans count years of coverage where records count from the first day, so starts differ often.
    """
    said, end = part(sent, "period"), known.period.end
    now = dict(said)
    news: list[Text] = []
    if text(said, "start")[:10] > day.isoformat() and known.period.start is not None:
        now["start"] = json.day(known.period.start)
        news.append(_with(_STARTS, now["start"]))
    if text(said, "end")[:10] != (end.isoformat() if end else ""):
        now.pop("end", None)
        now |= {"end": json.day(end)} if end else {}
        news.append(_with(_ENDS, json.day(end)) if end else _OPEN)
    for sentence in news:
        yield "period", now, sentence


def _plan(sent: Json, known: Coverage) -> Iterator[_Change]:
    listed = parts(sent, "class")
    ours = {number_key(known.plan.id), number_key(known.plan.name)}
    for each in listed:
        codes = {text(coding, "code") for coding in parts(part(each, "type"), "coding")}
        if "plan" in codes and number_key(text(each, "value")) not in ours:
            told = {**each, "value": known.plan.id, "name": known.plan.name}
            yield (
                "class",
                [told if one is each else one for one in listed],
                _with(_PLAN, known.plan.name),
            )
            return


def _with(said: Text, now: str) -> Text:
    return {language: sentence.format(now=now) for language, sentence in said.items()}
