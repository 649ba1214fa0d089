"""The desk on both kinds of database: versions are stored whole, and two at once never both win."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson

from app.domain.decision import Outcome
from app.domain.guide import Guide
from tests.spec.test_review import CHEN, LEE, OTHER, WHY, act, pended, read, story
from tests.world import World


def test_a_denial_and_its_overturning_are_versions_on_each_database(worlds: World) -> None:
    number, public_id = pended(worlds, Guide.V22)
    act(worlds, number, "take", "medical-director", by=CHEN)
    act(worlds, number, "deny", "medical-director", by=CHEN, item=1, why=WHY)
    act(worlds, number, "overturn", "medical-director", by=OTHER, item=1)
    newest = read(worlds, Guide.V22, public_id)
    assert newest["meta"]["versionId"] == "3"
    assert story(worlds, newest["preAuthRef"]).case.number == number
    with worlds.context.store.read(worlds.caller.tenant) as look:
        (item,) = look.cases.items(story(worlds, number).case.id)
    assert item.outcome is Outcome.APPROVED
    assert item.authorization_number


def test_an_extension_moves_the_due_instant_on_each_database(worlds: World) -> None:
    """In the head by which the watch over deadlines finds the case, and in the decision in force."""
    number, _ = pended(worlds, Guide.V22)
    before = story(worlds, number).case.due
    assert before is not None
    act(worlds, number, "take", "reviewer", by=LEE)
    body = {"days": 3, "asked_by": "payer", "reason": WHY["reason"]}
    act(worlds, number, "extend", "reviewer", by=LEE, **body)
    told = story(worlds, number)
    assert told.case.due == before + timedelta(days=3) == told.decisions[-1].decision.due
    with worlds.context.store.read(worlds.caller.tenant) as look:
        assert look.cases.overdue(before + timedelta(days=1), 9) == ()


def test_of_two_who_take_a_case_at_once_one_has_it(worlds: World) -> None:
    number, _ = pended(worlds, Guide.V22)

    def take(name: str) -> int:
        client = worlds.client.application.test_client()
        return client.post(
            f"/desk/api/cases/{number}/take",
            data=orjson.dumps({"by": {"id": name}}),
            content_type="application/json",
            headers={"Forthwith-Role": "reviewer"},
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(take, [f"{LEE['id']}-{count}" for count in range(8)]))
    assert found == [200, *[409] * 7]


def test_a_version_that_does_not_exist_is_not_found(world: World) -> None:
    _, public_id = pended(world, Guide.V22)
    for version in ("2", "0", "x", "9" * 30):
        place = f"/fhir/2.2/ClaimResponse/{public_id}/_history/{version}"
        assert world.client.get(place).status_code == 404
