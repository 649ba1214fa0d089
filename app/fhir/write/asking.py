"""Asking for what is missing: which documents, under which control numbers, for which items.

Both versions ask by CommunicationRequest; `tasks` adds CDex Tasks where documents can be sent to
us. The control number of a document is made of the case's number, so that it can be found again
when the document comes.
"""

from __future__ import annotations

from app.domain.decision import ItemDecision, Needed, Outcome
from app.domain.request import Item
from app.fhir.urls import ext, profile, system
from app.fhir.write.draft import Draft, tidy
from app.fhir.write.json import Json, coded, extension
from app.sealed import sealed

FILL_THE_FORM = "102089-0"
"""LOINC: fill the questionnaire whose context is the item's trace number (PAS ainfo-3)."""
ELECTRONIC = "EL"
"""X12 transmission method: electronically only."""


@sealed(frozen=True, slots=True)
class Asked:
    """One kind of document (LOINC `kind`) that one item needs.

    `number` is its attachment control number, `needs` all that it is to tell.
    """

    item: Item
    decided: ItemDecision
    kind: str
    needs: tuple[Needed, ...]
    number: str

    @property
    def report_type(self) -> str:
        """The X12 report type, else ""."""
        return next((each.pwk for each in self.needs if each.pwk), "")

    @property
    def modifier(self) -> str:
        """The LOINC code of the part of the record that the document must cover, else ""."""
        return next((each.modifier_loinc for each in self.needs if each.modifier_loinc), "")


def control_number(case_number: str, sequence: int, position: int) -> str:
    """The attachment control number of the document asked for as number `position` for an item."""
    return f"{case_number}-{sequence}-{position}"


def asked(draft: Draft) -> list[Asked]:
    """Every document that pended items wait for; each kind once for each item."""
    found = []
    for decided in draft.decision.items:
        if decided.outcome is Outcome.PENDED and decided.sequence in draft.items:
            item, _ = draft.items[decided.sequence]
            by_kind: dict[str, list[Needed]] = {}
            for needed in decided.needed:
                by_kind.setdefault(needed.loinc, []).append(needed)
            for position, (kind, needs) in enumerate(by_kind.items(), 1):
                number = control_number(draft.envelope.case_number, item.sequence, position)
                found.append(Asked(item, decided, kind, tuple(needs), number))
    return found


def control_identifier(draft: Draft, number: str) -> Json:
    """A control number in the payer's number system."""
    return {"system": f"{draft.envelope.namespace}/attachment", "value": number}


def medium(draft: Draft) -> Json:
    """How to send: by CDex where we take documents that way, else electronically."""
    if draft.envelope.attachments_url:
        return coded(system.TEMP, "CDEX")
    return coded(system.X12_REPORT_TRANSMISSION, ELECTRONIC)


def request_head(draft: Draft, name: str) -> tuple[str, Json]:
    """The address of a CommunicationRequest and its first elements."""
    url = draft.own_url(name)
    return url, {
        "resourceType": "CommunicationRequest",
        "id": url.rpartition(":")[2],
        "meta": {"profile": [profile.COMMUNICATION_REQUEST]},
    }


def parties(draft: Draft) -> Json:
    """Who asks (the payer), who is to answer, and on whose behalf it is sent."""
    practitioner, organization = _requester(draft)
    recipient = practitioner or organization
    written = {
        "requester": draft.echo.refer(draft.claim.resource.get("insurer")),
        "recipient": [recipient] if recipient else None,
        "sender": organization,
    }
    return tidy(written)


def _requester(draft: Draft) -> tuple[Json | None, Json | None]:
    """The practitioner and the organization behind Claim.provider."""
    found = draft.provider
    if found is None or found.kind != "PractitionerRole":
        return None, draft.echo.refer(draft.claim.resource.get("provider"))
    role = found.resource
    return (
        draft.echo.refer_from(role.get("practitioner"), found),
        draft.echo.refer_from(role.get("organization"), found),
    )


def modifiers(need: Asked) -> list[Json]:
    """Which part of the record the document must cover."""
    if not need.modifier:
        return []
    covered = coded(system.LOINC, need.modifier)
    return [extension(ext.CONTENT_MODIFIER, "CodeableConcept", covered)]


def report_type(code: str) -> Json:
    """The X12 report type of a document."""
    return coded(system.X12_REPORT_TYPE, code)
