"""Errata: each is about an expression that the guides carry, gives a reason, and changes a verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import resources
from app.fhir.validate import fhirpath
from app.fhir.validate.fhirpath import Context, amended, as_check
from app.fhir.validate.fhirpath.parse import parse

LISTED: list[dict[str, Any]] = json.loads(
    (Path(fhirpath.__file__).parent / "errata.json").read_bytes()
)


@pytest.mark.parametrize("erratum", LISTED, ids=lambda erratum: erratum["why"])
def test_each_erratum_is_in_use(erratum: dict[str, Any]) -> None:
    """The amended expression is FHIRPath, is among the kept trees, and stands for what it amends."""
    kept = (resources.data("profiles") / "trees.jsonl").read_text("utf-8")
    assert parse(erratum["amended"])
    assert f'{{"expression":{json.dumps(erratum["amended"])},' in kept
    for key in erratum["keys"] or ("any-0",):
        assert amended(key, erratum.get("published", "true")) == erratum["amended"]
    assert erratum["why"]


def test_other_expressions_stay_as_published() -> None:
    """What has no erratum is not touched, even under an id that has one for another expression."""
    assert amended("bdl-1", "total.empty()") == "total.empty()"
    assert amended("bdl-8", "fullUrl.exists()") == "fullUrl.exists()"


@pytest.mark.parametrize(
    ("key", "published", "place", "node"),
    [
        ("bdl-8", "fullUrl.contains('/_history/').not()", "Bundle.entry", {"request": {}}),
        (
            "tim-9",
            "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
            "Timing.repeat",
            {"offset": 5, "when": ["AC", "PC"]},
        ),
        ("pd-1", "telecom or endpoint", "PractitionerRole", {"telecom": [{}, {"value": "1"}]}),
    ],
)
def test_sound_data_is_not_refused_for_a_slip_of_the_text(
    key: str, published: str, place: str, node: dict[str, Any]
) -> None:
    """The published expression refuses what its own words allow; the amended one does not."""
    context = Context(node)
    assert as_check(parse(published), place, key)(node, context) is False
    assert as_check(parse(amended(key, published)), place, key)(node, context) is True
