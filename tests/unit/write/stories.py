"""Decisions for the tests of writing, made for the items of an example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson

from app.domain.decision import (
    Adverse,
    BusinessError,
    Citation,
    Decision,
    FailedCriterion,
    Grant,
    HumanReview,
    ItemDecision,
    Needed,
    Outcome,
    PendCause,
    Reason,
    ReviewKind,
)
from app.domain.guide import Guide
from app.domain.principal import Role
from app.domain.request import PriorAuthRequest
from app.domain.values import Identifier, Period, Quantity
from app.errors import Issue
from app.fhir.read import read_request
from app.fhir.urls import ext, profile
from app.fhir.validate import Validator
from app.fhir.write import Envelope, write_response
from app.resources import data

Json = dict[str, Any]
NOW = datetime(2026, 11, 25, 14, 12, 6, tzinfo=UTC)
DUE = datetime(2026, 12, 2, 5, tzinfo=UTC)
PERIOD = Period(date(2026, 12, 1), date(2027, 11, 30))
RESPONSE_ID = "0b8c5a5e-6c0e-4b57-9f43-0d5ad0f0a111"
TRACE = Identifier("https://fairwater.example/trace", "FT-1")
GUIDES = (Guide.V22, Guide.V20)


def said(words: str) -> dict[str, str]:
    """A sentence in both languages."""
    return {"en": words, "es": f"({words})"}


def grant(units: int | None = None, **more: Any) -> Grant:
    """What is authorized."""
    amount = None if units is None else Quantity(Decimal(units), "months")
    return Grant("FA-NUMBER", date(2026, 11, 25), PERIOD, amount, **more)


def decided(sequence: int, outcome: Outcome, **more: Any) -> ItemDecision:
    """The decision on one item, with a reason and a trace number."""
    cited = (Citation("NCD 240.2", "B.1"),)
    values: Json = {
        "reasons": (Reason("because", said(f"Because of {outcome.value}."), cited),),
        "trace": TRACE,
        **more,
    }
    return ItemDecision(sequence, outcome, ReviewKind.PRIOR_AUTHORIZATION, **values)


def approved(sequence: int) -> ItemDecision:
    """As asked for."""
    return decided(sequence, Outcome.APPROVED, grant=grant())


def modified(sequence: int) -> ItemDecision:
    """Fewer units than asked for."""
    return decided(sequence, Outcome.MODIFIED, grant=grant(3))


def pended(sequence: int) -> ItemDecision:
    """Waits for a person."""
    return decided(
        sequence,
        Outcome.PENDED,
        pend_cause=PendCause.CLINICAL_REVIEW,
        review_reference="FW-REVIEW",
    )


FORM = "https://fairwater.example/questionnaire/home-oxygen"
NEEDED = (
    Needed("spo2-rest", said("What is the saturation?"), "11502-2", "LR", FORM, "18804-5"),
    Needed("test-date", said("When was the test?"), "11502-2", "LR", FORM),
    Needed("evaluation", said("Who evaluated it?"), "11506-3", "PN"),
)


def missing(sequence: int) -> ItemDecision:
    """Waits for two documents, one of which tells two facts."""
    return replace(pended(sequence), needed=NEEDED, pend_cause=PendCause.MISSING_FACTS)


def outcome(kind: Outcome) -> Callable[[int], ItemDecision]:
    """A plain outcome without more."""
    more = {"adverse": ADVERSE} if kind is Outcome.DENIED else {}
    return lambda sequence: decided(sequence, kind, **more)


HUMAN = HumanReview("reviewer-1", "1900003009", "207RP1001X", NOW, Role.MEDICAL_DIRECTOR)
ADVERSE = Adverse(
    HUMAN,
    (FailedCriterion("saturation", said("Saturation"), (Citation("NCD 240.2", "B.1"),)),),
    said("The saturation is above the limit."),
    said("A test at or below the limit."),
    "en",
)


@cache
def _stored(name: str, guide: Guide) -> bytes:
    return (data("examples") / "pas" / guide.value / f"{name}.json").read_bytes()


def received(name: str, guide: Guide) -> Json:
    """A fresh copy of an example."""
    found: Json = orjson.loads(_stored(name, guide))
    return found


def envelope(guide: Guide, **more: Any) -> Envelope:
    """Ids and addresses, always the same."""
    values: Json = {
        "created": NOW,
        "response_id": RESPONSE_ID,
        "address": f"https://pas.fairwater.example/fhir/{guide.value}",
        "namespace": "https://fairwater.example",
        "case_number": "FW-CASE",
        **more,
    }
    return Envelope(**values)


def decide(
    request: PriorAuthRequest,
    *items: Callable[[int], ItemDecision],
    errors: tuple[BusinessError, ...] = (),
    human: HumanReview | None = None,
) -> Decision:
    """A decision that gives the items of a request these outcomes in turn."""
    made = tuple(
        items[position % len(items)](item.sequence)
        for position, item in enumerate(request.items if items else ())
    )
    granted = any(each.grant for each in made)
    return Decision(
        items=made,
        errors=errors,
        made_at=NOW,
        rulebook="hash",
        number="FA-OVERALL" if granted else "",
        period=PERIOD if granted else None,
        due=DUE if any(each.outcome is Outcome.PENDED for each in made) else None,
        deadline_rule="rule",
        human=human,
    )


def answer(
    guide: Guide,
    *items: Callable[[int], ItemDecision],
    name: str = "oxygen-approved",
    bundle: Json | None = None,
    errors: tuple[BusinessError, ...] = (),
    human: HumanReview | None = None,
    **around: Any,
) -> Json:
    """The response bundle, after a journey through JSON."""
    sent = bundle or received(name, guide)
    request = read_request(sent, guide)
    decision = decide(request, *items, errors=errors, human=human)
    written = write_response(decision, request, sent, envelope(guide, **around))
    found: Json = orjson.loads(orjson.dumps(written))
    return found


def response(written: Json) -> Json:
    """The ClaimResponse."""
    first: Json = written["entry"][0]["resource"]
    return first


def resources(written: Json, kind: str) -> list[Json]:
    """All resources of a type."""
    every = [entry["resource"] for entry in written["entry"]]
    return [each for each in every if each["resourceType"] == kind]


def told(node: Json, url: str) -> list[Json]:
    """The extensions with `url`."""
    return [each for each in node.get("extension", []) if each["url"] == url]


def action(line: Json) -> tuple[str, str]:
    """The review action's code and number."""
    (review,) = told(line["adjudication"][0], ext.REVIEW_ACTION)
    inner = {each["url"]: each for each in review["extension"]}
    coding = inner[ext.REVIEW_ACTION_CODE]["valueCodeableConcept"]["coding"][0]
    return coding["code"], inner.get("number", {}).get("valueString", "")


def errors_of(written: Json, guide: Guide) -> list[Issue]:
    """What our validator says against it."""
    found = Validator.load(guide.value).bundle(written, profile.RESPONSE_BUNDLE)
    return [issue for issue in found if issue.is_error]


def references(node: Any) -> Iterator[str]:
    """Every reference but those to the request itself."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                yield value
            elif name not in ("request", "reasonReference"):
                yield from references(value)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)
