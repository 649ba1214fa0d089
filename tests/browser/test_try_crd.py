"""The try-it page in a real browser: choose, send, read. Skipped where there is no Chromium."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.browser.driver import BROWSER, DRIVER, browser
from tests.house.live import serving

pytestmark = pytest.mark.skipif(not (DRIVER and BROWSER), reason="chromium and chromedriver")


def test_a_person_chooses_an_order_and_reads_the_exact_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as live, browser() as window:
        window.open(f"{live.address}/crd")
        assert window.texts("h1") == ["Try CRD"]
        assert len(window.all("#patient option")) > 5
        window.click("button")
        assert window.texts("#words") == ["What it says (HTTP 200)"]
        (cells,) = window.texts("tbody tr")
        assert cells.startswith("DeviceRequest/oxygen covered satisfied FA-")
        request, answer = window.texts(".side pre")
        assert orjson.loads(request)["hook"] == "order-sign"
        assert orjson.loads(answer)["systemActions"][0]["resource"]["id"] == "oxygen"
        assert "home-oxygen" in window.texts("h3 + pre")[0]

        window.type("#order", "order sign not covered")
        window.type("#version", "2.0")
        window.click("button")
        assert "not-covered" in window.texts("tbody tr")[0]
        assert "/crd/2.0/cds-services/order-sign" in window.texts(".side code")[0]
        assert window.run("return document.scripts.length") == 0
        assert window.run("return document.styleSheets.length") == 1


def test_the_page_fits_a_small_screen(tmp_path: Path) -> None:
    with serving(tmp_path) as live, browser(width=500) as window:
        window.open(f"{live.address}/crd")
        window.type("#order", "order sign three")
        window.click("button")
        assert window.run("return document.body.scrollWidth <= window.innerWidth")
