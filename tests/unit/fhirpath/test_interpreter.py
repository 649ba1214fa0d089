"""fhirpathpy's interpreter gives the same verdicts, except where it raises or is known to be wrong."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from app.fhir.urls import system
from app.fhir.validate.fhirpath import Context, amended
from app.fhir.validate.fhirpath.checks import plain_check
from tests.unit.fhirpath.generated import Maker, invariants, literals

# It has no such functions.
MISSING = ("hasValue(", "resolve(", "memberOf(", "htmlChecks", "defineVariable")
# (invariant, why its verdict may differ)
WRONG = {
    "app-4": "a type name at the start is only found on a whole resource",
    "mdd-1": "dateTimes with other offsets are compared as text",
    "dom-3": "`as` refuses several items",
}
# It raises KeyError for an extension without url, and where a primitive has only extensions.
RAISES = ("'url'", "Expected string, but got", "Expected singleton")
EACH = 8
LARGEST = 6_000


def _verdict(items: list[Any]) -> bool:
    return items[0] if len(items) == 1 and isinstance(items[0], bool) else bool(items)


def _theirs(run: Any, node: Any, place: str, resource: Any) -> bool | str:
    around = {"resource": resource, "rootResource": resource, "context": node, "ucum": system.UCUM}
    try:
        return _verdict(run(ResourceNode.create_node(node, place), around))
    except Exception as refused:  # noqa: BLE001 - it raises many kinds, some plain Exception
        return f"{refused}"


def test_verdicts_are_those_of_the_interpreter() -> None:
    """Every invariant that fhirpathpy can run has its verdict, on generated elements."""
    once = {(key, amended(key, text)): (place, tree) for key, place, text, tree in invariants()}
    same, raised, differ = Counter[str](), Counter[str](), list[str]()
    for (key, text), (place, tree) in once.items():
        if any(name in text for name in MISSING):
            continue
        run = fhirpathpy.compile(text, models["r4"], {"traceFn": lambda *_: None})
        check, maker = plain_check(tree, place), Maker(3, literals(tree))
        for _ in range(EACH):
            node = maker.node(place)
            if len(json.dumps(node)) > LARGEST:
                continue
            whole = isinstance(node, dict) and "resourceType" in node
            resource = node if whole else {"resourceType": "Claim"}
            mine, theirs = check(node, Context(resource)), _theirs(run, node, place, resource)
            if mine is theirs:
                same[key] += 1
            elif isinstance(theirs, str) and (mine is False or theirs.startswith(RAISES)):
                raised[key] += 1
            elif key not in WRONG:
                differ.append(f"{key} {text}: {mine}, not {theirs}")
    assert not differ
    assert len(same) > 250 and same.total() > 2_000
    assert raised.total() < 0.05 * same.total()
