"""A decision as a PAS response bundle of the guide version that the request came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.decision import Decision
from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.errors import Invalid
from app.fhir.read.entries import Entries
from app.fhir.urls import profile
from app.fhir.write import v20, v22
from app.fhir.write.business_errors import errors
from app.fhir.write.draft import Draft, tidy
from app.fhir.write.echo import Echo
from app.fhir.write.envelope import Envelope
from app.fhir.write.json import Json, instant
from app.fhir.write.opinion import as_opinion

_WRITERS: Mapping[Guide, Callable[[Draft], tuple[Json, list[Json]]]] = {
    Guide.V22: v22.claim_response,
    Guide.V20: v20.claim_response,
}


def write_response(
    decision: Decision,
    request: PriorAuthRequest,
    received: Mapping[str, Any] | Entries,
    envelope: Envelope,
) -> dict[str, Any]:
    """The response bundle (ready for `orjson.dumps`) in the version `request.guide`.

    `received` is the request bundle as parsed, or its entries where the request was read from them:
    what is echoed comes from it unchanged but for references, which become absolute. Raises Invalid
    if it holds no Claim.
    """
    draft = _begin(decision, request, received, envelope)
    return tidy(
        {
            "resourceType": "Bundle",
            "id": draft.own_url("bundle").rpartition(":")[2],
            "meta": None if draft.is_opinion else {"profile": [profile.RESPONSE_BUNDLE]},
            "identifier": draft.entries.bundle.get("identifier"),
            "type": "collection",
            "timestamp": instant(envelope.created),
            "entry": _entries(draft),
        }
    )


def entries_of(
    decision: Decision,
    request: PriorAuthRequest,
    received: Mapping[str, Any],
    envelope: Envelope,
) -> list[Json]:
    """The entries of that bundle alone: the ClaimResponse, what is echoed, what is added."""
    return _entries(_begin(decision, request, received, envelope))


def _entries(draft: Draft) -> list[Json]:
    response, added = _WRITERS[draft.request.guide](draft)
    response["error"] = list(errors(draft))
    response["processNote"] = draft.notes.written()
    if draft.is_opinion:
        as_opinion(draft, response)
    response["contained"] = draft.echo.contained
    own = {
        "fullUrl": f"{draft.envelope.address}/ClaimResponse/{draft.envelope.response_id}",
        "resource": tidy(response),
    }
    return [own, *draft.echo.entries(), *added]


def _begin(
    decision: Decision,
    request: PriorAuthRequest,
    received: Mapping[str, Any] | Entries,
    envelope: Envelope,
) -> Draft:
    entries = received if isinstance(received, Entries) else Entries(received)
    claim = next(entries.of("Claim"), None)
    if claim is None:
        raise Invalid("The bundle holds no Claim.", at="Bundle")
    return Draft(decision, request, envelope, entries, claim, Echo(entries, claim))
