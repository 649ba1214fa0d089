"""The form of a policy version: one question for each fact that can be asked.

DTR 2.2.0 and 2.0.1, standard questionnaire profile. The linkIds are `POLICY/FACT`, whatever the version
of the policy (docs/reference/evidence.md), so an older answer still counts. English is the language
of the form; other languages stand beside it as translations.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from app.domain.guide import Guide
from app.domain.policy import FactSpec, FactType, Option, Policy, Version
from app.domain.values import Text
from app.fhir.urls import dtr, system
from app.fhir.write import json

Json = dict[str, Any]

_TYPES = {
    FactType.YES_NO: "boolean",
    FactType.DATE: "date",
    FactType.INSTANT: "dateTime",
    FactType.CHOICE: "choice",
    FactType.TEXT: "text",
    FactType.CODE: "open-choice",
}


def questionnaire(policy: Policy, version: Version, guide: Guide, address: str) -> Json:
    """The Questionnaire of a policy version; `address` is the base of all our addresses."""
    title = policy.title["en"]
    form: Json = {
        "resourceType": "Questionnaire",
        "id": form_id(policy, version),
        "meta": {"profile": [dtr.STANDARD]},
        "language": "en",
        "url": f"{address}/fhir/{guide.value}/Questionnaire/{policy.id}",
        "version": version.version,
        "name": "".join(part.capitalize() for part in policy.id.split("-")),
        "title": title,
        "status": "active",
        "subjectType": ["Patient"],
        "effectivePeriod": json.period(version.period),
        "item": [
            {
                "linkId": policy.id,
                **_worded(policy.title),
                "type": "group",
                "item": [_question(policy.id, fact) for fact in version.facts.values() if fact.ask],
            }
        ],
    }
    if guide is Guide.V22:
        natural = {"system": dtr.VERSION_ALGORITHMS, "code": "natural"}
        form["extension"] = [{"url": dtr.VERSION_ALGORITHM, "valueCoding": natural}]
    else:
        form["text"] = {
            "status": "generated",
            "div": f'<div xmlns="{dtr.XHTML}"><p>{escape(title)}</p></div>',
        }
    return {name: value for name, value in form.items() if value}


def form_id(policy: Policy, version: Version) -> str:
    """The id of a form: its policy and version."""
    return f"{policy.id}.{version.version}"


def asks(version: Version) -> bool:
    """Whether a policy version has anything to ask."""
    return any(fact.ask for fact in version.facts.values())


def _question(policy: str, fact: FactSpec) -> Json:
    link = f"{policy}/{fact.name}"
    item: Json = {"linkId": link, **_worded(fact.ask or fact.label)}
    if fact.type is FactType.NUMBER:
        item["type"] = "quantity" if fact.unit else "decimal"
        if fact.unit:
            unit = {"system": system.UCUM, "code": fact.unit, "display": fact.unit}
            item["extension"] = [{"url": dtr.UNIT_OPTION, "valueCoding": unit}]
    else:
        item["type"] = _TYPES[fact.type]
    if fact.options:
        item["answerOption"] = [_option(option) for option in fact.options]
    if fact.hint:
        item["item"] = [_hint(link, fact.hint)]
    return item


def _option(option: Option) -> Json:
    coding: Json = {"system": dtr.ANSWERS, "code": option.code, "display": option.label["en"]}
    translated = list(_translations(option.label))
    if translated:
        coding["_display"] = {"extension": translated}
    return {"valueCoding": coding}


def _hint(link: str, hint: Text) -> Json:
    control = {"coding": [{"system": dtr.ITEM_CONTROLS, "code": "help"}]}
    return {
        "extension": [{"url": dtr.ITEM_CONTROL, "valueCodeableConcept": control}],
        "linkId": f"{link}/hint",
        **_worded(hint),
        "type": "display",
    }


def _worded(said: Text) -> Json:
    """`text` in English with its translations."""
    worded: Json = {"text": said["en"]}
    translated = list(_translations(said))
    if translated:
        worded["_text"] = {"extension": translated}
    return worded


def _translations(said: Text) -> Iterator[Json]:
    for language, sentence in said.items():
        if language != "en":
            yield {
                "url": dtr.TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": language},
                    {"url": "content", "valueString": sentence},
                ],
            }
