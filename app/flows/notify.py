"""A changed answer is told: one call inside the transaction that stores its new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.clock import Moment
from app.domain.request import PriorAuthRequest, Use
from app.fhir.read.subscription import names_of
from app.store import Change, Resource, Write


def tell(
    work: Write,
    answer: Resource,
    request: PriorAuthRequest,
    received: Mapping[str, Any],
    moment: Moment,
) -> int:
    """Enqueue `answer` (a new version of a ClaimResponse) for whoever subscribed to it.

    `request` and `received` are the request and its bundle as parsed. Call it after
    `work.resources.add(answer)`: both are stored with the block, or neither. Returns how many
    subscribers will be told (PAS 2.2.1 spec-60). Nobody is told of opinions: they authorize nothing.
    """
    if request.use is not Use.PREAUTHORIZATION:
        return 0
    return work.subscriptions.changed(
        Change(
            submitter=answer.submitter,
            guide=answer.guide,
            names=names_of(request, received),
            response_id=answer.id,
            version=answer.version,
            at=moment.now,
        )
    )
