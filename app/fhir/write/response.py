"""A decision as a PAS response bundle of the guide version that the request came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.decision import Decision
from app.domain.request import PriorAuthRequest
from app.fhir.write.envelope import Envelope


def write_response(
    decision: Decision,
    request: PriorAuthRequest,
    received: Mapping[str, Any],
    envelope: Envelope,
) -> dict[str, Any]:
    """The response bundle (ready for `orjson.dumps`) in the version `request.guide`.

    `received` is the request bundle as parsed: what is echoed comes from it unchanged.
    """
    raise NotImplementedError
