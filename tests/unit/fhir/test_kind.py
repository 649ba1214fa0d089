"""What a bundle asks for is told before it is validated, whatever its shape."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.kind import Kind, kind_of
from app.fhir.urls import ext, profile, system


def bundle(**claim: Any) -> dict[str, Any]:
    head = {"resourceType": "Claim", "use": "preauthorization", **claim}
    return {"resourceType": "Bundle", "entry": [{"resource": head}]}


CANCEL = {
    "url": ext.CERTIFICATION_TYPE,
    "valueCodeableConcept": {"coding": [{"system": system.X12_CERTIFICATION_TYPE, "code": "3"}]},
}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (bundle(), Kind.NEW),
        (bundle(meta={"profile": [profile.CLAIM]}), Kind.NEW),
        (bundle(use="predetermination"), Kind.PREDETERMINATION),
        (bundle(use="claim"), Kind.CLAIM),
        (bundle(related=[{"claim": {"reference": "Claim/1"}}]), Kind.UPDATE),
        (bundle(meta={"profile": [profile.CLAIM_UPDATE]}), Kind.UPDATE),
        (bundle(meta={"profile": [profile.CLAIM_INQUIRY + "|2.2.1"]}), Kind.INQUIRY),
        (bundle() | {"meta": {"profile": [profile.INQUIRY_REQUEST_BUNDLE]}}, Kind.INQUIRY),
        (bundle(extension=[CANCEL], related=[{}]), Kind.CANCEL),
    ],
)
def test_each_kind_has_its_marks(document: dict[str, Any], kind: Kind) -> None:
    assert kind_of(document) is kind


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"entry": None},
        {"entry": {}},
        {"entry": [None, 3, "x"]},
        {"entry": [{"resource": []}]},
        {"entry": [{"resource": {"resourceType": "Patient", "use": "predetermination"}}]},
        bundle(meta=[]),
        bundle(meta={"profile": "x"}),
        bundle(meta={"profile": [None, {}]}),
        bundle(extension=[None, {"url": ext.CERTIFICATION_TYPE}, {"url": 3}]),
        bundle(use=["predetermination"]),
    ],
)
def test_a_strange_shape_is_left_to_validation(document: dict[str, Any]) -> None:
    assert kind_of(document) is Kind.NEW
