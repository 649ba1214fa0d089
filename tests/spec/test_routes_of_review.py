"""Who looks at a request that no machine may decide: a person, or the company that reviews for us."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.case import Case
from app.domain.guide import Guide
from app.fhir.urls import system
from tests.spec.reading import action, items, notes, number, response_of
from tests.spec.test_outcomes import Someone
from tests.world import World, claim_of, example

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def asking(guide: Guide, where: str, code: str) -> Any:
    """The oxygen example with another service asked for."""
    bundle = example("oxygen-approved", guide)
    for item in claim_of(bundle)["item"]:
        item["productOrService"] = {"coding": [{"system": where, "code": code}]}
    return bundle


def case_of(world: World, answer: Any) -> Case:
    with world.context.store.read(world.caller.tenant) as look:
        found = look.resources.get("ClaimResponse", response_of(answer)["id"])
        assert found is not None
        case = look.cases.get(found.case_id)
    assert case is not None
    return case


@GUIDES
def test_a_new_technology_waits_and_names_the_missing_evidence(world: World, guide: Guide) -> None:
    answer = world.answer(asking(guide, system.HCPCS, "A9291"), guide)
    (item,) = items(answer).values()
    said = " ".join(notes(answer, item))
    assert action(item) == "A4"
    assert "technology-assessment" in said
    assert "fda" not in said
    assert case_of(world, answer).state == "in-review"


@GUIDES
def test_a_delegate_is_named_with_its_telephone_and_the_case_waits_for_it(
    world: World, guide: Guide
) -> None:
    """Lumbar MRI in the self-funded plan."""
    samuel = Someone("FW100004", "Ortiz", "Samuel", "1984-09-09")
    answer = world.answer(samuel.asks(asking(guide, system.CPT, "72148")), guide)
    (item,) = items(answer).values()
    said = " ".join(notes(answer, item))
    assert action(item) == "A4"
    assert number(item) == ""
    assert "Clearview Imaging Review" in said
    assert "1-800-555-0142" in said
    assert case_of(world, answer).state == "with-delegate"
