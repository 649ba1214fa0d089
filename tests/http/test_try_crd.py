"""/crd composes the call that it shows, and shows the answer that it got."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.domain.guide import Guide
from app.flows.try_crd import compose, orders, patients
from tests.world import World, fixed_moment, new_world


def send(world: World, **form: str) -> str:
    chosen = {"version": "2.2", "patient": "fw100001", "order": "order-sign-granted", **form}
    answer = world.client.post("/crd", data=chosen)
    assert answer.status_code == 200, answer.data
    return answer.get_data(as_text=True)


def shown(page: str) -> list[Any]:
    blocks = re.findall(r"<pre tabindex=\"0\">(.*?)</pre>", page, re.S)
    return [orjson.loads(html.unescape(each)) for each in blocks]


def test_the_page_shows_request_and_answer_side_by_side(world: World) -> None:
    request, answer = shown(send(world))
    body = request | {"hookInstance": "0f7c1f6e-3d0b-4a55-9d2e-1c2b7c0e5a11"}
    again = world.client.post("/crd/2.2/cds-services/order-sign", json=body).json
    assert again is not None
    first, second = (each["systemActions"][0]["resource"] for each in (answer, again))
    assert first["id"] == second["id"] == "oxygen"


def test_what_was_granted_is_explained_finding_by_finding(world: World) -> None:
    page = send(world)
    assert "satisfied" in page and "Findings behind" in page and "home-oxygen" in page


def test_another_patient_is_put_into_the_call(world: World) -> None:
    request, answer = shown(send(world, patient="fw100008"))
    assert request["context"]["patientId"] == "fw100008"
    assert request["prefetch"]["patient"]["id"] == "fw100008"
    assert "fw100001" not in orjson.dumps(request["context"]).decode()
    (action,) = answer["systemActions"]
    assert "no-active-coverage" in orjson.dumps(action).decode()


@pytest.mark.parametrize("guide", list(Guide))
def test_every_choice_of_the_page_is_answered(world: World, guide: Guide) -> None:
    for order in orders(guide):
        for patient in ("fw100001", "fw100006"):
            send(world, version=guide.value, patient=patient, order=order)


def test_without_a_choice_the_order_keeps_its_own_patient(world: World) -> None:
    request, answer = shown(send(world, patient="", order="order-sign-not-covered"))
    assert request["context"]["patientId"] == request["prefetch"]["patient"]["id"]
    assert "not-covered" in orjson.dumps(answer).decode()


def test_patients_are_the_demo_members_and_calls_are_fresh() -> None:
    assert "fw100001" in patients() and len(patients()) > 9
    made = [compose(Guide.V22, "order-sign-three", "fw100002", fixed_moment()) for _ in range(2)]
    assert made[0]["hookInstance"] != made[1]["hookInstance"]


@pytest.mark.parametrize(
    "form", [{"version": "9"}, {"order": "../pas/2.2/oxygen"}, {"patient": "<b>"}, {"order": ""}]
)
def test_what_is_no_choice_is_not_found(world: World, form: dict[str, str]) -> None:
    chosen = {"version": "2.2", "patient": "fw100001", "order": "order-sign-granted", **form}
    answer = world.client.post("/crd", data=chosen)
    assert answer.status_code == 404
    assert b"<b>" not in answer.data


def test_without_the_demo_payer_there_is_no_such_page(tmp_path: Path) -> None:
    world = new_world(tmp_path, FORTHWITH_DEMO="off")
    assert world.client.get("/crd").status_code == 404
    assert world.client.post("/crd").status_code == 404


def test_the_page_loads_nothing_and_runs_no_script(world: World) -> None:
    answer = world.client.get("/crd")
    assert "script" not in answer.get_data(as_text=True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
