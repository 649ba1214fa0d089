"""What this server says about itself: pages, probes, metadata, request ids and logs."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from flask import Flask

from app.domain.guide import Guide
from app.errors import Unavailable
from app.factory import build_app
from app.store import Store
from app.web import log as web_log
from tests.world import FHIR_JSON, World, example, new_context, resource_of


def test_the_landing_page_names_every_base_and_needs_no_script(world: World) -> None:
    response = world.client.get("/")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    for guide in Guide:
        assert f"/fhir/{guide.value}" in page
    assert "<script" not in page
    assert 'lang="en"' in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


class _Tags(html.parser.HTMLParser):
    """Collects open tags, to see that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta",):
            self.open.append(tag)
        self.hrefs += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_landing_page_is_well_formed_and_its_links_work(world: World) -> None:
    tags = _Tags()
    tags.feed(world.client.get("/").get_data(as_text=True))
    assert tags.open == []
    assert len(tags.hrefs) >= 4
    for place in tags.hrefs:
        assert world.client.get(place).status_code == 200, place


def test_the_style_of_the_page_is_the_one_that_its_policy_allows(world: World) -> None:
    response = world.client.get("/")
    style = re.search(r"<style>(.*?)</style>", response.get_data(as_text=True), re.S)
    assert style is not None
    from_policy = re.search(r"'sha256-([^']+)'", response.headers["Content-Security-Policy"])
    assert from_policy is not None
    assert from_policy[1] == _sha256(style[1])


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_a_running_process_is_healthy(world: World) -> None:
    response = world.client.get("/health")
    assert response.get_json() == {"status": "up", "version": world.context.version}


def test_a_prepared_server_is_ready_and_says_what_it_checked(world: World) -> None:
    response = world.client.get("/ready")
    assert response.status_code == 200
    assert response.get_json()["checks"] == {"database": "ok", "rulebook": "ok", "profiles": "ok"}


def test_a_database_that_is_not_migrated_is_not_ready(tmp_path: Path) -> None:
    context = new_context(tmp_path)
    empty = Store(f"sqlite:///{tmp_path}/empty.sqlite3")
    client = build_app(replace(context, store=empty)).test_client()
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.get_json()["checks"]["database"] == "needs `forthwith migrate`"


@pytest.mark.parametrize("guide", list(Guide))
def test_the_statement_and_its_operations_are_served(world: World, guide: Guide) -> None:
    base = f"/fhir/{guide.value}"
    statement = orjson.loads(world.client.get(f"{base}/metadata").data)
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["implementation"]["url"].endswith(base)
    for name in ("Claim-submit", "Resource-validate"):
        definition = orjson.loads(world.client.get(f"{base}/OperationDefinition/{name}").data)
        assert definition["resourceType"] == "OperationDefinition"
    assert world.client.get(f"{base}/OperationDefinition/nothing").status_code == 404


def test_openapi_describes_what_is_not_fhir(world: World) -> None:
    document = world.client.get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/health", "/ready"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abcdefgh", True), ("a.b_c-1234", True), ("short", False), ("x" * 65, False),
     ("with space in it", False), ("quote\"in\"it", False), ("", False)],
)  # fmt: skip
def test_the_callers_request_id_is_kept_when_it_is_sound(
    world: World, sent: str, kept: bool
) -> None:
    response = world.client.get("/health", headers={"X-Request-ID": sent})
    assert (response.headers["X-Request-ID"] == sent) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", response.headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("evil.example", 400),
     ("evil.example:8080", 400), ("127.0.0.1.evil.example", 400)],
)  # fmt: skip
def test_without_authentication_only_loopback_names_are_answered(
    world: World, host: str, status: int
) -> None:
    """A web page that names its own host after our address gets nothing (DNS rebinding)."""
    for address in ("/health", "/fhir/2.2/metadata"):
        response = world.client.get(address, headers={"Host": host})
        assert response.status_code == status


class _Broken:
    """A store that fails."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def when_waiting(self, _call: Callable[[], None]) -> None:
        """It never waits."""

    def read(self, _tenant: str) -> None:
        raise self.fault


def failing(tmp_path: Path, fault: Exception) -> Flask:
    return build_app(replace(new_context(tmp_path), store=_Broken(fault)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fault", "status"), [(Unavailable("busy"), 503), (ZeroDivisionError("SECRET"), 500)]
)
def test_a_failure_of_ours_is_a_problem_with_the_request_id_and_no_outcome(
    tmp_path: Path, fault: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """PAS 2.2.1 spec-39: no OperationOutcome in a 5xx."""
    client = failing(tmp_path, fault).test_client()
    with caplog.at_level(logging.INFO, logger="forthwith"):
        response = client.post(
            "/fhir/2.2/Claim/$submit",
            data=orjson.dumps(example("oxygen-approved", Guide.V22)),
            content_type=FHIR_JSON,
        )
    body = response.get_json()
    assert response.status_code == body["status"] == status
    assert response.content_type == "application/problem+json"
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert ("Retry-After" in response.headers) is (status == 503)
    assert "resourceType" not in body
    assert "SECRET" not in response.get_data(as_text=True)
    lines = [web_log.JsonLines().format(record) for record in caplog.records]
    assert any(body["request_id"] in line and "failure_name" in line for line in lines)
    assert not any("SECRET" in line for line in lines)


def test_the_log_of_a_submission_holds_nothing_of_the_person(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    patient = resource_of(bundle, "Patient")
    told = {patient["birthDate"], patient["name"][0]["family"]}
    told |= {identifier["value"] for identifier in patient["identifier"]}
    told |= {bundle["identifier"]["value"]}
    with caplog.at_level(logging.DEBUG):
        answer = world.answer(bundle, Guide.V22)
        name = answer["entry"][0]["resource"]["id"]
        world.client.get(f"/fhir/2.2/ClaimResponse/{name}?name={patient['name'][0]['family']}")
        bundle["entry"][0]["resource"]["patient"] = "oops"
        world.submit(bundle, Guide.V22)
    lines = [web_log.JsonLines().format(record) for record in caplog.records]
    raw = [record.getMessage() for record in caplog.records]
    assert any('"route_name":"/fhir/2.2/Claim/$submit"' in line for line in lines)
    for text in (*lines, *raw):
        assert name not in text
        assert not [word for word in told if word in text]
