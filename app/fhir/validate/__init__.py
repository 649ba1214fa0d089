"""Conformance of documents to FHIR R4 and the profiles of a guide: `Validator`."""

from app.fhir.validate.validator import Validator

__all__ = ["Validator"]
