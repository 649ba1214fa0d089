"""The public, dated lists and policy pages: for people in two languages, for programs as JSON."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import resources
from app.web.policy_words import WORDS
from tests.http.test_describing import _sha256
from tests.world import World

LISTS = ("needs-authorization", "may-be-reviewed", "not-covered")
VOID = ("meta", "input")


class Page(html.parser.HTMLParser):
    """A page as a reader with no scripts meets it: tags that close, headings, labels, links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.found if tag in tags]


def policies() -> list[str]:
    return sorted(path.parent.name for path in resources.data("policies").glob("*/policy.yaml"))


def json_of(world: World, place: str) -> Any:
    response = world.client.get(place)
    assert response.status_code == 200, response.data
    assert response.content_type == "application/json"
    return orjson.loads(response.data)


def page_of(world: World, place: str) -> tuple[str, Page]:
    response = world.client.get(place)
    assert response.status_code == 200, response.data
    assert response.content_type == "text/html; charset=utf-8"
    text = response.get_data(as_text=True)
    return text, Page(text)


def test_every_policy_has_its_page_in_both_languages(world: World) -> None:
    """Criteria, sources, versions: well formed, without scripts, with one first heading."""
    names = [each["id"] for each in json_of(world, "/policies.json")["policies"]]
    assert set(policies()) <= set(names)
    for name in names:
        for language in WORDS:
            text, page = page_of(world, f"/policies/{name}?lang={language}")
            document = json_of(world, f"/policies/{name}.json")
            assert page.all("html")[0]["lang"] == language
            assert len(page.all("h1")) == 1
            assert not page.all("script")
            hrefs = {attrs.get("href") for attrs in page.all("a")}
            assert {source["url"] for source in document["sources"]} <= hrefs
            assert document["title"][language] in text.replace("&#39;", "'").replace("&#34;", '"')
            for version in document["versions"]:
                assert version["version"] in text
                assert not version["unverified"] or WORDS[language]["unverified"] in text


def test_what_is_not_verified_is_said_with_its_reason(world: World) -> None:
    document = json_of(world, "/policies/inpatient-rehabilitation.json")
    marks = [mark for version in document["versions"] for mark in version["unverified"]]
    assert marks
    text, _ = page_of(world, "/policies/inpatient-rehabilitation")
    assert all(mark["at"] in text for mark in marks)


@pytest.mark.parametrize("name", LISTS)
def test_each_list_links_the_policy_of_every_line(world: World, name: str) -> None:
    document = json_of(world, f"/policies/lists/{name}.json?count=500")
    _, page = page_of(world, f"/policies/lists/{name}?count=500")
    hrefs = {attrs.get("href") for attrs in page.all("a")}
    known = {each["page"] for each in json_of(world, "/policies.json")["policies"]}
    for line in document["lines"]:
        assert line["citations"] or line["page"]
        if line["page"]:
            assert line["page"] in known
            assert f"{line['page']}?lang=en" in hrefs
    labelled = {attrs["for"] for attrs in page.all("label")}
    assert labelled == {attrs["id"] for attrs in page.all("select", "input") if "id" in attrs}


def codes(world: World, name: str, **asked: str) -> set[str]:
    query = "&".join(f"{key}={value}" for key, value in {**asked, "count": "500"}.items())
    lines = json_of(world, f"/policies/lists/{name}.json?{query}")["lines"]
    return {line["code"] for line in lines}


def test_the_list_of_a_plan_is_what_its_members_must_ask_for(world: World) -> None:
    """Lumbar MRI: the group plan reviews it, the self-funded plan's company does."""
    assert "E1390" in codes(world, "needs-authorization", plan="FW-MA-01")
    for plan, review in (("FW-FI-01", "prior-authorization"), ("FW-SF-01", "delegated")):
        place = f"/policies/lists/needs-authorization.json?plan={plan}&count=500"
        reviews = [
            each["review"] for each in json_of(world, place)["lines"] if each["code"] == "72148"
        ]
        assert reviews == [review]


def test_a_list_is_of_its_day(world: World) -> None:
    """A date in the past gives the list of then; changes name the first day."""
    now, then = (
        codes(world, "needs-authorization"),
        codes(world, "needs-authorization", date="1999-01-01"),
    )
    assert then < now
    place = "/policies/lists/needs-authorization.json?since=1999-01-01"
    document = json_of(world, place)
    added = {each["code"] for each in document["changes"] if each["change"] == "added"}
    assert now - then <= added
    assert all(each["day"] > "1999-01-01" for each in document["changes"])
    text, _ = page_of(world, "/policies/lists/needs-authorization?since=1999-01-01&count=1")
    assert WORDS["en"]["changes"] in text


def test_what_a_plan_leaves_out_is_on_the_list_of_what_is_not_covered(world: World) -> None:
    assert "S0800" in codes(world, "not-covered", plan="FW-FI-01")
    assert "S0800" not in codes(world, "not-covered", plan="FW-MA-01")


def test_a_long_list_comes_in_pages(world: World) -> None:
    whole = json_of(world, "/policies/lists/needs-authorization.json?count=500")
    read: list[Any] = []
    while len(read) < min(whole["total"], 500):
        place = f"/policies/lists/needs-authorization.json?count=7&offset={len(read)}"
        read += json_of(world, place)["lines"]
    assert read[:500] == whole["lines"]
    _, page = page_of(world, "/policies/lists/needs-authorization?count=7&plan=FW-MA-01")
    more = [a["href"] for a in page.all("a") if "offset=7" in (a.get("href") or "")]
    assert more == ["?plan=FW-MA-01&count=7&lang=en&offset=7"]


@pytest.mark.parametrize(
    ("accept", "languages", "kind", "language"),
    [("text/html", "es-MX,es;q=0.9", "text/html", "es"), ("application/json", "", "application/json", ""),
     ("", "", "text/html", "en"), ("*/*", "de", "text/html", "en"),
     ("text/html;q=0.4, application/json", "", "application/json", "")],
)  # fmt: skip
def test_the_caller_chooses_format_and_language(
    world: World, accept: str, languages: str, kind: str, language: str
) -> None:
    headers = {"Accept": accept, "Accept-Language": languages}
    response = world.client.get("/policies", headers={k: v for k, v in headers.items() if v})
    assert response.content_type.startswith(kind)
    assert response.headers.get("Content-Language", "") == language
    assert "Accept-Language" in response.headers["Vary"]


def test_a_caller_who_reads_neither_gets_406(world: World) -> None:
    assert world.client.get("/policies", headers={"Accept": "application/pdf"}).status_code == 406


@pytest.mark.parametrize(
    ("place", "status"),
    [("/policies/nothing", 404), ("/policies/lists/nothing", 404),
     ("/policies/lists/not-covered?plan=X", 404), ("/policies/lists/not-covered?date=26-1-1", 400),
     ("/policies/lists/not-covered?date=2026-02-30", 400),
     ("/policies/lists/not-covered?since=soon", 400), ("/policies/lists/not-covered?count=-1", 400),
     ("/policies/lists/not-covered?offset=x", 400)],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_that_says_why(
    world: World, place: str, status: int
) -> None:
    response = world.client.get(place)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.get_json()["detail"]


def test_a_page_that_is_known_is_not_sent_again(world: World) -> None:
    for place in (
        "/policies",
        "/policies.json",
        "/policies/home-oxygen",
        "/policies/lists/not-covered",
    ):
        first = world.client.get(place)
        again = world.client.get(place, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        spanish = world.client.get(place, headers={"Accept-Language": "es"})
        changed = first.headers["ETag"] != spanish.headers["ETag"]
        assert changed or first.content_type == "application/json"


def test_the_style_is_the_one_that_the_pages_policy_allows(world: World) -> None:
    response = world.client.get("/policies")
    allowed = re.search(r"'sha256-([^']+)'", response.headers["Content-Security-Policy"])
    style = re.search(r"<style>(.*?)</style>", response.get_data(as_text=True), re.S)
    assert allowed and style and allowed[1] == _sha256(style[1])
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    assert "script" not in response.headers["Content-Security-Policy"]


def test_what_a_caller_writes_is_never_markup(world: World) -> None:
    response = world.client.get(
        '/policies/lists/not-covered?count=1&lang="><script>alert(1)</script>'
    )
    assert "<script" not in response.get_data(as_text=True)


def test_both_languages_have_every_word() -> None:
    assert set(WORDS["en"]) == set(WORDS["es"])
    templates = (Path(resources.data("policies")).parent / "app/web/templates").glob("polic*.html")
    used = set()
    for template in templates:
        text = template.read_text("utf-8")
        used |= set(re.findall(r"words\.(\w+)", text)) | set(
            re.findall(r'words\["([\w-]+)"\]', text)
        )
    assert used <= set(WORDS["en"])
