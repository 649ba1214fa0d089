"""The answer while it is being written, and the parts that both guide versions write alike."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.domain.decision import Decision, Grant, ItemDecision, Outcome
from app.domain.request import CareTeamMember, Item, PriorAuthRequest, Use
from app.domain.values import Identifier
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.values import part, parts, text, whole
from app.fhir.urls import ext, profile, system
from app.fhir.urls import part as short
from app.fhir.write.echo import Echo
from app.fhir.write.envelope import Envelope
from app.fhir.write.json import (
    Json,
    coded,
    concept,
    copied,
    day,
    extension,
    instant,
    period,
    quantity,
)
from app.fhir.write.notes import Notes

ACTIONS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.APPROVED: ("A1", "Certified in total"),
    Outcome.NOT_REQUIRED: ("A1", "Certified in total"),
    Outcome.NOT_COVERED: ("A3", "Not Certified"),
    Outcome.DENIED: ("A3", "Not Certified"),
    Outcome.PENDED: ("A4", "Pended"),
    Outcome.MODIFIED: ("A6", "Modified"),
    Outcome.CANCELLED: ("C", ""),
}
"""X12 review action codes, with the displays that the guide gives."""

SERVICE_PROVIDER = "SJ"
"""The X12 entity type of an authorized provider whose role the request does not tell."""


ASKING = frozenset({"DK", "DN", "P3"})
"""X12 entity types of those who order, refer or send: they do not render the service."""


_NO_CLAIM: Json = {"extension": [extension(ext.DATA_ABSENT_REASON, "Code", "not-applicable")]}
"""In place of a reference to the Claim, when none came."""


@dataclass
class Draft:
    """One answer being written; `claim` is the Claim's entry in the request bundle."""

    decision: Decision
    request: PriorAuthRequest
    envelope: Envelope
    entries: Entries
    claim: Entry
    echo: Echo
    notes: Notes = field(default_factory=Notes)

    @cached_property
    def items(self) -> Mapping[int, tuple[Item, Mapping[str, Any]]]:
        """Each requested item by its sequence, as read and as received."""
        raw = {each.get("sequence"): each for each in parts(self.claim.resource, "item")}
        return {each.sequence: (each, raw.get(each.sequence, {})) for each in self.request.items}

    @cached_property
    def members(self) -> Mapping[int, Any]:
        """The care team's references by their sequence, as received."""
        return {
            sequence: each.get("provider")
            for each in parts(self.claim.resource, "careTeam")
            if (sequence := whole(each.get("sequence"))) is not None
        }

    @cached_property
    def overall(self) -> tuple[CareTeamMember, ...]:
        """The care team of the whole request; X12 carries no more than 14."""
        return tuple([each for each in self.request.care_team if each.overall][:14])

    @cached_property
    def provider(self) -> Entry | None:
        """The entry of the requester: an organization or a practitioner's role."""
        return self.entries.follow(self.claim.resource.get("provider"), self.claim)

    @property
    def is_opinion(self) -> bool:
        """Whether this answers a predetermination, which no PAS profile knows."""
        return self.request.use is Use.PREDETERMINATION

    def own_url(self, name: str) -> str:
        """The address of a resource that we add: always the same for the same answer."""
        return uuid.uuid5(uuid.UUID(self.envelope.response_id), name).urn


def head(draft: Draft, extensions: list[Json]) -> Json:
    """A ClaimResponse up to its outcome."""
    claim, echo, envelope = draft.claim.resource, draft.echo, draft.envelope
    written: Json = {
        "resourceType": "ClaimResponse",
        "id": envelope.response_id,
        "meta": None if draft.is_opinion else {"profile": [profile.CLAIM_RESPONSE]},
        "extension": extensions,
        "identifier": [
            each
            for each in parts(claim, "identifier")
            if text(each, "system") and text(each, "value")
        ],
        "status": "active",
        "type": claim.get("type"),
        "use": draft.request.use.value,
        "patient": echo.refer(claim.get("patient")),
        "created": instant(envelope.created),
        "insurer": echo.refer(claim.get("insurer")),
        "requestor": echo.refer(claim.get("provider")),
        "request": {"reference": draft.claim.full_url} if envelope.by_claim else _NO_CLAIM,
        "outcome": outcome(draft.decision),
        "preAuthRef": draft.decision.number,
    }
    if draft.decision.period is not None:
        written["preAuthPeriod"] = period(draft.decision.period)
    return written


def outcome(decision: Decision) -> str:
    """`error` when nothing could be decided, `partial` when some of it, else `complete`.

    A pended request is complete: that it is pended stands in its items alone.
    """
    if not decision.errors:
        return "complete"
    return "partial" if decision.items else "error"


def adjudication(code: tuple[str, str] | None, number: str = "") -> Json:
    """A review action; the guide wants the category `submitted` on every adjudication."""
    action = []
    if code is not None:
        action.append(_ACTION_CODES[code])
    if number:
        action.append(extension(short.NUMBER, "String", number))
    return {
        "extension": [{"url": ext.REVIEW_ACTION, "extension": action}],
        "category": _SUBMITTED,
    }


_ACTION_CODES = {
    code: extension(
        ext.REVIEW_ACTION_CODE, "CodeableConcept", coded(system.X12_REVIEW_ACTION, *code)
    )
    for code in ACTIONS.values()
}
_SUBMITTED = coded(system.ADJUDICATION, "submitted")


def trace_numbers(raw: Mapping[str, Any], decided: ItemDecision) -> list[Json]:
    """The requester's trace numbers of the item as received, then the payer's own."""
    written = copied(raw, ext.ITEM_TRACE_NUMBER)
    own: Identifier | None = decided.trace
    if own is not None:
        value = {"system": own.system, "value": own.value}
        written.append(extension(ext.ITEM_TRACE_NUMBER, "Identifier", value))
    return written


def granted(grant: Grant) -> list[Json]:
    """When the authorization was given, and for which days."""
    return [
        extension(ext.ITEM_PRE_AUTH_ISSUE_DATE, "Date", day(grant.issued)),
        extension(ext.ITEM_PRE_AUTH_PERIOD, "Period", period(grant.period)),
    ]


def requested_date(raw: Mapping[str, Any]) -> list[Json]:
    """The dates that were asked for."""
    for name, kind in (("servicedDate", "DateTime"), ("servicedPeriod", "Period")):
        if name in raw:
            return [extension(ext.ITEM_REQUESTED_SERVICE_DATE, kind, raw[name])]
    return []


def numbers(item: Item, decided: ItemDecision, *, with_review: bool) -> list[Json]:
    """The number of an earlier authorization, and that of the review at the payer."""
    written = []
    previous = item.previous_number or decided.replaces
    if previous:
        written.append(extension(ext.AUTHORIZATION_NUMBER, "String", previous))
    review = decided.review_reference or item.reference_number
    if with_review and review:
        written.append(extension(ext.ADMINISTRATION_REFERENCE_NUMBER, "String", review))
    return written


def diagnoses(item: Item) -> list[Json]:
    """The diagnoses of an item, or of what is asked for it."""
    return [
        extension(ext.COMMUNICATED_DIAGNOSIS, "CodeableConcept", concept(each))
        for each in item.diagnoses
    ]


def authorized_providers(draft: Draft, item: Item) -> list[tuple[Json, Json]]:
    """Who may render the service: (reference, provider type), at least one where any is named.

    These are the item's care team, else that of the whole request, without those who only order
    where somebody else is named, else the requester; of a practitioner's role the practitioner,
    else the organization (only those two are allowed here).
    """
    listed = item.care_team or draft.overall
    team = [each for each in listed if _entity_type(each) not in ASKING] or listed
    named: list[tuple[Any, CareTeamMember | None]] = [
        (draft.members.get(each.sequence), each) for each in team
    ]
    found: dict[str, tuple[Json, Json]] = {}
    for reference, member in named or [(draft.claim.resource.get("provider"), None)]:
        renderer = _renderer(draft, reference)
        if renderer is not None:
            key = str(renderer.get("reference") or renderer)
            found.setdefault(key, (renderer, _provider_type(member)))
    return list(found.values())


def _renderer(draft: Draft, reference: Any) -> Json | None:
    target = draft.entries.follow(reference, draft.claim)
    if target is not None and target.kind == "PractitionerRole":
        role = target.resource
        return draft.echo.refer_from(role.get("practitioner", role.get("organization")), target)
    return draft.echo.refer(reference)


def _provider_type(member: CareTeamMember | None) -> Json:
    return coded(system.X12_ENTITY, _entity_type(member) or SERVICE_PROVIDER)


def _entity_type(member: CareTeamMember | None) -> str:
    """The X12 entity type of the member's role, else ""."""
    for each in member.role.codings if member and member.role else ():
        if each.system == system.X12_ENTITY:
            return each.code
    return ""


def authorized_detail(raw: Mapping[str, Any], item: Item, grant: Grant, *, revenue: bool) -> Json:
    """What was authorized: the requested service with the units and code that were granted."""
    service = concept(grant.service) if grant.service else part(raw, "productOrService")
    inner = [extension(short.PRODUCT_OR_SERVICE_CODE, "CodeableConcept", service)]
    inner += [extension(short.MODIFIER, "CodeableConcept", each) for each in parts(raw, "modifier")]
    if "unitPrice" in raw:
        inner.append(extension(short.UNIT_PRICE, "Money", raw["unitPrice"]))
    units = grant.units or item.quantity
    if units is not None:
        inner.append(extension(short.QUANTITY, "Quantity", quantity(units)))
    if revenue and "revenue" in raw:
        inner.append(extension(short.REVENUE, "CodeableConcept", raw["revenue"]))
    return {"url": ext.ITEM_AUTHORIZED_DETAIL, "extension": inner}


def tidy(written: Json) -> Json:
    """Without what is empty: FHIR has no empty strings, arrays or objects."""
    return {name: value for name, value in written.items() if value or value == 0}
