"""A real browser, driven over WebDriver (W3C) by plain HTTP: headless Chromium, if there is one."""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.house.live import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that the standard gives to elements
_ARRIVED = "return document.readyState == 'complete' && !document.documentElement.dataset.left"
DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium")


@dataclass(frozen=True, slots=True)
class Browser:
    """One window."""

    session: str

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """One command; its value."""
        said = requests.request(
            method, f"{self.session}{path}", json=body if method == "POST" else None, timeout=60
        )
        assert said.ok, said.text
        return said.json()["value"]

    def open(self, address: str) -> None:
        self.ask("POST", "/url", url=address)

    def all(self, selector: str) -> list[str]:
        found = self.ask("POST", "/elements", using="css selector", value=selector)
        return [each[ELEMENT] for each in found]

    def texts(self, selector: str) -> list[str]:
        return [self.ask("GET", f"/element/{each}/text") for each in self.all(selector)]

    def click(self, selector: str) -> None:
        """Follow a link or send a form, until the next page is there."""
        self.run("document.documentElement.dataset.left = 'yes'")
        self.ask("POST", f"/element/{self.all(selector)[0]}/click")
        end = time.monotonic() + 30
        while not self.run(_ARRIVED):
            assert time.monotonic() < end, "the click led nowhere"
            time.sleep(0.05)

    def type(self, selector: str, text: str) -> None:
        """Into a field; a select takes the option that starts so."""
        self.ask("POST", f"/element/{self.all(selector)[0]}/value", text=text)

    def run(self, script: str) -> Any:
        return self.ask("POST", "/execute/sync", script=script, args=[])

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))


@contextmanager
def browser(width: int = 1400) -> Iterator[Browser]:
    """A fresh window until the block ends."""
    port = free_port()
    assert DRIVER and BROWSER
    process = subprocess.Popen(
        [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    options = {
        "binary": BROWSER,
        "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 f"--window-size={width},1000"],
    }  # fmt: skip
    session = ""
    try:
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = _session(f"http://127.0.0.1:{port}/session", wanted)
        yield Browser(session)
    finally:
        if session:
            requests.delete(session, timeout=20)
        process.terminate()
        process.wait(20)


def _session(address: str, wanted: dict[str, Any]) -> str:
    end = time.monotonic() + 30
    while True:
        try:
            said = requests.post(address, json=wanted, timeout=60)
            break
        except requests.ConnectionError:
            assert time.monotonic() < end, "chromedriver did not start"
            time.sleep(0.1)
    assert said.ok, said.text
    return f"{address}/{said.json()['value']['sessionId']}"
