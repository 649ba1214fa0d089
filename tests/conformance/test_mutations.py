"""Thousands of single changes, made from the facts: harmful ones are found where they are.

The changes come from `conformance.mutations`; HL7's engine was asked about a sample of them, and
its verdicts are kept in `conformance/verdicts` (`make verdicts` asks again).
"""

from __future__ import annotations

import pytest

from app.errors import Issue
from app.fhir.validate import Validator
from conformance import agreement, mutations, verdicts
from conformance.mutations import Mutation

SAMPLE = 4500
GUIDES = ("2.2", "2.0")


@pytest.fixture(scope="module", params=GUIDES)
def judged(request: pytest.FixtureRequest) -> list[tuple[Mutation, list[Issue]]]:
    """Our verdict on every mutation of a large, stable sample of one guide."""
    validator = Validator.load(request.param)
    return [
        (mutation, [i for i in validator.resource(mutation.build()) if i.is_error])
        for mutation in verdicts.sample(request.param, SAMPLE)
    ]


def test_every_sound_document_has_no_error() -> None:
    """The ground that mutations are sown on is itself conformant."""
    for guide in GUIDES:
        validator = Validator.load(guide)
        for seed in mutations.seeds(guide):
            assert [i for i in validator.resource(seed.document) if i.is_error] == [], seed.name


def test_harmful_changes_are_found_at_their_place(
    judged: list[tuple[Mutation, list[Issue]]],
) -> None:
    """At least 99.5 % of the harmful changes are errors at the changed element or around it."""
    harmful = [(m, found) for m, found in judged if m.harmful]
    missed = [
        m.id for m, found in harmful if not any(agreement.points_to(i.at, m.at) for i in found)
    ]
    assert len(harmful) >= 2500
    assert len(missed) <= len(harmful) * 0.005, missed[:20]


def test_harmless_changes_stay_without_error(
    judged: list[tuple[Mutation, list[Issue]]],
) -> None:
    """Removing what is optional, reordering, allowed extensions and contained resources pass."""
    harmless = [(m, found) for m, found in judged if not m.harmful]
    refused = [(m.id, found[0].at) for m, found in harmless if found]
    assert len(harmless) >= 500
    assert refused == []


def test_all_kinds_of_change_are_there(judged: list[tuple[Mutation, list[Issue]]]) -> None:
    """Each kind that the conformance page lists occurs, so that none has silently dropped out."""
    kinds = {m.kind.split("-")[0].rstrip("0123456789") for m, _ in judged}
    assert set(agreement.KINDS) <= kinds


@pytest.mark.parametrize("guide", GUIDES)
def test_verdicts_agree_with_the_engine(guide: str) -> None:
    """Valid or not: the same as HL7's engine on 99 %, and every difference is explained."""
    compared = agreement.compare(guide)
    assert compared.asked >= 1500
    assert compared.share >= 0.99
    assert [d.id for d in compared.differences if not d.reason] == []
