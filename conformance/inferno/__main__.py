"""Run Inferno's suites: python -m conformance.inferno [SUITE...] | page | presets | preset SUITE ADDRESS

Without a name all suites are run, one after the other. `page` only writes docs/inferno.md again.
`preset` prints our inputs as an Inferno preset, made for the product that runs at an address;
`presets` writes those of examples/test-suites, which the sandbox gives out.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.inferno import page, presets, recorded, results, stage
from conformance.inferno.api import Inferno
from conformance.inferno.suites import SUITES, Suite


def main(arguments: list[str]) -> int:
    """0 when every test passed or is argued in docs/inferno.md; 1 otherwise; 2 without Inferno."""
    if arguments == ["page"]:
        return page.write()
    if arguments == ["presets"]:
        return presets.write()
    if arguments[:1] == ["preset"] and len(arguments) == 3 and arguments[1] in SUITES:
        print(json.dumps(preset(SUITES[arguments[1]], arguments[2].rstrip("/")), indent=1))
        return 0
    unknown = [each for each in arguments if each not in SUITES]
    if unknown:
        print(f"There is no suite {', '.join(unknown)}. There are: {', '.join(SUITES)}.")
        return 2
    if stage.why_absent():
        print(stage.why_absent())
        return 2
    for name in arguments or list(SUITES):
        run(SUITES[name])
    page.write()
    return 1 if any(page.open_questions(name) for name in arguments or list(SUITES)) else 0


def preset(suite: Suite, address: str) -> dict[str, Any]:
    """Our inputs in the form in which Inferno keeps presets."""
    given = suite.inputs(address).items()
    return {
        "title": f"Forthwith at {address}",
        "id": f"forthwith_{suite.id}",
        "test_suite_id": suite.id,
        "inputs": [{"name": name, "value": _text(value)} for name, value in given],
    }


def run(suite: Suite) -> results.Run:
    """Run one suite from the start to the end, keep what was found, and print what did not pass."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(os.environ.get("REFEREE_LOG") or Path(folder) / "judged.ndjson")
        with stage.product(suite.settings) as product, stage.inferno(suite.guide, log) as address:
            suite.prepare(product)
            found = _examine(suite, product, Inferno(address))
        results.save(found)
        if log.is_file() and not page.open_questions(suite.id):
            print(f"{suite.id}: {recorded.keep(suite.id, log)} judgements kept")
    for each in found.tests:
        if each.result not in results.GOOD:
            print(f"{each.result:8} {each.number} {each.id}: {each.said}")
    words = ("pass", "fail", "error", "skip", "omit", "not run")
    print(f"{suite.id}: " + ", ".join(f"{found.count(word)} {word}" for word in words))
    return found


def _examine(suite: Suite, product: stage.Product, inferno: Inferno) -> results.Run:
    described = inferno.suite(suite.id)
    given = suite.inputs(product.address)
    session = inferno.session(suite.id)
    inferno.run(
        session,
        {"test_suite_id": suite.id},
        [{"name": name, "value": _text(value)} for name, value in given.items()],
        suite.attend,
        minutes=suite.minutes,
    )
    found = inferno.results(session)
    _keep(inferno, session, found)
    today = datetime.now(UTC).date().isoformat()
    return results.gather(described, today, inferno.version(), found)


def _keep(inferno: Inferno, session: str, found: list[Any]) -> None:
    """Leave all messages and exchanges in the folder FORTHWITH_INFERNO_LOGS, to look into a fault."""
    folder = os.environ.get("FORTHWITH_INFERNO_LOGS")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for each in found:
        if each.get("requests"):
            each["exchanges"] = list(inferno.exchanges(each))
    (Path(folder) / f"{session}.json").write_text(json.dumps(found, indent=1), "utf-8")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too
    sys.exit(main(sys.argv[1:]))
