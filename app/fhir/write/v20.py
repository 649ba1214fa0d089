"""The answer as PAS 2.0.1 has it: no root extensions, details of what was granted on the item.

The number of a pending review stands on the ClaimResponse itself: this version's own context
forbids it on the item.
"""

from __future__ import annotations

from app.domain.decision import ItemDecision
from app.fhir.urls import PAS_20, ext
from app.fhir.urls import part as short
from app.fhir.write import asking
from app.fhir.write.asking import Asked
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
from app.fhir.write.json import Json, extension, identifier
from app.fhir.write.notes import words
from app.fhir.write.tasks import TaskWire, tasks

_WIRE = TaskWire(
    line=ext.PA_LINE_NUMBER,
    line_kind="Integer",
    modifiers=False,
    form="questionnaires-needed",
    form_value=lambda trace: {"valueIdentifier": identifier(trace)},
)


def claim_response(draft: Draft) -> tuple[Json, list[Json]]:
    """The ClaimResponse, and the entries that we add to what is echoed."""
    items = [_item(draft, each) for each in draft.decision.items if each.sequence in draft.items]
    added = _requests(draft, asking.asked(draft))
    response = head(draft, _root(draft))
    response["item"] = items
    response["communicationRequest"] = [
        {"reference": each["fullUrl"]}
        for each in added
        if each["resource"]["resourceType"] == "CommunicationRequest"
    ]
    return response, added


def _root(draft: Draft) -> list[Json]:
    for each in draft.decision.items:
        if each.review_reference:
            return [extension(ext.ADMINISTRATION_REFERENCE_NUMBER, "String", each.review_reference)]
    return []


def _item(draft: Draft, decided: ItemDecision) -> Json:
    item, raw = draft.items[decided.sequence]
    grant = decided.grant
    told = [*trace_numbers(raw, decided), *(granted(grant) if grant else [])]
    told += requested_date(raw)
    if grant is not None:
        for provider, kind in authorized_providers(draft, item):
            inner = [
                extension(short.PROVIDER, "Reference", provider),
                extension(PAS_20.provider_type, "CodeableConcept", kind),
            ]
            told.append({"url": ext.ITEM_AUTHORIZED_PROVIDER, "extension": inner})
        told.append(authorized_detail(raw, item, grant, revenue=True))
    told += numbers(item, decided, with_review=draft.envelope.contested)
    told += diagnoses(item) if draft.envelope.contested else []
    return tidy(
        {
            "extension": told,
            "itemSequence": decided.sequence,
            "noteNumber": draft.notes.for_item(decided, draft.decision),
            "adjudication": [adjudication(ACTIONS[decided.outcome], grant.number if grant else "")],
        }
    )


def _requests(draft: Draft, needs: list[Asked]) -> list[Json]:
    """One CommunicationRequest with a payload for each document, in words, and the Tasks."""
    if not needs:
        return []
    url, written = asking.request_head(draft, "communication-request")
    kinds = dict.fromkeys([each.report_type for each in needs if each.report_type])
    written |= {
        "identifier": [asking.control_identifier(draft, each.number) for each in needs],
        "status": "active",
        "category": [asking.report_type(each) for each in kinds],
        "medium": [asking.medium(draft)],
        "payload": [_payload(each) for each in needs],
        **asking.parties(draft),
    }
    return [{"fullUrl": url, "resource": tidy(written)}, *tasks(draft, needs, _WIRE)]


def _payload(need: Asked) -> Json:
    told = [extension(ext.SERVICE_LINE_NUMBER, "PositiveInt", need.item.sequence)]
    told += [*diagnoses(need.item), *asking.modifiers(need)]
    return {
        "extension": told,
        "contentString": " ".join([words(each.question) for each in need.needs]),
    }
