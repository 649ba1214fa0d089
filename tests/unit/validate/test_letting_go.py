"""A document that was checked is let go at once: nothing waits for the collector."""

from __future__ import annotations

import gc

from app.fhir.urls import profile
from app.fhir.validate import Validator
from tests.unit.validate.test_checks import bundle


def test_a_validation_leaves_no_cycle_behind() -> None:
    validator, document = Validator.load("2.2"), bundle()
    validator.bundle(document, profile.REQUEST_BUNDLE)  # the checks are made when first needed
    gc.collect()
    gc.disable()
    try:
        validator.bundle(document, profile.REQUEST_BUNDLE)
        assert gc.collect() == 0
    finally:
        gc.enable()
