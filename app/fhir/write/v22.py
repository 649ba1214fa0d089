"""The answer as PAS 2.2.1 has it: what was granted otherwise stands in an addItem of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.domain.decision import Grant, HumanReview, ItemDecision, Outcome
from app.domain.request import Item
from app.fhir.read.values import day as read_day
from app.fhir.read.values import extension as told_as
from app.fhir.read.values import parts, text
from app.fhir.urls import PAS_22, ext, system
from app.fhir.urls import part as short
from app.fhir.write import asking
from app.fhir.write.asking import Asked
from app.fhir.write.contested import ON_ADDED_ITEMS
from app.fhir.write.draft import (
    ACTIONS,
    Draft,
    adjudication,
    authorized_detail,
    authorized_providers,
    diagnoses,
    granted,
    head,
    numbers,
    requested_date,
    tidy,
    trace_numbers,
)
from app.fhir.write.json import Json, coded, concept, copied, day, extension, period, quantity
from app.fhir.write.tasks import TaskWire, tasks

_WIRE = TaskWire(
    line=ext.SERVICE_LINE_NUMBER,
    line_kind="PositiveInt",
    modifiers=True,
    form="questionnaire-context",
    form_value=lambda trace: {"valueString": trace.value},
)
_TAXONOMY = re.compile(r"^[0-9A-Z]{9}X$")
_COPIED = (
    ext.EPSDT_INDICATOR,
    ext.NURSING_HOME_RESIDENTIAL_STATUS,
    ext.NURSING_HOME_LEVEL_OF_CARE,
)


def claim_response(draft: Draft) -> tuple[Json, list[Json]]:
    """The ClaimResponse, and the entries that we add to what is echoed."""
    decided = [each for each in draft.decision.items if each.sequence in draft.items]
    items = [_item(draft, each) for each in decided]
    instead = [
        _add_item(draft, each, each.grant)
        for each in decided
        if each.outcome is Outcome.MODIFIED and each.grant is not None
    ]
    added = _requests(draft, asking.asked(draft))
    response = head(draft, _root(draft))
    response["item"] = items
    response["addItem"] = instead
    if draft.decision.number:
        response["adjudication"] = [adjudication(None, draft.decision.number)]
    response["communicationRequest"] = [
        {"reference": each["fullUrl"]}
        for each in added
        if each["resource"]["resourceType"] == "CommunicationRequest"
    ]
    return response, added


def _root(draft: Draft) -> list[Json]:
    written = [*_transmission(draft.claim.resource), _reviewer(draft.decision.human)]
    if draft.envelope.contested and draft.request.items:
        for provider, _ in authorized_providers(draft, draft.request.items[0]):
            inner = [extension(short.PROVIDER, "Reference", provider)]
            written.append({"url": ext.ITEM_AUTHORIZED_PROVIDER, "extension": inner})
    return written


_SWAPPED = {
    short.APPLICATION_SENDER_CODE: short.APPLICATION_RECEIVER_CODE,
    short.APPLICATION_RECEIVER_CODE: short.APPLICATION_SENDER_CODE,
    short.INTERCHANGE_SENDER_ID: short.INTERCHANGE_RECEIVER_ID,
    short.INTERCHANGE_RECEIVER_ID: short.INTERCHANGE_SENDER_ID,
}


def _transmission(claim: Mapping[str, Any]) -> list[Json]:
    """The request's transmission identifiers with sender and receiver swapped."""
    sent = told_as(claim, ext.TRANSMISSION_IDENTIFIERS)
    if sent is None:
        return []
    inner = [
        extension(_SWAPPED[name], "String", value)
        for each in parts(sent, "extension")
        if (name := text(each, "url")) in _SWAPPED and (value := text(each, "valueString"))
    ]
    return [{"url": ext.TRANSMISSION_IDENTIFIERS, "extension": inner}] if inner else []


def _reviewer(human: HumanReview | None) -> Json:
    """Whether a person reviewed the request, and who."""
    if human is None:
        return _NO_REVIEWER
    inner = [extension(short.HUMAN_REVIEWED, "Boolean", True)]
    if human.npi:
        named = {"system": system.NPI, "value": human.npi}
        inner.append(extension(short.REVIEWER_NPI, "Identifier", named))
    if human.specialty:
        specialty = human.specialty
        said = coded(system.NUCC, specialty) if _TAXONOMY.match(specialty) else {"text": specialty}
        inner.append(extension(short.REVIEWER_SPECIALTY, "CodeableConcept", said))
    return {"url": ext.CLAIM_RESPONSE_REVIEWER, "extension": inner}


_NO_REVIEWER: Json = {
    "url": ext.CLAIM_RESPONSE_REVIEWER,
    "extension": [extension(short.HUMAN_REVIEWED, "Boolean", False)],
}


def _item(draft: Draft, decided: ItemDecision) -> Json:
    item, raw = draft.items[decided.sequence]
    modified = decided.outcome is Outcome.MODIFIED
    grant = None if modified else decided.grant
    told = [*trace_numbers(raw, decided), *(granted(grant) if grant else [])]
    told += requested_date(raw)
    if grant is not None:
        told += _providers(draft, item)
        told.append(authorized_detail(raw, item, grant, revenue=False))
    told += numbers(item, decided, with_review=True)
    told += diagnoses(item) if draft.envelope.contested else []
    if grant is not None:
        told += _stay(draft)
    return tidy(
        {
            "extension": told,
            "itemSequence": decided.sequence,
            "noteNumber": draft.notes.for_item(decided, draft.decision),
            "adjudication": [adjudication(ACTIONS[decided.outcome], grant.number if grant else "")],
        }
    )


def _providers(draft: Draft, item: Item) -> list[Json]:
    written = []
    for provider, kind in authorized_providers(draft, item):
        inner = [
            extension(short.PROVIDER, "Reference", provider),
            extension(PAS_22.provider_type, "CodeableConcept", kind),
        ]
        written.append({"url": ext.ITEM_AUTHORIZED_PROVIDER, "extension": inner})
    return written


def _stay(draft: Draft) -> list[Json]:
    """The dates of admission and discharge, as asked for."""
    written = []
    admission, discharge = draft.request.admission, draft.request.discharge
    if admission is not None and admission.start == admission.end and admission.start:
        written.append(extension(ext.ADMISSION_DATES, "Date", day(admission.start)))
    elif admission is not None:
        written.append(extension(ext.ADMISSION_DATES, "Period", period(admission)))
    if discharge is not None and discharge.start is not None:
        written.append(extension(ext.DISCHARGE_DATE, "Date", day(discharge.start)))
    return written


def _add_item(draft: Draft, decided: ItemDecision, grant: Grant) -> Json:
    """What is authorized instead of the requested item, with all else that was requested."""
    item, raw = draft.items[decided.sequence]
    return tidy(
        {
            "extension": _add_item_extensions(draft, decided, grant),
            "itemSequence": [decided.sequence],
            "provider": [
                {
                    **provider,
                    "extension": [extension(PAS_22.provider_type, "CodeableConcept", kind)],
                }
                for provider, kind in authorized_providers(draft, item)
            ],
            "productOrService": concept(grant.service)
            if grant.service
            else raw.get("productOrService"),
            "modifier": raw.get("modifier"),
            **_serviced(raw, grant),
            "locationCodeableConcept": concept(grant.place)
            if grant.place
            else raw.get("locationCodeableConcept"),
            "quantity": quantity(grant.units) if grant.units else raw.get("quantity"),
            "unitPrice": raw.get("unitPrice"),
            "noteNumber": draft.notes.for_item(decided, draft.decision),
            "adjudication": [adjudication(ACTIONS[Outcome.APPROVED], grant.number)],
        }
    )


def _serviced(raw: Mapping[str, Any], grant: Grant) -> Json:
    """The days on which the service may be given: the day asked for, else the period granted."""
    asked_day = read_day(raw.get("servicedDate"))
    if grant.service_period is None and asked_day is not None and grant.period.covers(asked_day):
        return {"servicedDate": raw["servicedDate"]}
    return {"servicedPeriod": period(grant.service_period or grant.period)}


def _add_item_extensions(draft: Draft, decided: ItemDecision, grant: Grant) -> list[Json]:
    item, raw = draft.items[decided.sequence]
    told = [*trace_numbers(raw, decided), *granted(grant)]
    told += numbers(item, decided, with_review=True)
    for url in (*_COPIED, *(ON_ADDED_ITEMS if draft.envelope.contested else ())):
        told += copied(raw, url)
    if "revenue" in raw:
        told.append(extension(ext.REVENUE_CODE, "CodeableConcept", raw["revenue"]))
    if "category" in raw:
        told.append(extension(ext.ITEM_CATEGORY, "CodeableConcept", raw["category"]))
    for each in copied(raw, ext.REQUESTED_SERVICE):
        order = draft.echo.refer(each.get("valueReference"))
        if order is not None:
            told.append(extension(ext.REQUESTED_SERVICE, "Reference", order))
    return [*told, *_stay(draft)]


def _requests(draft: Draft, needs: list[Asked]) -> list[Json]:
    """One CommunicationRequest for each document, by its LOINC code, and the Tasks."""
    if not needs:
        return []
    written = []
    shared = asking.parties(draft)
    for need in [each for each in needs if each.kind]:
        url, request = asking.request_head(draft, need.number)
        payload = {
            "extension": [*diagnoses(need.item)[:1], *asking.modifiers(need)],
            "contentString": need.kind,
        }
        line = extension(ext.SERVICE_LINE_NUMBER, "PositiveInt", need.item.sequence)
        request |= {
            "extension": [line],
            "identifier": [asking.control_identifier(draft, need.number)],
            "status": "active",
            "category": [asking.report_type(need.report_type)] if need.report_type else [],
            "medium": [asking.medium(draft)],
            "payload": [tidy(payload)],
            **shared,
        }
        written.append({"fullUrl": url, "resource": tidy(request)})
    return [*written, *tasks(draft, needs, _WIRE)]
