"""The sandbox in a real browser, by keyboard: choose a story, send, change, send again."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest
import requests

from tests.browser.driver import BROWSER, DRIVER, Browser, browser
from tests.house.live import serving

pytestmark = pytest.mark.skipif(not (DRIVER and BROWSER), reason="chromium and chromedriver")
ENTER = "\ue007"


def until(window: Browser, says: str) -> None:
    """A key does not wait for the page that it brings, as a click does."""
    end = time.monotonic() + 20
    script = (
        "return document.readyState == 'complete' && document.querySelector('.status')?.innerText"
    )
    while not str(window.run(script) or "").startswith(says):
        assert time.monotonic() < end, says


def test_a_developer_sends_a_story_and_changes_it(tmp_path: Path) -> None:
    with serving(tmp_path) as live, browser() as window:
        window.open(f"{live.address}/sandbox?lang=en")
        assert len(window.all("ol li")) >= 16
        window.click("ol a")
        assert window.texts("h1") == ["Approved at once"]
        window.type("form button", ENTER)
        until(window, "Answer: HTTP 200")
        assert "Line 1: approved" in window.texts(".why")[0]
        answer = orjson.loads(window.texts("#answer0")[0])
        assert answer["entry"][0]["resource"]["preAuthRef"].startswith("FA-")
        assert window.texts("button[data-copies]")[0] == "Copy"
        window.run(
            "const field = document.querySelector('textarea');"
            "field.value = field.value.replace('\"preauthorization\"', '\"perhaps\"')"
        )
        window.type("form button", ENTER)
        until(window, "Answer: HTTP 4")
        assert "perhaps" in window.texts("li.bad code")[0]
        assert window.texts("li.bad .note")


def test_the_live_view_shows_what_arrives_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as live, browser() as window:
        window.open(f"{live.address}/sandbox/live?lang=en")
        assert "Nothing yet: send something." in window.texts("p")
        body = requests.get(f"{live.address}/sandbox/refused/request", timeout=20).content
        address = f"{live.address}/fhir/2.2/Claim/$submit"
        said = requests.post(
            address, data=body, headers={"Content-Type": "application/json"}, timeout=20
        )
        assert said.status_code == 400
        end = time.monotonic() + 20
        while not window.all("tbody tr"):
            assert time.monotonic() < end
            time.sleep(0.5)
        (row,) = window.texts("tbody tr")
        assert "HTTP 400" in row
        window.click("tbody a")
        assert len(window.all("li.bad")) >= 3


def test_the_pages_fit_a_small_screen(tmp_path: Path) -> None:
    with serving(tmp_path) as live, browser(width=500) as window:
        for place in ("/sandbox", "/sandbox/refused"):
            window.open(f"{live.address}{place}?lang=es")
            assert window.run("return document.body.scrollWidth <= window.innerWidth"), place
        window.click("form button")
        assert window.run("return document.body.scrollWidth <= window.innerWidth")
