"""Which earlier CRD answers a PAS request builds on: the assertion ids that its resources carry."""

from __future__ import annotations

from typing import Any

from app.fhir.bundle import entries
from app.fhir.read.values import extended_text, extensions
from app.fhir.urls import ext

_ID = "coverage-assertion-id"


def assertion_ids(bundle: dict[str, Any]) -> list[str]:
    """The ids in the coverage-information of every resource, each once."""
    found: dict[str, None] = {}
    for _, _, resource in entries(bundle):
        if "extension" in resource:
            for information in extensions(resource, ext.COVERAGE_INFORMATION):
                if told := extended_text(information, _ID):
                    found[told] = None
    return list(found)
