"""Our inputs as presets that the sandbox gives out: examples/test-suites, one packed file a suite.

What depends on the server is left open: `{{address}}`, and numbers that it gives to requests which are
made before. The server fills them in when somebody downloads a preset.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from conformance.inferno import crd_inputs, pas_inputs
from conformance.inferno.stage import ROOT
from conformance.inferno.suites import SUITES, Suite

Json = dict[str, Any]

FOLDER: Final = ROOT / "examples" / "test-suites"
ADDRESS: Final = "{{address}}"
_NOTE: Final = {
    "en": "Hook calls ask the EHR that the suite plays. Register it: forthwith ehr add SUITE-SERVER/custom/{}/fhir",
    "es": "Las llamadas preguntan al EHR que hace la prueba. Regístrelo: forthwith ehr add SUITE-SERVER/custom/{}/fhir",
}


def files() -> Iterator[tuple[Path, bytes]]:
    """Each file and what is in it."""
    for suite in SUITES.values():
        text = json.dumps(_document(suite), separators=(",", ":"), sort_keys=True)
        yield FOLDER / f"{suite.id}.json.gz", gzip.compress(text.encode(), mtime=0)


def write() -> int:
    """Write the files; 0."""
    FOLDER.mkdir(exist_ok=True)
    for path, content in files():
        path.write_bytes(content)
    return 0


def _document(suite: Suite) -> Json:
    """A preset, the requests to make before, what to know, and the members that it uses."""
    before: list[Json] = []
    note: Json = {}
    if suite.guide.startswith("pas-"):
        guide = suite.guide.removeprefix("pas-")
        granted, waiting, first, second = pas_inputs.earlier(guide)
        known = pas_inputs.Known(
            granted, "{{number}}", waiting, "{{review}}", first, "{{replaced}}"
        )
        given = pas_inputs.given(guide, ADDRESS, known)
        named = ((granted, "number"), (waiting, "review"), (first, "replaced"), (second, ""))
        before = [{"version": guide, "body": each.bundle, "gives": name} for each, name in named]
    else:
        made = crd_inputs.for_22 if suite.guide == "crd-2.2" else crd_inputs.for_20
        given = made(ADDRESS)
        note = {language: text.format(suite.id) for language, text in _NOTE.items()}
    return {
        "title": suite.title,
        "settings": dict(suite.settings),
        "note": note,
        "before": before,
        "preset": {
            "title": f"Forthwith at {ADDRESS}",
            "id": f"forthwith_{suite.id}",
            "test_suite_id": suite.id,
            "inputs": [
                {"name": name, "value": value if isinstance(value, str) else json.dumps(value)}
                for name, value in given.items()
            ],
        },
    }
