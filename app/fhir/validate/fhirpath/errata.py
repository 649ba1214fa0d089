"""Invariants whose published expression is wrong, and what HL7's engine runs in its place.

R4 and its guides shipped expressions that say something else than their text. HL7's engine corrects
them silently (its FHIRPathExpressionFixer); with the published text we would refuse what it accepts
or miss what it finds. The list is data: `errata.json`, each with its reason.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


@cache
def _listed() -> tuple[dict[str, str], dict[str, str]]:
    by_key: dict[str, str] = {}
    by_text: dict[str, str] = {}
    for erratum in json.loads((Path(__file__).parent / "errata.json").read_bytes()):
        if "published" in erratum:
            by_text[erratum["published"]] = erratum["amended"]
        else:
            by_key.update(dict.fromkeys(erratum["keys"], erratum["amended"]))
    return by_key, by_text


def amended(key: str, expression: str) -> str:
    """The expression to run for invariant `key`: the published one unless it has an erratum."""
    by_key, by_text = _listed()
    return by_key.get(key) or by_text.get(expression, expression)
