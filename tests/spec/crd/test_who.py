"""Who is covered here: four kinds of no, told apart from the request alone; and refused calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.guide import Guide
from tests.spec.crd.asking import GUIDES, Json, ask, call, only, post, post_faulty
from tests.world import World, new_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def coverage(body: Json) -> Json:
    found: Json = body["prefetch"]["coverage"]["entry"][0]["resource"]
    return found


def unknown_member(body: Json) -> None:
    """The patient's number is not ours; the coverage's still is."""
    body["prefetch"]["patient"]["identifier"][0]["value"] = "FW999999"


def unknown_coverage(body: Json) -> None:
    coverage(body)["subscriberId"] = "FW888888"
    coverage(body)["identifier"][0]["value"] = "FW888888"


def cancelled(body: Json) -> None:
    unknown_coverage(body)
    coverage(body)["status"] = "cancelled"


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (unknown_member, "no-member-found"),
        (unknown_coverage, "coverage-not-found"),
        (cancelled, "no-active-coverage"),
    ],
)
def test_each_kind_of_no_has_its_first_reason(
    world: World, guide: Guide, spoil: object, code: str
) -> None:
    body = call("order-sign-needed", guide)
    assert callable(spoil)
    spoil(body)
    said = only(ask(world, body, guide))
    assert said["covered"] == ["not-covered"]
    first = said["reason"][0]
    assert first["text"]
    if guide is Guide.V22:
        assert first["coding"][0]["code"] == code and "pa-needed" not in said
    else:
        assert "coding" not in first and said["pa-needed"] == ["no-auth"]


def test_an_ended_coverage_is_not_active(world: World) -> None:
    body = call("order-sign-needed", Guide.V22)
    text = str(body)
    assert "FW100001" in text
    person = body["prefetch"]["patient"]
    person["identifier"][0]["value"] = "FW100008"
    person["name"] = [{"family": "Stein", "given": ["Harold"]}]
    person["birthDate"] = "1945-12-12"
    coverage(body)["subscriberId"] = "FW100008"
    coverage(body)["identifier"][0]["value"] = "FW100008"
    said = only(ask(world, body, Guide.V22))
    assert said["reason"][0]["coding"][0]["code"] == "no-active-coverage"


def test_a_payer_that_cannot_be_read_is_technical_trouble(world: World) -> None:
    body = call("order-sign-needed", Guide.V22)
    del body["prefetch"]["payers"]
    said = only(ask(world, body, Guide.V22))
    assert said["covered"] == ["indeterminate"]
    assert said["reason"][0]["coding"][0]["code"] == "technical" and said["reason"][0]["text"]


def test_an_unread_payer_is_tolerated_in_20(world: World) -> None:
    body = call("order-sign-needed", Guide.V20)
    del body["prefetch"]["payers"]
    assert only(ask(world, body, Guide.V20))["pa-needed"] == ["auth-needed"]


@pytest.mark.parametrize(("guide", "status"), [(Guide.V22, 400), (Guide.V20, 422)])
def test_a_broken_envelope_is_refused_as_the_version_says(
    world: World, guide: Guide, status: int
) -> None:
    body = call("order-sign-needed", guide)
    del body["context"]["draftOrders"]
    found, answer = post(world, body, guide)
    assert found == status and answer["resourceType"] == "OperationOutcome"
    assert answer["issue"][0]["expression"] == ["context.draftOrders"]


@pytest.mark.parametrize(("guide", "status"), [(Guide.V22, 400), (Guide.V20, 422)])
def test_broken_fhir_is_refused_as_the_version_says(
    world: World, guide: Guide, status: int
) -> None:
    body = call("order-sign-needed", guide)
    body["context"]["draftOrders"]["entry"][0]["resource"]["authoredOn"] = "yesterday"
    assert post(world, body, guide)[0] == status


def no_intent(order: Json) -> None:
    del order["intent"]


def prohibited(order: Json) -> None:
    order["doNotPerform"] = False


def no_requester(order: Json) -> None:
    """What an unfinished order often lacks; the profile demands it."""
    order.pop("requester", None)
    order.pop("authoredOn", None)


def active(order: Json) -> None:
    """Signed before and signed again."""
    order["status"] = "active"


@pytest.mark.parametrize(
    ("spoil", "in_22", "in_20"),
    [(no_intent, 400, 422), (prohibited, 422, 422), (no_requester, 200, 200), (active, 200, 200)],
)
def test_fhir_and_profile_faults_have_the_status_of_their_version(
    world: World, spoil: Callable[[Json], None], in_22: int, in_20: int
) -> None:
    for guide, status in ((Guide.V22, in_22), (Guide.V20, in_20)):
        body = call("order-sign-all-types", guide)
        orders = [entry["resource"] for entry in body["context"]["draftOrders"]["entry"]]
        order = next(o for o in orders if o["resourceType"] == "MedicationRequest")
        spoil(order)
        found, answer = post_faulty(world, body, guide)
        assert found == status, answer
        if status != 200:
            assert "MedicationRequest" in answer["issue"][0]["expression"][0]


def test_a_profile_fault_stops_no_secondary_hook(world: World) -> None:
    body = call("order-select", Guide.V22)
    for entry in body["context"]["draftOrders"]["entry"]:
        entry["resource"]["doNotPerform"] = False
    assert post_faulty(world, body, Guide.V22)[0] == 200


@pytest.mark.parametrize("guide", GUIDES)
def test_no_coverage_that_could_be_read_is_412(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide)
    del body["prefetch"]["coverage"]
    assert post(world, body, guide)[0] == 412


@pytest.mark.parametrize(("guide", "status"), [(Guide.V22, 400), (Guide.V20, 200)])
def test_a_client_that_looked_and_has_no_coverage(world: World, guide: Guide, status: int) -> None:
    body = call("order-sign-needed", guide)
    body["prefetch"]["coverage"] = None
    assert post(world, body, guide)[0] == status


@pytest.mark.parametrize("guide", GUIDES)
def test_a_secondary_hook_never_stops_the_work(world: World, guide: Guide) -> None:
    body = call("encounter-start", guide)
    body["prefetch"] = {}
    assert post(world, body, guide) == (200, {"cards": []})


def test_two_coverages_are_one_too_many_in_22(world: World) -> None:
    body = call("order-sign-needed", Guide.V22)
    entries = body["prefetch"]["coverage"]["entry"]
    entries.append({"resource": {**entries[0]["resource"], "id": "second"}})
    assert post(world, body, Guide.V22)[0] == 400


def test_another_payer_is_refused_in_22(world: World) -> None:
    body = call("order-sign-needed", Guide.V22)
    payer = body["prefetch"]["payers"]["entry"][0]["resource"]
    payer["identifier"] = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}]
    assert post(world, body, Guide.V22)[0] == 400


@pytest.mark.parametrize("guide", GUIDES)
def test_another_version_is_refused(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide)
    body["extension"] = {"davinci-crd.requestedVersion": "2.1"}
    assert post(world, body, guide)[0] == 422


@pytest.mark.parametrize("guide", GUIDES)
def test_what_we_do_not_know_is_ignored(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide) | {"made": {"up": []}}
    body["context"]["made"] = "up"
    body["hookInstance"] = "not-a-uuid"
    assert len(ask(world, body, guide)) == 1
