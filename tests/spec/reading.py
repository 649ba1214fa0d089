"""Short ways to say what an answer holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.fhir.urls import ext, part, system

Json = dict[str, Any]


def response_of(answer: Json) -> Json:
    """The ClaimResponse, which stands first."""
    first: Json = answer["entry"][0]["resource"]
    assert first["resourceType"] == "ClaimResponse"
    return first


def items(answer: Json) -> dict[int, Json]:
    """The items of the ClaimResponse by sequence."""
    return {item["itemSequence"]: item for item in response_of(answer).get("item", [])}


def extensions(element: Json, url: str) -> list[Json]:
    """The extensions of an element with that address."""
    return [extension for extension in element.get("extension", []) if extension["url"] == url]


def review(item: Json) -> Json:
    """The review action of an item: its parts by address."""
    (adjudication,) = item["adjudication"]
    (action,) = extensions(adjudication, ext.REVIEW_ACTION)
    return {each["url"]: each for each in action["extension"]}


def action(item: Json) -> str:
    """The review action code of an item."""
    (coding,) = review(item)[ext.REVIEW_ACTION_CODE]["valueCodeableConcept"]["coding"]
    assert coding["system"] == system.X12_REVIEW_ACTION
    return str(coding["code"])


def number(item: Json) -> str:
    """The authorization number of an item, or nothing."""
    return str(review(item).get(part.NUMBER, {}).get("valueString", ""))


def notes(answer: Json, item: Json | None = None) -> list[str]:
    """The texts of all process notes, or of those that an item names."""
    numbers = None if item is None else item.get("noteNumber", [])
    return [
        note["text"]
        for note in response_of(answer).get("processNote", [])
        if numbers is None or note["number"] in numbers
    ]


def resources(answer: Json, kind: str) -> list[Json]:
    """The resources of a type in a bundle."""
    return [e["resource"] for e in answer["entry"] if e["resource"]["resourceType"] == kind]


def error_codes(answer: Json) -> list[tuple[str, str]]:
    """(reject reason, follow-up action) of each business error."""
    found = []
    for error in response_of(answer).get("error", []):
        (follow,) = extensions(error, ext.ERROR_FOLLOWUP_ACTION)
        reason = error["code"]["coding"][0]
        assert reason["system"] == system.X12_REJECT_REASON
        found.append((reason["code"], follow["valueCodeableConcept"]["coding"][0]["code"]))
    return found


def references(value: Any) -> Iterator[str]:
    """Every literal reference inside a resource."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
