"""docs/reference/invariants.md: which way each invariant of the guides is done."""

from __future__ import annotations

from collections import Counter
from typing import Final

from app import resources
from app.fhir import urls
from app.fhir.validate.facts import Facts, load
from app.fhir.validate.fhirpath import Ast, amended, model
from app.fhir.validate.fhirpath.checks import NotFast, source
from app.fhir.validate.fhirpath.known import own_check
from app.fhir.validate.fhirpath.trees import Trees
from app.fhir.validate.invariants import ADVICE, BY_SHAPE

_SHOWN: Final = 3
_NOTES: Final = {
    "ImmediateLevelOfCare": "never fires as published: the value is a CodeableConcept, which has no "
    "`code`; what it means is a business rule, not a rule of validation",
    "ele-1": "HL7's engine lets an element with only an id pass; we do not",
    "dom-6": "a narrative is advised, not required",
    "crd-ci-q7": "left open where the value set cannot be expanded",
}
_WAYS: Final = {
    "shape": "own code, while the shape of the element is checked",
    "hand-written": "own code (`fhirpath/known.py`), tied to this expression by a fingerprint",
    "compiled": "expression compiled to Python source",
    "compiled, part plain": "compiled, one part by closures that follow the expression step by step",
    "plain": "closures that follow the expression step by step",
    "off": "not evaluated",
}
_HEAD: Final = """\
# Invariants

Every invariant of the fact files of both guides (base R4, US Core, CRD, HRex and their neighbours as far as PAS
needs them, PAS itself), and which way it is checked. No library evaluates any of them: fhirpathpy's
grammar only reads the expressions when `profiles extract` makes `profiles/trees.jsonl`.

All ways give the verdict of the published expression, or of its amended form where one is marked:
R4 shipped expressions that say something else than their text, and HL7's engine corrects the same
ones (`app/fhir/validate/fhirpath/errata.json` gives each with its reason). An empty result breaks an
invariant; what FHIRPath calls an error breaks it too; what we cannot evaluate is one `information`
issue (`invariant-unchecked`), never a refusal. `tests/unit/fhirpath` shows the agreement of all ways, with
fhirpathpy's interpreter, and with 38,000 verdicts of HL7's engine.
"""

Row = tuple[str, str]


def invariants_page() -> str:
    """The page as Markdown, without the mark of generated pages."""
    rows: dict[Row, tuple[set[str], str, str]] = {}
    trees = Trees.read(resources.data("profiles") / "trees.jsonl")
    for guide in sorted(urls.GUIDES):
        for key, place, fact in _used(load(guide)):
            places, _, _ = rows.setdefault(
                (key, fact["expression"]),
                (set(), fact["severity"], _way(key, trees.tree(key, fact["expression"]), place)),
            )
            places.add(place)
    counts = Counter(way for _, _, way in rows.values())
    lines = [_HEAD, "| way | meaning | invariants |", "|---|---|---|"]
    lines += [f"| {way} | {text} | {counts[way]} |" for way, text in _WAYS.items()]
    lines += ["", "| invariant | on | severity | way | note |", "|---|---|---|---|---|"]
    for (key, expression), (places, severity, way) in sorted(rows.items()):
        lines.append(
            f"| `{key}` | {_shown(places)} | {severity} | {way} | {_note(key, expression)} |"
        )
    return "\n".join(lines) + "\n"


def _used(facts: Facts) -> list[tuple[str, str, dict[str, str]]]:
    """(id, type or path, fact) of every invariant on every element."""
    found = []
    for canonical in facts.canonicals():
        structure = facts.structure(canonical)
        for path, element in structure.elements.items() if structure else ():
            for key in element.get("invariants", ()):
                if structure and key in structure.invariants:
                    found.append((key, _place(path, element), structure.invariants[key]))
    return found


def _place(path: str, element: dict[str, list[dict[str, str]]]) -> str:
    plain = ".".join(part.partition(":")[0] for part in path.split("."))
    codes = [kind["code"] for kind in element.get("types", ())]
    own = "." not in plain or not codes or codes[0] in ("BackboneElement", "Element")
    return plain if own or not model.known(codes[0]) else codes[0]


def _way(key: str, tree: Ast, place: str) -> str:
    if key in BY_SHAPE:
        return "shape"
    if key in ADVICE:
        return "off"
    if own_check(key, tree):
        return "hand-written"
    try:
        return "compiled, part plain" if "(n, c)" in source(tree, place) else "compiled"
    except NotFast:
        return "plain"


def _shown(places: set[str]) -> str:
    first = ", ".join(sorted(places)[:_SHOWN])
    more = len(places) - _SHOWN
    return f"{first} and {more} more" if more > 0 else first


def _note(key: str, expression: str) -> str:
    notes = [_NOTES[key]] if key in _NOTES else []
    if amended(key, expression) != expression:
        notes.append("amended")
    return "; ".join(notes)
