"""Conformance of documents to FHIR R4 and the profiles of a guide: `Validator`, `Limits`."""

from app.fhir.validate.text import Limits
from app.fhir.validate.validator import Validator

__all__ = ["Limits", "Validator"]
