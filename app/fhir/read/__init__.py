"""FHIR to domain: a submitted bundle becomes one neutral request.

    read_request(bundle, guide) -> PriorAuthRequest

The bundle has passed validation, yet nothing here relies on it: what cannot be used is left out,
and what the request cannot be without is refused (`app.errors.Invalid`) with its FHIRPath.

`request` reads the Claim, `party` people and organizations, `coverage` the coverage named,
`evidence` and `answers` the clinical facts, `values` the data types; `where` turns a source back
into a FHIRPath expression from the Bundle.
"""

from __future__ import annotations

from app.fhir.read.request import read_request
from app.fhir.read.where import expression

__all__ = ["expression", "read_request"]
