"""The only door to typed FHIR models (`fhir.resources`, R4B namespace): a second opinion.

R4B and R4 have the same elements in every resource that PAS uses. The models are slower than our
checks and let more pass, so they are never the gate, and a client's data is never written again
from them: their writer changes dates and decimals. Tests and benchmarks build them to show that
what we send is FHIR to other people's code too.
"""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from fhir_core import constraints
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

from app.errors import Invalid, Issue

Json = dict[str, Any]

# FHIR R4 allows 64 characters; the library's default of 255 is for servers that do not.
constraints.TYPES_ID_MAX_LENGTH = 64


def model(resource: Json) -> FHIRAbstractModel:
    """The typed model of a resource; Invalid lists what the library finds wrong with it."""
    kind = resource.get("resourceType")
    try:
        return get_fhir_model_class(str(kind)).model_validate(resource)
    except KeyError as error:
        raise Invalid("resourceType is missing or unknown, here or in an entry") from error
    except ValidationError as error:
        raise Invalid(
            "not a FHIR R4 resource", [_issue(str(kind), e) for e in error.errors()]
        ) from (error)


def _issue(kind: str, error: Any) -> Issue:
    """One finding of the library; its message is not repeated, as it may hold a value."""
    at = kind
    for part in error["loc"]:
        at += f"[{part}]" if isinstance(part, int) else f".{part}"
    return Issue("error", "structure", "invalid", at, f"{error['type']}: correct the element")
