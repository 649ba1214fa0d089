"""Coverage-information of every kind of answer: the invariants as they are meant, in both versions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from app.domain.crd import (
    About,
    Assertion,
    Awaited,
    Because,
    Contact,
    Covered,
    Detail,
    Documentation,
    PriorAuth,
    Purpose,
    Said,
)
from app.domain.guide import Guide
from app.domain.values import Coding, Period, Quantity
from app.fhir.crd.extension import Frame, coverage_information
from app.fhir.urls import crd, system
from app.fhir.validate import Validator

Json = dict[str, Any]
GUIDES = list(Guide)
TEXT = {"en": "Why", "es": "Por qué"}
DAY = date(2026, 11, 25)
ORDER = {
    "resourceType": "DeviceRequest",
    "id": "d",
    "status": "draft",
    "intent": "order",
    "codeCodeableConcept": {"coding": [{"system": system.HCPCS, "code": "E1390"}]},
    "subject": {"reference": "Patient/p"},
    "authoredOn": "2026-11-25",
    "requester": {"reference": "Practitioner/u"},
}


def said(because: Because) -> tuple[Said, ...]:
    return (Said(because, TEXT),)


ANSWERS = {
    "nothing": Assertion(Covered.COVERED, PriorAuth.NO_AUTH, said(Because.GOLD_CARD)),
    "needed": Assertion(
        Covered.COVERED,
        PriorAuth.NEEDED,
        said(Because.PLAIN),
        (Documentation.CLINICAL, Documentation.ADMIN),
        (Purpose.WITH_AUTHORIZATION, Purpose.WITH_CLAIM),
        billing=(Coding(system.HCPCS, "E1390"),),
        details=(Detail(About.POLICY, "/policies/x"), Detail(About.INSTRUCTIONS, TEXT)),
        dependencies=(2,),
        form=("home-oxygen", "2023.1"),
        contact=Contact("Delegate", "800-555-0100", "https://delegate.example"),
    ),
    "granted": Assertion(
        Covered.COVERED,
        PriorAuth.SATISFIED,
        said(Because.PLAIN),
        details=(
            Detail(About.QUANTITY, Quantity(Decimal(36), "months")),
            Detail(About.PERIOD, Period(DAY, date(2029, 11, 24))),
        ),
        number="FA-1",
        expires=date(2029, 11, 24),
    ),
    "performer": Assertion(
        Covered.COVERED,
        PriorAuth.CONDITIONAL,
        said(Because.OUT_OF_NETWORK),
        awaited=(Awaited.PERFORMER,),
    ),
    "code": Assertion(
        Covered.CONDITIONAL,
        PriorAuth.CONDITIONAL,
        said(Because.DETAIL_CODE),
        awaited=(Awaited.DETAIL_CODE,),
    ),
    "excluded": Assertion(Covered.NOT_COVERED, None, said(Because.NO_MEMBER)),
    "technical": Assertion(Covered.INDETERMINATE, PriorAuth.INDETERMINATE, said(Because.TECHNICAL)),
    "recommended": Assertion(
        Covered.COVERED,
        PriorAuth.NO_AUTH,
        said(Because.RECOMMENDED),
        details=(Detail(About.CLAIM_REVIEW, True, TEXT),),
    ),
    "afterwards": Assertion(
        Covered.COVERED,
        PriorAuth.NO_AUTH,
        said(Because.POST_SERVICE),
        (Documentation.ADMIN,),
        (Purpose.WITH_CLAIM, Purpose.RETAIN),
        form=("therapy", "1"),
    ),
}

BOTH = list(product(ANSWERS, GUIDES))


def written(name: str, guide: Guide, *, literal: bool = True) -> dict[str, list[Any]]:
    """part → values."""
    made = coverage_information(
        ANSWERS[name], frame(guide, literal=literal), "Coverage/c", "id", {2: "ServiceRequest/s"}
    )
    found: dict[str, list[Any]] = {}
    for part in made["extension"]:
        value = next((v for k, v in part.items() if k.startswith("value")), part.get("extension"))
        found.setdefault(part["url"], []).append(value)
    return found


def frame(guide: Guide, *, literal: bool = True) -> Frame:
    return Frame(guide, "https://payer.example", DAY, "en", literal)


@pytest.mark.parametrize(("name", "guide"), BOTH)
def test_the_resource_keeps_every_rule_of_its_profile(name: str, guide: Guide) -> None:
    made = coverage_information(
        ANSWERS[name], frame(guide), "Coverage/c", "id", {2: "ServiceRequest/s"}
    )
    issues = Validator.load(guide.value).resource(
        {**ORDER, "extension": [made]}, crd.PROFILES["DeviceRequest"]
    )
    assert [f"{each.code} {each.at}" for each in issues if each.is_error] == []


@pytest.mark.parametrize(("name", "guide"), BOTH)
def test_the_invariants_hold_as_they_are_meant(name: str, guide: Guide) -> None:
    parts = written(name, guide)
    needed, covered = parts.get("pa-needed", [""])[0], parts["covered"][0]
    assert "questionnaire" not in parts or "doc-needed" in parts  # q1
    if guide is Guide.V22:
        assert covered != "not-covered" or needed == ""  # q2
        assert "withpa" not in parts.get("doc-purpose", [])  # q4 as it is written
    is_open = "conditional" in (covered, needed)
    assert ("info-needed" in parts) == is_open  # q3, both directions
    assert needed != "satisfied" or "withpa" not in parts.get("doc-purpose", [])  # q4
    assert ("satisfied-pa-id" in parts) == (needed == "satisfied")  # q5
    explained = {"doc-purpose", "info-needed"} & set(parts) or "indeterminate" in (covered, needed)
    assert not explained or parts["reason"][0]["text"]  # q6, q8, q9


@pytest.mark.parametrize(("name", "guide"), BOTH)
def test_each_version_has_its_own_parts_and_codes_only(name: str, guide: Guide) -> None:
    parts = written(name, guide)
    assert guide is Guide.V22 or "expiry-date" not in parts
    assert guide is Guide.V22 or "indeterminate" not in str(parts)
    assert guide is Guide.V22 or len(parts.get("doc-needed", [])) <= 1
    for detail in parts.get("detail", []):
        assert (detail[0]["url"] == "category") == (guide is Guide.V22)


def test_the_text_is_followed_instead_of_the_expression_when_asked() -> None:
    assert "withpa" in written("needed", Guide.V22, literal=False)["doc-purpose"]
    assert "pa-needed" not in written("excluded", Guide.V20, literal=False)


def test_the_older_version_says_network_and_code_in_its_own_way() -> None:
    parts = written("performer", Guide.V20)
    assert "auth-out-network-only" in str(parts["detail"])
    assert written("code", Guide.V20)["reason"][0]["coding"][0]["code"] == "detail-code"
    assert written("needed", Guide.V20)["doc-needed"] == ["both"]
