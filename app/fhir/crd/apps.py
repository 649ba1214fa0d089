"""Cards that open a SMART app of the payer (Launch SMART Application).

CRD 2.2.1 and 2.0.1. Never for DTR, which coverage information starts. The examiners of the two versions
want opposite things beside the link: 2.0.1 a suggestion without actions, 2.2.1 none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from app.domain.guide import Guide
from app.fhir.crd.card import About, Content, Desk
from app.fhir.crd.extension import words
from app.fhir.crd.pool import name_of

Json = dict[str, Any]


def launches(about: About, desk: Desk) -> Iterator[Content]:
    """One card for each app of the policy; the app is told by ids what it is about."""
    for app in about.apps:
        label = words(app.label, desk.frame)
        link = {
            "label": label,
            "url": app.launch,
            "type": "smart",
            "appContext": orjson.dumps(_context(about, desk)).decode(),
        }
        older: Json = {}
        if desk.frame.guide is Guide.V20:
            older = {
                "suggestions": [{"label": label, "uuid": str(desk.new_uuid())}],
                "selectionBehavior": "at-most-one",
            }
        yield Content(
            topic=app.topic.value,
            summary=label,
            lines=(words(app.text, desk.frame),),
            rest={"links": [link], **older},
        )


def _context(about: About, desk: Desk) -> Json:
    """What the client hands to the app: ids that it can read with its token, and the policy."""
    said = next(each for each in about.said if each.policy)
    return {
        "hook": desk.hook.value,
        "order": name_of(about.resource),
        "coverage": desk.coverage,
        "policy": said.policy,
        "version": said.policy_version,
    }
