"""A record as the logical model of CRD metrics has it (CRDMetricData of CRD 2.2.1 and of 2.0.1).

2.2.1 lists each request with its order detail and the responses to it; 2.0.1 has flat lists of order
details and of responses. What the model demands and the call did not tell is filled with the nearest
thing known: the user's reference for the provider's NPI, the calling client for the group's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.domain.guide import Guide
from app.domain.values import Identifier
from app.fhir.outcome import CODES
from app.fhir.read.values import parts, text
from app.fhir.urls import crd, system

Json = dict[str, Any]
_ENGAGED = {"accepted": "accept", "overridden": "override"}
_SINGLE = ("docNeeded", "infoNeeded")
"""Of these the model takes one."""


def model(record: Json, guide: Guide, payer: Identifier, outcomes: Mapping[str, str]) -> Json:
    """The record in the form of its version. `outcomes` are what became of cards, by their uuid."""
    made: Json = {
        "source": text(record, "source"),
        "hookInstance": text(record, "hookInstance"),
        "hookType": text(record, "hookType"),
        "providerId": _provider(record),
        "groupId": _npi(text(record, "groupId")) or {"value": text(record, "client") or "unknown"},
        "payerId": {"system": payer.system, "value": payer.value},
        "requestTime": text(record, "requestTime"),
        "responseTime": text(record, "responseTime"),
        "httpResponse": record.get("httpResponse"),
        "issue": [_issue(each) for each in parts(record, "issue")],
        "tokenUse": text(record, "tokenUse"),
        "resources": [_solicited(each) for each in parts(record, "resources")],
    }
    asked = parts(record, "request")
    if guide is Guide.V22:
        made["request"] = [
            {
                "type": text(each, "type"),
                "orderDetail": _concept(each),
                "response": list(_responses(record, [each], outcomes, place == 0)),
            }
            for place, each in enumerate(asked)
        ]
    else:
        made["orderDetail"] = [_concept(each) for each in asked]
        made["response"] = list(_responses(record, asked, outcomes, True))
    return _filled(made)


def _provider(record: Json) -> Json:
    return _npi(text(record, "providerId")) or {"value": text(record, "user") or "unknown"}


def _npi(value: str) -> Json:
    return {"system": system.NPI, "value": value} if value else {}


def _issue(kept: Json) -> Json:
    coding = {"system": CODES, "code": text(kept, "details")}
    return {"code": text(kept, "code"), "details": {"coding": [coding]}}


def _solicited(kept: Json) -> Json:
    """How many of a type came, and the profile that we ask for where there is one."""
    profile = crd.PROFILES.get(text(kept, "type"), "")
    return {**kept, "profile": profile}


def _concept(asked: Json) -> Json:
    url, _, code = text(asked, "orderDetail").rpartition("|")
    return {"coding": [_filled({"system": url, "code": code})]} if code else {"text": "not coded"}


def _responses(
    record: Json, asked: Sequence[Json], outcomes: Mapping[str, str], with_others: bool
) -> Iterator[Json]:
    """What was answered about these requests; with `with_others` cards about none in particular."""
    names = {text(each, "focus") for each in asked}
    everyone = {text(each, "focus") for each in parts(record, "request")}
    for each in asked:
        if "coverageInfo" in each:
            yield {
                "type": text(each, "response"),
                "focus": [text(each, "type")],
                "coverageInfo": [_said(one, record) for one in parts(each, "coverageInfo")],
            }
    for card in parts(record, "cards"):
        about = {name for name in card.get("about", ()) if name in everyone}
        if about & names or (with_others and not about):
            kinds = sorted({name.partition("/")[0] for name in about & names})
            yield _filled(
                {
                    "type": text(card, "response"),
                    "focus": kinds,
                    "engagement": _engagement(text(card, "uuid"), outcomes),
                }
            )


def _engagement(card: str, outcomes: Mapping[str, str]) -> str:
    """What became of a card. CDS Hooks has no feedback on cards that nobody touched: a client that told
    of another card of the call and not of this one says by it that this one was ignored. Where nothing
    at all was told, nothing is known."""
    told = outcomes.get(card)
    if told is not None:
        return _ENGAGED.get(told, "")
    return "ignore" if outcomes else ""


def _said(kept: Json, record: Json) -> Json:
    """One coverage-information; our forms are neither adaptive nor sent with answers in CRD."""
    said = dict(kept)
    for name in _SINGLE:
        if name in said:
            said[name] = said[name][0]
    if "questionnaire" in said:
        said["questionnaire"] = [
            {"reference": text(each, "reference"), "adaptive": False, "response": False}
            for each in parts(kept, "questionnaire")
        ]
    line = text(record, "businessLine")
    return {**said, "businessLine": {"text": line}} if line else said


def _filled(made: Mapping[str, Any]) -> Json:
    return {name: value for name, value in made.items() if value not in ("", [], {}, None)}
