"""What an inquiry keeps back, what it tells for a replaced number, and what is written down of it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli.trace import lines
from app.domain.guide import Guide
from app.fhir.urls import ext, system
from app.flows.new_answer import answer_anew, open_stored
from app.flows.trace import trace
from tests.spec.asking import hits, inquiry, said
from tests.spec.reading import error_codes, extensions, items, number, response_of
from tests.spec.test_review import LEE, act, read, story
from tests.spec.updating import mark, update_of
from tests.world import World, claim_of, example, fixed_moment, new_world

GUIDES = pytest.mark.parametrize("guide", list(Guide))
OPIOIDS, ANXIETY = "F11.20", "F41.1"


def about(guide: Guide, diagnosis: str) -> Any:
    """The oxygen request with another first diagnosis beside its own."""
    bundle = example("oxygen-approved", guide)
    coding = {"system": system.ICD_10_CM, "code": diagnosis}
    claim_of(bundle)["diagnosis"].append(
        {"sequence": 90, "diagnosisCodeableConcept": {"coding": [coding]}}
    )
    return bundle


def by_number(question: Any, value: str) -> Any:
    item = claim_of(question)["item"][0]
    item.setdefault("extension", []).append({"url": ext.AUTHORIZATION_NUMBER, "valueString": value})
    return question


@GUIDES
@pytest.mark.parametrize(("diagnosis", "by_its_number"), [(OPIOIDS, 0), (ANXIETY, 1)])
def test_sensitive_care_is_told_to_who_asked_for_it(
    world: World, guide: Guide, diagnosis: str, by_its_number: int
) -> None:
    """Spec-49, spec-50: others get a warning with a phone number; some categories (42 CFR part 2) not
    even by number.
    """
    (item,) = items(world.answer(about(guide, diagnosis), guide)).values()
    assert len(hits(world, inquiry("any-service", guide), guide)) == 1
    other = inquiry("by-rendering-provider", guide)
    assert hits(world, other, guide) == []
    assert said(world, other, guide) == ["hits-withheld"]
    assert len(hits(world, by_number(other, number(item)), guide)) == by_its_number


@GUIDES
def test_what_is_kept_back_does_not_hide_the_rest(world: World, guide: Guide) -> None:
    world.answer(about(guide, OPIOIDS), guide)
    world.answer(example("oxygen-approved", guide), guide)
    other = inquiry("by-rendering-provider", guide)
    assert len(hits(world, other, guide)) == 1
    assert said(world, other, guide) == ["hits-withheld"]


@GUIDES
def test_a_replaced_number_leads_to_the_current_authorization(guide: Guide, tmp_path: Path) -> None:
    """Spec-47: found by the old number, and the line says which number holds now."""
    world = new_world(tmp_path)
    (item,) = items(world.answer(example("oxygen-approved", guide), guide)).values()
    old, new = number(item), "FA-REPLACED"
    with world.context.store.write(world.caller.tenant) as work:
        case = work.cases.by_number(old)
        assert case is not None
        work.cases.hold(case.id)
        opened = open_stored(world.context, work, case)
        (line,) = opened.stored.decision.items
        assert line.grant is not None
        granted = replace(line, grant=replace(line.grant, number=new))
        decision = replace(opened.stored.decision, items=(granted,), number=new)
        answer_anew(world.context, work, opened, decision, "person", fixed_moment())
    for asked in (old, new):
        (found,) = hits(world, by_number(inquiry("any-service", guide), asked), guide)
        (told,) = found["item"]
        assert number(told) == new
        current = [each["valueString"] for each in extensions(told, ext.AUTHORIZATION_NUMBER)]
        assert current == ([new] if asked == old else [])


@GUIDES
def test_an_inquiry_tells_the_answer_in_force_to_the_letter(world: World, guide: Guide) -> None:
    """What a person decided last, whatever refusal of an update was sent since, and no other resource."""
    bundle = example("oxygen-clinical-review", guide)
    public_id = response_of(world.answer(bundle, guide))["id"]
    number = story(world, public_id).case.number
    act(world, number, "take", "reviewer", by=LEE)
    act(world, number, "approve", "reviewer", by=LEE)
    late = update_of(bundle)
    mark(claim_of(late)["item"][0], "added")["sequence"] = 7  # the first one is missing
    refused = world.answer(late, guide)
    assert error_codes(refused)
    now = read(world, guide, public_id)
    (found,) = hits(world, inquiry("any-service", guide), guide)
    assert found["item"] == now["item"]
    assert {name for name in now if found.get(name) != now[name]} == {"meta"}


@GUIDES
def test_every_inquiry_is_written_down(world: World, guide: Guide) -> None:
    """Who was told, from whom something was kept back, and that somebody found nothing."""
    (item,) = items(world.answer(about(guide, OPIOIDS), guide)).values()
    hits(world, inquiry("any-service", guide), guide)
    hits(world, inquiry("by-rendering-provider", guide), guide)
    found = trace(world.context.store, world.caller.tenant, number(item))
    (opened,) = found.cases
    assert [each.shown for each in opened.disclosures] == [True, False]
    assert {each.caller for each in opened.disclosures} == {world.caller.id}
    told = "\n".join(lines(found))
    assert "shown to NPI 1900002001" in told
    assert "kept back from NPI" in told
    with world.context.store.read(world.caller.tenant) as look:
        assert look.inquiries.of_case(uuid.uuid4()) == ()
