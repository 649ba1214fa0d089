"""The answer to an inquiry: what was decided on each request that was found.

2.2 answers Parameters with one `return` Bundle for each hit, and none when nothing was found; a
warning without a hit to stand in is a parameter `outcome`, for which the operation has no place. 2.0
answers one Bundle with all ClaimResponses; it must have an entry, so an OperationOutcome says that
nothing was found. Requests for documents are not told here: the profile has no place for them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

import orjson

from app.domain.guide import Guide
from app.errors import Issue
from app.fhir.outcome import outcome
from app.fhir.urls import ext, profile
from app.fhir.write.json import Json, instant
from app.sealed import sealed

_NOTHING = Issue(
    "information", "not-found", "nothing-found", "", "No request of this provider is like that."
)
_MORE = Issue(
    "warning",
    "too-costly",
    "more-hits",
    "",
    "There are more requests like that; these are the newest. Ask with a number, a service or dates.",
)


@sealed(frozen=True, slots=True)
class Hit:
    """A request that was found: the entries of the answer in force (its ClaimResponse first), which
    become those of the hit.

    `current` tells by item the number that holds now, where the request was asked for by one that
    another stands for now.
    """

    entries: list[Json]
    current: Mapping[int, str] = field(default_factory=dict)


def write_hits(
    hits: Sequence[Hit],
    guide: Guide,
    now: datetime,
    answer_id: uuid.UUID,
    *,
    more: bool,
    withheld: str = "",
) -> bytes:
    """The whole answer as JSON bytes; `more` says that hits were left out, `withheld` whom to call
    about those that this provider is not told about (PAS 2.2.1 spec-50).
    """
    found = [_entries(hit) for hit in hits]
    issues = [*([_MORE] if more else []), *([_withheld(withheld)] if withheld else [])]
    loose = [_said(issues, answer_id)] if issues else []
    if guide is Guide.V20:
        if not found and not loose:
            loose = [_said([_NOTHING], answer_id)]
        return orjson.dumps(_bundle(_together(found) + loose, now))
    bundles = [_bundle(each, now) for each in found]
    if bundles:
        bundles[-1]["entry"] += loose
    parameters: Json = {"resourceType": "Parameters"}
    if bundles:
        parameters["parameter"] = [{"name": "return", "resource": each} for each in bundles]
    elif loose:
        parameters["parameter"] = [{"name": "outcome", "resource": loose[0]["resource"]}]
    return orjson.dumps(parameters)


def _entries(hit: Hit) -> list[Json]:
    """The ClaimResponse first, then what it refers to."""
    own, *others = hit.entries
    response = own["resource"]
    response["meta"] = {"profile": [profile.CLAIM_INQUIRY_RESPONSE]}
    response.pop("communicationRequest", None)
    for item in response.get("item", []):
        _one_diagnosis(item)
        if number := hit.current.get(item["itemSequence"]):
            _with_current_number(item, number)
    kept = [each for each in others if each["resource"]["resourceType"] != "CommunicationRequest"]
    return [own, *kept]


def _with_current_number(item: Json, number: str) -> None:
    """In place of the number that the request named before: the one that holds now."""
    others = [each for each in item.get("extension", []) if each["url"] != ext.AUTHORIZATION_NUMBER]
    told = {"url": ext.AUTHORIZATION_NUMBER, "valueString": number}
    item["extension"] = [*others, told]


def _one_diagnosis(item: Json) -> None:
    """An inquiry's item carries one communicated diagnosis at most."""
    told = item.get("extension", [])
    named = [each for each in told if each["url"] == ext.COMMUNICATED_DIAGNOSIS]
    if len(named) > 1:
        item["extension"] = [each for each in told if each not in named[1:]]


def _together(found: list[list[Json]]) -> list[Json]:
    """All hits in one Bundle, where an address occurs once; the newest hit's resource is kept."""
    by_address: dict[str, Json] = {}
    for entry in [*[each[0] for each in found], *[one for each in found for one in each[1:]]]:
        by_address.setdefault(entry["fullUrl"], entry)
    return list(by_address.values())


def _bundle(entries: list[Json], now: datetime) -> Json:
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [profile.INQUIRY_RESPONSE_BUNDLE]},
        "type": "collection",
        "timestamp": instant(now),
        "entry": entries,
    }


def _said(issues: Sequence[Issue], answer_id: uuid.UUID) -> Json:
    return {"fullUrl": answer_id.urn, "resource": outcome(issues)}


def _withheld(phone: str) -> Issue:
    """It does not say which kind of care, as that would tell what is kept back."""
    said = f"Some requests are told to the provider who made them only. Call {phone} about them."
    return Issue("warning", "suppressed", "hits-withheld", "", said)
