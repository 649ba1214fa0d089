"""What an answer needs besides the decision: when, under which ids, and for which addresses."""

from __future__ import annotations

from datetime import datetime

from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Envelope:
    """Given by the flow, so that the same decision is always written the same way.

    `response_id` becomes ClaimResponse.id (a UUID in lower case), `address` is the base of the
    caller's guide (`https://payer.example/fhir/2.2`), `namespace` the base of the payer's number
    systems (`https://payer.example`), `case_number` the root of attachment control numbers.
    `attachments_url` is where documents may be sent (CDex `$submit-attachment`); without it no
    Task is written. `contested` adds elements that the profiles list and Inferno asks for, although
    the guide's own extension contexts forbid them (docs/reference/mapping.md). Without `by_claim` the
    provider sent no Claim to refer to: the request came by fax or telephone (PAS 2.2.1 spec-44).
    """

    created: datetime
    response_id: str
    address: str
    namespace: str
    case_number: str
    attachments_url: str = ""
    contested: bool = False
    by_claim: bool = True
