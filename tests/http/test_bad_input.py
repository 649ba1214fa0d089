"""What the caller must change is a 4xx with one OperationOutcome, whatever was sent."""

from __future__ import annotations

import gzip
import io
from typing import Any

import orjson
import pytest
from werkzeug.test import EnvironBuilder

from app.domain.guide import Guide
from app.fhir.urls import profile
from tests.world import FHIR_JSON, World, claim_of, example

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def outcome(response: Any, status: int) -> dict[str, Any]:
    """The OperationOutcome of a refusal, which is all that its body holds."""
    assert response.status_code == status, response.data
    assert response.content_type == "application/fhir+json; charset=utf-8"
    found: dict[str, Any] = orjson.loads(response.data)
    assert found["resourceType"] == "OperationOutcome"
    assert all(issue["severity"] and issue["code"] for issue in found["issue"])
    assert any(issue["severity"] in ("error", "fatal") for issue in found["issue"])
    return found


def first_code(found: dict[str, Any]) -> str:
    return str(found["issue"][0]["details"]["coding"][0]["code"])


BODIES = {
    "nothing": b"",
    "white space": b"  \n",
    "no JSON": b"{",
    "two documents": b"{} {}",
    "a list": b"[]",
    "a text": b'"Bundle"',
    "null": b"null",
    "NaN": b'{"resourceType":"Bundle","total":NaN}',
    "no UTF-8": b'{"resourceType":"B\xff"}',
    "a lone surrogate": rb'{"resourceType":"\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a member named twice": b'{"resourceType":"Bundle","type":"collection","type":"batch"}',
    "an empty object": b"{}",
    "no type": b'{"type":"collection"}',
    "another resource": b'{"resourceType":"Patient"}',
    "a type that is no text": b'{"resourceType":["Bundle"]}',
    "an empty bundle": b'{"resourceType":"Bundle"}',
    "no entries": b'{"resourceType":"Bundle","type":"collection","entry":[]}',
    "a patient first": b'{"resourceType":"Bundle","type":"collection",'
    b'"entry":[{"resource":{"resourceType":"Patient"}}]}',
    "Parameters without resource": b'{"resourceType":"Parameters"}',
    "Parameters with another resource": b'{"resourceType":"Parameters","parameter":'
    b'[{"name":"resource","resource":{"resourceType":"Patient"}}]}',
    "Parameters with two": b'{"resourceType":"Parameters","parameter":['
    b'{"name":"resource","resource":{"resourceType":"Bundle"}},'
    b'{"name":"resource","resource":{"resourceType":"Bundle"}}]}',
    "Parameters that are no list": b'{"resourceType":"Parameters","parameter":{"name":"resource"}}',
    "Parameters with a text": b'{"resourceType":"Parameters","parameter":'
    b'[{"name":"resource","resource":"Bundle"}]}',
}


@GUIDES
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_request_bundle_is_400(world: World, guide: Guide, name: str) -> None:
    outcome(world.submit(BODIES[name], guide), 400)


@GUIDES
def test_an_invalid_bundle_names_every_issue_at_its_element(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    claim = claim_of(bundle)
    del claim["created"]
    claim["priority"] = {"coding": "urgent"}
    claim["surprise"] = True
    found = outcome(world.submit(bundle, guide), 400)
    places = {place for issue in found["issue"] for place in issue.get("expression", [])}
    expected = ("created", "priority.coding", "surprise")
    for element in expected:
        assert any(element in place or place.endswith("entry[0].resource") for place in places), (
            places
        )
    assert len([issue for issue in found["issue"] if issue["severity"] == "error"]) >= 3


@GUIDES
def test_warnings_and_unknown_extensions_do_not_block(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    bundle["meta"] = {"tag": [{"system": "https://ehr.northside.example/tags", "code": "x"}]}
    claim_of(bundle).setdefault("extension", []).append(
        {"url": "https://ehr.northside.example/StructureDefinition/own", "valueString": "x"}
    )
    response = world.submit(bundle, guide)
    found = orjson.loads(response.data)
    blocked = [i for i in found.get("issue", []) if i["severity"] == "error"]
    assert response.status_code == 200, blocked


DOORS = {
    "predetermination": ({"use": "predetermination"}, "$predetermine"),
    "claim": ({"use": "claim"}, "claims processing"),
    "inquiry": ({"meta": {"profile": [profile.CLAIM_INQUIRY]}}, "Claim/$inquire"),
}


@GUIDES
@pytest.mark.parametrize("name", DOORS)
def test_a_bundle_at_the_wrong_door_is_422_and_told_where_to_go(
    world: World, guide: Guide, name: str
) -> None:
    change, said = DOORS[name]
    bundle = example("oxygen-approved", guide)
    claim_of(bundle).update(change)
    found = outcome(world.submit(bundle, guide), 422)
    assert len(found["issue"]) == 1
    assert said in found["issue"][0]["details"]["text"]


@GUIDES
@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "application/fhir+xml", "text/json",
     "application/x-www-form-urlencoded", "application/json; charset=latin-1",
     "application/fhir+json; fhirVersion=5.0"],
)  # fmt: skip
def test_a_body_of_another_type_is_415(world: World, guide: Guide, content_type: str) -> None:
    response = world.client.post(
        f"/fhir/{guide.value}/Claim/$submit", data=b"{}", content_type=content_type
    )
    outcome(response, 415)


@pytest.mark.parametrize(
    "content_type",
    [FHIR_JSON, "application/json", "application/fhir+json; charset=UTF-8",
     "application/fhir+json; fhirVersion=4.0", "Application/JSON;charset=utf-8"],
)  # fmt: skip
def test_json_in_its_usual_names_is_read(world: World, content_type: str) -> None:
    response = world.client.post(
        "/fhir/2.2/Claim/$submit",
        data=orjson.dumps(example("oxygen-approved", Guide.V22)),
        content_type=content_type,
    )
    assert response.status_code == 200


def test_a_compressed_body_is_read(world: World) -> None:
    body = gzip.compress(orjson.dumps(example("oxygen-approved", Guide.V22)))
    response = world.submit(body, Guide.V22, **{"Content-Encoding": "gzip"})
    assert response.status_code == 200


def test_another_encoding_is_415_and_broken_gzip_is_400(world: World) -> None:
    body = gzip.compress(orjson.dumps(example("oxygen-approved", Guide.V22)))
    outcome(world.submit(body, Guide.V22, **{"Content-Encoding": "br"}), 415)
    for broken in (body[:-4], body[:-20], b"no gzip", body + b"more", b""):
        outcome(world.submit(broken, Guide.V22, **{"Content-Encoding": "gzip"}), 400)


def test_a_body_over_the_limit_is_413_also_when_it_is_a_bomb(world: World) -> None:
    limit = world.context.settings.max_body_bytes
    big = b'{"resourceType":"Bundle","x":"' + b"a" * limit + b'"}'
    found = outcome(world.submit(big, Guide.V22), 413)
    assert "FORTHWITH_MAX_BODY_BYTES" in found["issue"][0]["details"]["text"]
    bomb = gzip.compress(b" " * (20 * limit))
    assert len(bomb) < limit
    outcome(world.submit(bomb, Guide.V22, **{"Content-Encoding": "gzip"}), 413)


def test_a_body_without_length_is_counted_while_it_is_read(world: World) -> None:
    environ = EnvironBuilder(
        path="/fhir/2.2/Claim/$submit", method="POST", content_type=FHIR_JSON
    ).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    body = io.BytesIO(b" " * (world.context.settings.max_body_bytes + 10))
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
    outcome(world.client.open(environ), 413)


def test_too_deep_and_too_many_entries_are_413_and_name_their_setting(world: World) -> None:
    deep = b'{"resourceType":"Bundle","x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    many = orjson.dumps({"resourceType": "Bundle", "entry": [{}] * 5001})
    for body, setting in ((deep, "FORTHWITH_MAX_DEPTH"), (many, "FORTHWITH_MAX_ENTRIES")):
        found = outcome(world.submit(body, Guide.V22), 413)
        assert setting in found["issue"][0]["details"]["text"]


@GUIDES
def test_unknown_addresses_and_methods_are_answered_in_fhir(world: World, guide: Guide) -> None:
    base = f"/fhir/{guide.value}"
    assert first_code(outcome(world.client.get(f"{base}/Nothing"), 404)) == "not-found"
    outcome(world.client.post(f"{base}/Claim/$nothing", data=b"{}", content_type=FHIR_JSON), 404)
    outcome(world.client.get("/fhir/3.0/metadata"), 404)
    response = world.client.get(f"{base}/Claim/$submit")
    outcome(response, 405)
    assert "POST" in response.headers["Allow"]
    assert world.client.options(f"{base}/Claim/$submit").status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/fhir+json", 200), ("application/json", 200), ("*/*", 200), ("application/*", 200),
     ("text/html, application/json;q=0.1", 200), ("application/fhir+xml", 406),
     ("text/html", 406), ("application/fhir+json;q=0", 406)],
)  # fmt: skip
def test_a_caller_who_reads_no_json_gets_406(world: World, accept: str, status: int) -> None:
    response = world.client.get("/fhir/2.2/metadata", headers={"Accept": accept})
    assert response.status_code == status
    if status == 406:
        outcome(response, 406)


@pytest.mark.parametrize(
    ("wanted", "status"), [("json", 200), ("application/fhir%2Bjson", 200), ("xml", 406)]
)
def test_format_outweighs_accept(world: World, wanted: str, status: int) -> None:
    response = world.client.get(
        f"/fhir/2.2/metadata?_format={wanted}", headers={"Accept": "application/fhir+xml"}
    )
    assert response.status_code == status


def test_a_refusal_stores_nothing(world: World) -> None:
    """Not even a part: the same identifier can be used for the corrected bundle."""
    bundle = example("oxygen-approved", Guide.V22)
    created = claim_of(bundle).pop("created")
    outcome(world.submit(bundle, Guide.V22), 400)
    claim_of(bundle)["created"] = created
    assert world.submit(bundle, Guide.V22).status_code == 200


def test_an_answer_to_an_error_never_repeats_what_was_sent(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    claim_of(bundle)["created"] = "SECRET-VALUE"
    claim_of(bundle)["patient"] = {"reference": "Patient/SECRET-VALUE"}
    claim_of(bundle)["SECRET-ELEMENT"] = "SECRET-VALUE"
    response = world.submit(bundle, Guide.V22)
    assert b"SECRET-VALUE" not in response.data
