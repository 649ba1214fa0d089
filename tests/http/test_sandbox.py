"""/sandbox: every story can be sent from its page and says what came of it; faults stand at their place."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from app.clock import Moment
from app.domain.guide import Guide
from app.errors import NotFound
from app.factory import build_app
from app.flows.sandbox.arrivals import newest, one
from app.flows.sandbox.stories import Send, stories
from app.flows.sandbox.suites import suites
from tests.world import World, fixed_moment, new_context

GUIDES = list(Guide)
SAYS = {
    "approved": "Line 1: approved",
    "modified": "Line 1: modified",
    "pended": "Line 1: pended (clinical-review)",
    "information-asked": "Line 1: pended (missing-facts)",
    "mixed-lines": "Line 3: not-covered",
    "not-covered": "Line 1: not-covered",
    "not-a-member": "member-not-found",
    "updated": "Line 1: approved",
    "cancelled": "Line 1:",
    "inquired": "Line 1: approved",
    "predetermination": "Line 1: approved",
    "order-sign": "satisfied",
    "order-select": "covered",
    "order-dispatch": "covered",
    "appointment-book": "no-auth",
    "encounter-start": "no-auth",
    "encounter-discharge": "no-auth",
}
"""What the page says of each story; `refused` says faults instead."""


@pytest.fixture(scope="module", params=[0, 400], ids=["then", "a year later"])
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> World:
    ticks = itertools.count()

    def moment() -> Moment:
        """Each time a little later."""
        later = timedelta(days=request.param, milliseconds=next(ticks))
        return replace(fixed_moment(), now=fixed_moment().now + later)

    context = replace(new_context(tmp_path_factory.mktemp("sandbox")), moment=moment)
    return World(context, build_app(context).test_client())


def fields(page: str) -> list[str]:
    """The requests on a page, as they stand in their fields."""
    return [
        html.unescape(each) for each in re.findall(r"<textarea.*?>\n(.*?)</textarea>", page, re.S)
    ]


def send(world: World, story: str, guide: Guide, body: str, step: int = 0, lang: str = "en") -> str:
    form = {"version": guide.value, "lang": lang, "step": str(step), "body": body}
    answer = world.client.post(f"/sandbox/{story}", data=form)
    assert answer.status_code == 200, answer.text
    return answer.text


def told(world: World, story: str, guide: Guide) -> Iterator[str]:
    """The page after each step of a story was sent."""
    page = world.client.get(f"/sandbox/{story}?version={guide.value}&lang=en").text
    for number in range(len(stories()[story].steps)):
        page = send(world, story, guide, fields(page)[number], number)
        yield page


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize("story", SAYS)
def test_each_story_says_what_became_of_it_also_a_year_later(
    world: World, story: str, guide: Guide
) -> None:
    for page in told(world, story, guide):
        assert "HTTP 200" in page
        assert SAYS[story] in html.unescape(page)


@pytest.mark.parametrize("guide", GUIDES)
def test_an_update_is_about_what_was_just_sent(world: World, guide: Guide) -> None:
    *_, updated = told(world, "updated", guide)
    assert "Line 2: not-required" in updated
    first, second, third = told(world, "cancelled", guide)
    (case,) = set(re.findall(r"FC-\w{12}: ", first))
    assert case in second and case in third
    assert f"{case}cancelled" in third and "Line 1: cancelled" in third


def test_every_story_is_told_here() -> None:
    assert {*SAYS, "refused"} == set(stories())
    assert {step.send for each in stories().values() for step in each.steps} == set(Send)


@pytest.mark.parametrize("guide", GUIDES)
def test_faults_stand_at_their_elements_and_go_when_they_are_mended(
    world: World, guide: Guide
) -> None:
    (page,) = told(world, "refused", guide)
    assert "HTTP 400" in page
    for line, says in (("created&#34;: &#34;yesterday", "format of its type"), ("status", "maybe")):
        ((marked, notes),) = re.findall(
            rf'<li value="\d+" class="bad"><code>([^<]*{line}[^<]*)</code>(.*?)</li>', page, re.S
        )
        assert says in html.unescape(marked + notes)
    assert "category is required" in page
    (sound,) = fields(world.client.get(f"/sandbox/approved?version={guide.value}").text)
    assert "HTTP 200" in send(world, "refused", guide, sound)


def test_a_text_that_is_no_json_is_refused_at_its_line(world: World) -> None:
    page = send(world, "approved", Guide.V22, '{"resourceType": "Bundle",\n "type": }')
    assert "HTTP 400" in page
    assert re.search(r'<li value="2" class="bad"><code>[^<]*type[^<]*</code>', page)


def test_a_broken_hook_call_is_told_at_its_element(world: World) -> None:
    (body,) = fields(world.client.get("/sandbox/order-sign").text)
    page = send(world, "order-sign", Guide.V22, body.replace('"draftOrders"', '"drafts"'))
    assert "HTTP 400" in page
    assert re.search(r'class="bad"><code>[^<]*context[^<]*</code>', page)


def test_a_changed_request_can_be_sent_again_under_a_new_identifier(world: World) -> None:
    (body,) = fields(world.client.get("/sandbox/approved").text)
    assert "HTTP 200" in send(world, "approved", Guide.V22, body)
    changed = body.replace('"normal"', '"stat"')
    assert "HTTP 409" in send(world, "approved", Guide.V22, changed)
    form = {"version": "2.2", "lang": "en", "renew": "on", "body": changed}
    page = world.client.post("/sandbox/approved", data=form).text
    assert "HTTP 200" in page and fields(page)[0].count('"stat"') == 1


def test_the_page_speaks_spanish(world: World) -> None:
    page = world.client.get("/sandbox/approved", headers={"Accept-Language": "es-MX"}).text
    assert "Aprobada al momento" in page and "Enviar" in page
    page = send(world, "approved", Guide.V22, fields(page)[0], lang="es")
    assert "Línea 1: approved" in page and "Motivo:" in page


def test_the_request_can_be_had_as_a_file(world: World) -> None:
    fresh = world.client.get("/sandbox/approved/request?version=2.0")
    assert fresh.headers["Content-Disposition"] == 'attachment; filename="approved.json"'
    posted = world.client.post(
        "/fhir/2.0/Claim/$submit", data=fresh.data, content_type="application/json"
    )
    assert posted.status_code == 200
    mine = world.client.post("/sandbox/approved/request", data={"body": '{"mine": 1}'})
    assert mine.data == b'{"mine": 1}'


def live(world: World) -> tuple[str, str]:
    """The live view, and the page of what arrived last."""
    listed = world.client.get("/sandbox/live?lang=en")
    assert listed.status_code == 200
    (first, *_) = re.findall(r'href="(/sandbox/live/[^"]+)"', listed.text)
    return html.unescape(listed.text), html.unescape(world.client.get(first).text)


def test_what_arrives_is_seen_with_its_issues(world: World) -> None:
    (_page,) = told(world, "refused", Guide.V22)
    listed, shown = live(world)
    assert "POST /fhir/2.2/Claim/$submit" in listed and "HTTP 400" in listed
    assert "Bundle.entry[0].resource" in listed and "category is required" in shown
    (body,) = fields(world.client.get("/sandbox/approved").text)
    world.submit(body.encode(), Guide.V22)
    listed, shown = live(world)
    assert "HTTP 200" in listed.partition("</tr>")[2].partition("</tr>")[0]
    assert "Line 1: approved" in shown and "identifier-type" in shown


def test_a_hook_call_is_seen_without_its_token(world: World) -> None:
    (body,) = fields(world.client.get("/sandbox/order-sign").text)
    call = orjson.loads(body)
    call |= {"fhirServer": "https://ehr.northside.example/fhir"}
    call["fhirAuthorization"] = {"access_token": "s3cret-t0ken", "scope": "user/*.rs"}
    world.client.post("/crd/2.2/cds-services/order-sign", json=call)
    listed, shown = live(world)
    assert "/crd/2.2/cds-services/order-sign" in listed and "satisfied" in shown
    assert "s3cret-t0ken" not in shown
    cut = orjson.dumps(call)[:-1]
    world.client.post("/crd/2.2/cds-services/order-sign", data=cut, content_type="application/json")
    listed, shown = live(world)
    assert "HTTP 400" in listed and "s3cret-t0ken" not in shown


def test_nobody_sees_what_somebody_else_sent(world: World) -> None:
    (_page,) = told(world, "approved", Guide.V22)
    other = replace(world.caller, id="somebody-else")
    assert newest(world.context, world.caller)
    assert newest(world.context, other) == []
    with pytest.raises(NotFound):
        one(world.context, other, str(newest(world.context, world.caller)[0].id))


@pytest.mark.parametrize("suite", [each.id for each in suites()])
def test_a_preset_is_filled_in_for_this_server(world: World, suite: str) -> None:
    page = world.client.get("/sandbox?lang=en").text
    assert f"/sandbox/test-suites/{suite}.json" in page
    first = world.client.get(f"/sandbox/test-suites/{suite}.json")
    assert first.status_code == 200
    assert not re.search(r"\{\{\w+\}\}", first.text)
    inputs = {each["name"]: each["value"] for each in first.get_json()["inputs"]}
    address = world.context.settings.address
    assert (inputs.get("base_url") or inputs["server_endpoint"]).startswith(address)
    again = world.client.get(f"/sandbox/test-suites/{suite}.json")
    assert again.data == first.data, "what was submitted before gets its first answer"


def test_no_preset_of_another_name(world: World) -> None:
    assert world.client.get("/sandbox/test-suites/nothing.json").status_code == 404


@pytest.mark.parametrize(
    "place", ["/sandbox", "/sandbox/live", "/sandbox/approved", "/sandbox/approved/request"]
)
def test_with_real_members_there_is_no_sandbox(tmp_path: Path, place: str) -> None:
    context = new_context(tmp_path, FORTHWITH_DEMO="off")
    assert build_app(context).test_client().get(place).status_code == 404
