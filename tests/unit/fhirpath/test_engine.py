"""HL7's own engine gives the same verdicts: over 35,000 of them, kept as facts.

`renew_engine_verdicts.py` asks the engine; the file holds generated documents and, for each
expression, its verdicts (T holds, F broken, E the engine raised, which breaks it).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.fhir.validate.fhirpath import Check, Context, as_check, elements, model
from tests.unit.fhirpath.generated import trees

FILE = Path(__file__).parent / "engine_verdicts.jsonl"
LETTERS = {True: "T", False: "F", None: "?"}

# (invariant, why): where our verdict differs on purpose.
EXCEPTIONS = {
    "ele-1": "the engine's hasValue() is true of every complex element, so an id alone passes",
    "dom-6": "advice, never reported; the engine finds some resources unlike themselves",
}


class Asker:
    """Walks a document as the engine does and asks every expression that belongs there."""

    def __init__(self, expressions: list[dict[str, Any]]) -> None:
        self.checks: dict[tuple[int, str], Check] = {}
        self.by_place: dict[str, list[int]] = {}
        self.expressions = expressions
        for number, each in enumerate(expressions):
            for place in each["places"]:
                self.by_place.setdefault(place, []).append(number)

    def ask(self, document: Any) -> dict[int, str]:
        """Expression number to verdicts in document order."""
        out: dict[int, str] = {}
        self._visit(elements.wrap(document, "Resource"), None, False, out)
        return out

    def _visit(self, item: Any, context: Any, contained: bool, out: dict[int, str]) -> None:
        if model.is_resource(item.type):
            context = Context(item.value, context.root if contained else item.value)
        for number in self.by_place.get(item.type, ()) if item.value is not None else ():
            verdict = LETTERS[self._check(number, item.type)(item.value, context)]
            out[number] = out.get(number, "") + verdict
        inside = item.value.get("contained", ()) if isinstance(item.value, dict) else ()
        held = {id(one) for one in inside}
        for child in elements.children(item):
            self._visit(child, context, id(child.value) in held, out)

    def _check(self, number: int, place: str) -> Check:
        if (number, place) not in self.checks:
            each = self.expressions[number]
            tree = trees().tree(each["key"], each["expression"])
            self.checks[number, place] = as_check(tree, place, each["key"])
        return self.checks[number, place]


@pytest.fixture(scope="module")
def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text().splitlines()]


def test_verdicts_are_those_of_the_engine(kept: list[dict[str, Any]]) -> None:
    """Every verdict that HL7's engine gave is ours too, but for the exceptions that say why."""
    expressions = kept[0]["expressions"]
    asker, same, differ = Asker(expressions), Counter[str](), Counter[str]()
    for line in kept[1:]:
        ours = asker.ask(line["document"])
        for number, theirs in line["verdicts"].items():
            key = expressions[int(number)]["key"]
            # The engine reads children in the order of the definition, we in that of the document.
            mine, wanted = sorted(ours.get(int(number), "")), sorted(theirs.replace("E", "F"))
            same[key] += len(wanted)
            if mine != wanted and key not in EXCEPTIONS:
                differ[f"{key}: {expressions[int(number)]['expression']}: {mine} {theirs}"] += 1
    assert not differ
    assert same.total() > 35_000
    assert len(same) > 150
