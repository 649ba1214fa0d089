"""What the two PAS suites are given: a request for every answer that they look for."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Final

import requests

from app.fhir.urls import core, ext, profile, system
from app.fhir.urls import part as short
from conformance.inferno.pas_parts import (
    Request,
    coded,
    complete_parties,
    extension,
    form,
    full_claim,
    full_item,
    order_of_care,
)

Json = dict[str, Any]

_NURSING: Final[dict[str, Json]] = {
    "hospital-admission": {"valueDate": "2026-11-20"},
    "hospital-discharge": {"valueDate": "2026-12-01"},
    "nursing-days": {"valueDecimal": 7},
    "therapy-days": {"valueDecimal": 5},
    "skilled-service": {"valueCoding": {"code": "injection"}},
    "only-here": {"valueBoolean": True},
    "same-condition": {"valueBoolean": True},
    "certified": {"valueBoolean": True},
}


def plain(guide: str, example: str, name: str) -> Request:
    """An example with complete parties."""
    made = Request(guide, example, name)
    complete_parties(made)
    return made


def waiting(guide: str) -> Request:
    """A request that a person decides.

    Its parties have no tax or payer number: in notifications Inferno takes the engine's word whole,
    and the engine does not know the definitions behind these systems.
    """
    return Request(guide, "oxygen-clinical-review", "pended")


def faxed(guide: str) -> Request:
    """A request that was written down at the payer's."""
    return plain(guide, "oxygen-approved-large", "faxed")


def refused(guide: str) -> Request:
    """A request for somebody whose coverage is over: a business error."""
    return plain(guide, "coverage-not-active", "refused")


def stay(guide: str, name: str, days: int) -> Request:
    """A stay in a nursing facility with every element; more days than are granted at a time."""
    made = Request(guide, "oxygen-approved-large", name)
    complete_parties(made)
    form(made, "skilled-nursing-facility", _NURSING)
    (item,) = made.items
    item["productOrService"] = coded(system.HCPCS, "G0299")
    item["category"]["coding"][0]["code"] = "AG"
    item["locationCodeableConcept"]["coding"][0]["code"] = "31"
    item.pop("servicedDate", None)
    item["servicedPeriod"] = {"start": "2026-12-01", "end": "2026-12-20"}
    item["quantity"] = {"value": days, "unit": "days"}
    full_claim(made)
    full_item(made, item)
    order_of_care(made, item["productOrService"])
    return made


def update_of(prior: Request, name: str) -> Request:
    """The next version of a request: all of it again, with the version before beside it."""
    made = copy.deepcopy(prior)
    before = copy.deepcopy(prior.bundle["entry"][0])
    made.call_it(name)
    claim = made.claim
    claim["meta"] = {"profile": [profile.CLAIM_UPDATE]}
    claim["related"] = [
        {
            "claim": {"reference": before["fullUrl"]},
            "relationship": coded(system.RELATED_CLAIM_RELATIONSHIP, "prior"),
        }
    ]
    others = [e for e in made.bundle["entry"][1:] if e["resource"]["resourceType"] != "Claim"]
    made.bundle["entry"] = [made.bundle["entry"][0], *others, before]
    for each in (*claim["item"], *claim["supportingInfo"]):
        told = [e for e in each.get("extension", []) if e["url"] != ext.INFO_CHANGED]
        each.pop("extension", None)
        if told:
            each["extension"] = told
    return made


def changed(entry: Json, how: str) -> None:
    """Say how an item, or supporting information, differs from the version before."""
    entry.setdefault("extension", []).append(extension(ext.INFO_CHANGED, "Code", how))


def cancelled(entry: Json) -> None:
    """Cancel an item or supporting information."""
    changed(entry, "changed")
    entry["modifierExtension"] = [extension(ext.INFO_CANCELLED, "Boolean", True)]
    for each in entry["extension"]:
        if each["url"] == ext.CERTIFICATION_TYPE:
            each["valueCodeableConcept"] = coded(system.X12_CERTIFICATION_TYPE, "3")


def nebulizer(request: Request, sequence: int) -> Json:
    """One more item, for a day: it needs no authorization."""
    item = copy.deepcopy(request.items[0])
    kept = (ext.SERVICE_ITEM_REQUEST_TYPE, ext.CERTIFICATION_TYPE)
    item["extension"] = [each for each in item["extension"] if each["url"] in kept]
    request.trace(item, sequence)
    for name in ("servicedPeriod", "unitPrice", "modifier", "informationSequence", "revenue"):
        item.pop(name, None)
    item |= {
        "sequence": sequence,
        "productOrService": coded(system.HCPCS, "E0570"),
        "servicedDate": "2026-12-03",
        "quantity": {"value": 1, "unit": "unit"},
    }
    return item


def updates() -> dict[str, Any]:
    """A request, one item more, one changed and one cancelled, and all of it cancelled (2.2.1)."""
    first = plain("2.2", "oxygen-approved-large", "update-1")
    more = update_of(first, "update-2")
    more.items.append(nebulizer(more, 2))
    changed(more.items[1], "added")
    fewer = update_of(more, "update-3")
    fewer.items[0]["quantity"]["value"] = 24
    fewer.items[0]["servicedPeriod"]["end"] = "2028-11-30"
    changed(fewer.items[0], "changed")
    cancelled(fewer.items[1])
    none = update_of(fewer, "update-4")
    none.claim.setdefault("extension", []).append(
        extension(
            ext.CERTIFICATION_TYPE, "CodeableConcept", coded(system.X12_CERTIFICATION_TYPE, "3")
        )
    )
    return {
        "claim_update_initial_submit_payload": first.bundle,
        "claim_update_add_item_submit_payload": more.bundle,
        "claim_update_modify_cancel_submit_payload": fewer.bundle,
        "claim_update_cancel_all_submit_payload": none.bundle,
    }


def full_update(guide: str) -> Request:
    """The stay again with every element that only an update may have."""
    made = update_of(stay(guide, "stay", 20), "stay-2")
    claim = made.claim
    claim["extension"] += [
        extension(ext.AUTHORIZATION_NUMBER, "String", "PRIOR-2026-0042"),
        extension(ext.ADMINISTRATION_REFERENCE_NUMBER, "String", "REF-77120"),
        extension(
            ext.CERTIFICATION_TYPE, "CodeableConcept", coded(system.X12_CERTIFICATION_TYPE, "S")
        ),
    ]
    message = next(
        each
        for each in claim["supportingInfo"]
        if each["category"]["coding"][0]["code"] == "freeFormMessage"
    )
    changed(message, "changed")
    message["modifierExtension"] = [extension(ext.INFO_CANCELLED, "Boolean", True)]
    made.items.append(nebulizer(made, 2))
    cancelled(made.items[1])
    return made


def subscription(content: str) -> Json:
    """Tell the requestor of every changed answer."""
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "end": "2030-12-31T12:00:00Z",
        "reason": "Answers of the payer to our requests",
        "criteria": core.SUBSCRIPTION_TOPIC,
        "_criteria": {
            "extension": [
                extension(ext.BACKPORT_FILTER_CRITERIA, "String", "org-identifier=1900002001")
            ]
        },
        "channel": {
            "type": "rest-hook",
            "endpoint": "https://ehr.northside.example/notified",
            "payload": "application/fhir+json",
            "_payload": {"extension": [extension(ext.BACKPORT_PAYLOAD_CONTENT, "Code", content)]},
        },
    }


def submissions(guide: str) -> dict[str, Any]:
    """The submissions of both suites, by the name of the input."""
    approval = plain(guide, "oxygen-approved-large", "approval")
    return {
        "access_token": "partner-notification-token",
        "approval_pa_submit_request_payload": approval.bundle,
        "denial_pa_submit_request_payload": plain(guide, "not-covered", "denial").bundle,
        "pended_pa_submit_request_payload": waiting(guide).bundle,
        "must_support_pa_submit_request_payload": [
            stay(guide, "stay", 20).bundle,
            stay(guide, "week", 7).bundle,
            plain(guide, "oxygen-missing-facts", "missing").bundle,
            refused(guide).bundle,
            *([full_update(guide).bundle] if guide == "2.2" else []),
        ],
    }


def for_22(address: str) -> dict[str, Any]:
    """The inputs of the 2.2.1 suite, for a running product."""
    return given("2.2", address, known(address, "2.2"))


def for_20(address: str) -> dict[str, Any]:
    """The inputs of the 2.0.1 suite, for a running product."""
    return given("2.0", address, known(address, "2.0"))


def given(guide: str, address: str, before: Known) -> dict[str, Any]:
    """The inputs of a suite, where these requests were made before the run."""
    asked = [each.bundle for each in inquiries(guide, before)]
    content = "full-resource" if guide == "2.2" else "id-only"
    special = updates() if guide == "2.2" else {"pended_pa_inquire_request_payload": asked[0]}
    return {
        "server_endpoint": f"{address}/fhir/{guide}",
        "subscription_resource": subscription(content),
        **submissions(guide),
        **special,
        "must_support_pa_inquire_request_payload": asked,
    }


@dataclass(frozen=True, slots=True)
class Known:
    """Requests made before the run, as a tester has them who asks about earlier authorizations.

    `granted` has the authorization `number`; `waiting` waits for documents under `review`; `changed`
    had the number `replaced` before it was updated.
    """

    granted: Request
    number: str
    waiting: Request
    review: str
    changed: Request
    replaced: str


def earlier(guide: str) -> tuple[Request, Request, Request, Request]:
    """What is asked for before a run: granted, waiting, and granted then updated."""
    first = plain(guide, "oxygen-approved-large", "known-changed")
    second = update_of(first, "known-changed-2")
    second.items[0]["quantity"]["value"] = 24
    second.items[0]["servicedPeriod"]["end"] = "2028-11-30"
    changed(second.items[0], "changed")
    under_review = plain(guide, "oxygen-missing-facts", "known-waiting")
    return stay(guide, "known", 20), under_review, first, second


def known(address: str, guide: str) -> Known:
    """Make these requests at a running product and read the numbers from its answers."""
    granted, under_review, first, second = earlier(guide)
    number = _number(_submitted(address, granted))
    review = _review(_submitted(address, under_review))
    replaced = _number(_submitted(address, first))
    _submitted(address, second)
    return Known(granted, number, under_review, review, first, replaced)


def _number(response: Json) -> str:
    """The authorization number of the first line."""
    line = (response.get("addItem") or response["item"])[0]
    action = line["adjudication"][0]["extension"][0]["extension"]
    return next(str(each["valueString"]) for each in action if each["url"] == short.NUMBER)


def _review(response: Json) -> str:
    """The payer's number of the review of the first line."""
    told = [*response.get("extension", []), *response["item"][0]["extension"]]
    kind = ext.ADMINISTRATION_REFERENCE_NUMBER
    return next(str(each["valueString"]) for each in told if each["url"] == kind)


def _submitted(address: str, request: Request) -> Json:
    """The ClaimResponse of a request that is sent there now."""
    answer = requests.post(
        f"{address}/fhir/{request.guide}/Claim/$submit",
        json=request.bundle,
        headers={"Content-Type": "application/fhir+json"},
        timeout=60,
    )
    answer.raise_for_status()
    found: Json = answer.json()["entry"][0]["resource"]
    return found


def inquiries(guide: str, before: Known) -> list[Request]:
    """Several services at once, which finds several requests; an authorization by its number with
    every element of an inquiry; one by a number that was replaced; a review; and a refused request.
    """
    several = plain(guide, "inquire/by-service", "inquire-several")
    (first,) = several.items
    first.pop("servicedPeriod")
    for number, code in enumerate(("G0299", "E0570"), 2):
        other = copy.deepcopy(first)
        other["sequence"] = number
        other["productOrService"]["coding"][0]["code"] = code
        several.items.append(other)
    for item in several.items:
        told = [each for each in item["extension"] if each["url"] != ext.ITEM_TRACE_NUMBER]
        item.pop("extension")
        if told:
            item["extension"] = told
    by_number = inquiry_of(before.granted, "inquire-granted", "A6")
    _ask_by(by_number, ext.AUTHORIZATION_NUMBER, before.number)
    by_review = inquiry_of(before.waiting, "inquire-waiting")
    _ask_by(by_review, ext.ADMINISTRATION_REFERENCE_NUMBER, before.review)
    by_old = inquiry_of(before.changed, "inquire-changed")
    _ask_by(by_old, ext.AUTHORIZATION_NUMBER, before.replaced)
    return [several, by_number, by_old, by_review, inquiry_of(refused(guide), "inquire-refused")]


def _ask_by(inquiry: Request, kind: str, number: str) -> None:
    """Ask by a number of the payer, for each item and, in 2.2.1, for the whole."""
    for item in inquiry.items:
        item["extension"].append(extension(kind, "String", number))
    if inquiry.is_22:
        inquiry.claim["extension"].append(extension(kind, "String", number))


def inquiry_of(request: Request, name: str, answer: str = "") -> Request:
    """An inquiry with every element but numbers, about the request and about nothing else.

    `answer` is the review action that its lines had.
    """
    made = copy.deepcopy(request)
    made.call_it(name)
    made.bundle["meta"] = {"profile": [profile.INQUIRY_REQUEST_BUNDLE]}
    claim = made.claim
    claim["meta"] = {"profile": [profile.CLAIM_INQUIRY]}
    claim["billablePeriod"] = {"start": "2026-12-01", "end": "2026-12-31"}
    dates = ("patientEvent", "admissionDates", "dischargeDates")
    claim["supportingInfo"] = [
        each
        for each in claim.get("supportingInfo", [])
        if each["category"]["coding"][0]["code"] in dates
    ]
    if not claim["supportingInfo"]:
        claim.pop("supportingInfo")
    told = [each for each in claim.get("extension", []) if each["url"] != ext.CLAIM_ENCOUNTER]
    claim["extension"] = [
        *told,
        extension(
            ext.CERTIFICATION_TYPE, "CodeableConcept", coded(system.X12_CERTIFICATION_TYPE, "I")
        ),
    ]
    for each in claim["diagnosis"]:
        each.pop("extension", None)
    (item,) = made.items
    _ask_about(item, [each["sequence"] for each in claim.get("supportingInfo", [])])
    if answer:
        action = coded(system.X12_REVIEW_ACTION, answer)
        item["extension"].append(extension(ext.REVIEW_ACTION_CODE, "CodeableConcept", action))
    second = copy.deepcopy(item)
    second["sequence"] = 2
    second["servicedDate"] = second.pop("servicedPeriod")["start"]
    made.items.append(second)
    made.keep_reached()
    return made


_NOT_ASKED: Final = (
    ext.ADMINISTRATION_REFERENCE_NUMBER,
    ext.AUTHORIZATION_NUMBER,
    ext.EPSDT_INDICATOR,
    ext.NURSING_HOME_LEVEL_OF_CARE,
    ext.NURSING_HOME_RESIDENTIAL_STATUS,
    ext.REVENUE_UNIT_RATE_LIMIT,
    ext.REQUESTED_SERVICE,
)


def _ask_about(item: Json, information: list[int]) -> None:
    """Turn an item into an example of what is looked for."""
    days = {"start": "2026-11-25", "end": "2027-12-31"}
    told = [each for each in item["extension"] if each["url"] not in _NOT_ASKED]
    item["extension"] = [
        *told,
        extension(ext.ITEM_CERTIFICATION_ISSUE_DATE, "Period", days),
        extension(ext.ITEM_CERTIFICATION_EFFECTIVE_DATE, "Period", days),
        extension(ext.ITEM_CERTIFICATION_EXPIRATION_DATE, "Period", days),
    ]
    item["informationSequence"] = information
    if not information:
        item.pop("informationSequence")
    item.pop("unitPrice", None)
