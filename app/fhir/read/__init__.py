"""FHIR to domain: a submitted bundle becomes one neutral request.

    read_request(bundle, guide) -> PriorAuthRequest

`Entries(bundle)` may stand for the bundle, so that what is written from it need not find its entries
again.

The bundle has passed validation, yet nothing here relies on it: what cannot be used is left out,
and what the request cannot be without is refused (`app.errors.Invalid`) with its FHIRPath.

`request` reads the Claim, `party` people and organizations, `coverage` the coverage named,
`evidence` and `answers` the clinical facts, `values` the data types; `where` turns a source back
into a FHIRPath expression from the Bundle.
"""

from __future__ import annotations

from app.fhir.read.entries import Entries
from app.fhir.read.request import read_request
from app.fhir.read.where import expression

__all__ = ["Entries", "expression", "read_request"]
