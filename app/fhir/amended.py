"""A request bundle with other lines than it was sent with: what an answer is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.fhir.kind import claim_of
from app.fhir.read.values import Nodes, parts
from app.fhir.urls import ext, system

Json = dict[str, Any]


def lines_of(bundle: Mapping[str, Any]) -> Nodes:
    """The items of the first Claim, as sent."""
    return parts(claim_of(bundle), "item")


def with_lines(bundle: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Json:
    """The bundle with these lines in its first Claim; neither argument is changed."""
    claim = claim_of(bundle)
    entries = [
        {**entry, "resource": {**claim, "item": list(lines)}}
        if entry.get("resource") is claim
        else entry
        for entry in bundle["entry"]
    ]
    return {**bundle, "entry": entries}


def cancelled(line: Mapping[str, Any]) -> Json:
    """The line with the marks of a cancelled one (PAS 2.2.1 spec-70)."""
    kind = {"coding": [{"system": system.X12_CERTIFICATION_TYPE, "code": "3"}]}
    marks = (ext.CERTIFICATION_TYPE, ext.INFO_CHANGED)
    kept = [each for each in parts(line, "extension") if each.get("url") not in marks]
    told = {"url": ext.CERTIFICATION_TYPE, "valueCodeableConcept": kind}
    return {
        **line,
        "extension": [*kept, told],
        "modifierExtension": [{"url": ext.INFO_CANCELLED, "valueBoolean": True}],
    }
