"""The Claim of a submit bundle as a `PriorAuthRequest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest


def read_request(bundle: Mapping[str, Any], guide: Guide) -> PriorAuthRequest:
    """The neutral request that a PAS request bundle (parsed JSON) of `guide` carries.

    Raises Invalid when there is no Claim, no items that can be told apart, or a `use` that is
    neither a preauthorization nor a predetermination; the issue names the FHIRPath.
    """
    raise NotImplementedError
