"""Make the pictures of docs/images from a running demo: python -m tools.pictures (needs Chromium)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.driver import BROWSER, DRIVER, browser
from tests.house.live import serving

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
STORIES = ("approved", "refused")


def main() -> int:
    """Send each story once and keep a picture of its page; 1 without a browser."""
    if not (BROWSER and DRIVER):
        print("There is no chromium with chromedriver here.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with serving(Path(tempfile.mkdtemp())) as live, browser(width=1300) as window:
        for story in STORIES:
            window.open(f"{live.address}/sandbox/{story}?lang=en")
            window.click("form button")
            window.run(
                "document.querySelector('textarea').rows = 5;"
                "document.getElementById('step0').scrollIntoView()"
            )
            window.picture(FOLDER / f"sandbox-{story}.png")
        window.open(f"{live.address}/sandbox/live?lang=es&still=1")
        window.picture(FOLDER / "sandbox-live.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
