"""Business errors (X12 AAA) as ClaimResponse.error: what is wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.decision import BusinessProblem
from app.domain.guide import Guide
from app.fhir.urls import ext, system
from app.fhir.urls import part as short
from app.fhir.write.draft import Draft
from app.fhir.write.json import Json, coded, extension
from app.fhir.write.notes import words
from app.sealed import sealed

CORRECT = "C"
"""Correct the request and send it again."""
NOT_AGAIN = "N"
"""Sending it again will not help."""


@sealed(frozen=True, slots=True)
class Refusal:
    """How a problem is said in X12: reject reason, follow-up action, loop-segment-element."""

    reason: str
    follow_up: str
    element: str


REFUSALS: dict[BusinessProblem, Refusal] = {
    BusinessProblem.MEMBER_NOT_FOUND: Refusal("75", CORRECT, "2010C-NM109"),
    BusinessProblem.MEMBER_MISMATCH: Refusal("71", CORRECT, "2010C-DMG02"),
    BusinessProblem.MEMBER_AMBIGUOUS: Refusal("67", CORRECT, "2010C-NM109"),
    BusinessProblem.COVERAGE_NOT_ACTIVE: Refusal("95", NOT_AGAIN, "2010C-NM109"),
    BusinessProblem.WRONG_PAYER: Refusal("79", NOT_AGAIN, "2010A-NM109"),
    BusinessProblem.MISSING_MEMBER_ID: Refusal("15", CORRECT, "2010C-NM109"),
    BusinessProblem.PROVIDER_NOT_IDENTIFIED: Refusal("43", CORRECT, "2010B-NM109"),
    BusinessProblem.REQUIRED_DATA_MISSING: Refusal("15", CORRECT, "2000F-SV1"),
    BusinessProblem.INVALID_SERVICE_DATE: Refusal("57", CORRECT, "2000F-DTP03"),
    BusinessProblem.UPDATE_AFTER_DENIAL: Refusal("33", NOT_AGAIN, "2000F-UM02"),
    BusinessProblem.UPDATE_AFTER_CANCEL: Refusal("33", NOT_AGAIN, "2000E-UM02"),
    BusinessProblem.UPDATE_OUT_OF_DATE: Refusal("33", CORRECT, "2000E-UM02"),
    BusinessProblem.UPDATE_INCOMPLETE: Refusal("15", CORRECT, "2000F-UM01"),
    BusinessProblem.PRIOR_UNKNOWN: Refusal("AA", CORRECT, "2000E-REF02"),
}


def errors(draft: Draft) -> Iterator[Json]:
    """The errors of the answer; their words are process notes.

    In 2.2 the element also names the note; in 2.0 it is a plain string.
    """
    for fault in draft.decision.errors:
        refusal = REFUSALS[fault.problem]
        note = draft.notes.add(words(fault.text))
        follow_up = coded(system.X12_FOLLOW_UP_ACTION, refusal.follow_up)
        told = [extension(ext.ERROR_FOLLOWUP_ACTION, "CodeableConcept", follow_up)]
        if draft.request.guide is Guide.V20:
            told.append(extension(ext.ERROR_ELEMENT, "String", refusal.element))
        else:
            inner = [
                extension(short.ERROR, "String", refusal.element),
                extension(short.PROCESS_NOTE, "PositiveInt", note),
            ]
            told.append({"url": ext.ERROR_ELEMENT, "extension": inner})
        if fault.at:
            told.append(extension(ext.ERROR_PATH, "String", fault.at))
        yield {"extension": told, "code": coded(system.X12_REJECT_REASON, refusal.reason)}
