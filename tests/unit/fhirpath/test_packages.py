"""The official packages: every expression compiles, and both roads agree on every example.

They are not part of the repository; FORTHWITH_IG_DIR says where they are.
"""

from __future__ import annotations

import itertools
import json
import os
import tarfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.fhir.validate.fhirpath import Context, amended, as_check, elements, model
from app.fhir.validate.fhirpath.checks import plain_check
from app.fhir.validate.fhirpath.parse import parse

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("FORTHWITH_IG_DIR", ROOT.parent / "shared" / "ig"))
PACKAGES = [
    "hl7.fhir.r4.core#4.0.1",
    "hl7.fhir.us.core#3.1.1",
    "hl7.fhir.us.core#6.1.0",
    "hl7.fhir.us.core#7.0.0",
    "hl7.fhir.us.davinci-cdex#2.1.0",
    "hl7.fhir.us.davinci-crd#2.0.1",
    "hl7.fhir.us.davinci-crd#2.2.1",
    "hl7.fhir.us.davinci-dtr#2.0.1",
    "hl7.fhir.us.davinci-dtr#2.2.0",
    "hl7.fhir.us.davinci-hrex#1.2.0",
    "hl7.fhir.us.davinci-pas#2.0.1",
    "hl7.fhir.us.davinci-pas#2.2.1",
    "hl7.fhir.uv.sdc#4.0.0",
    "hl7.fhir.uv.subscriptions-backport.r4#1.1.0",
]
# Every resource type has the dom- rules: a few places of each expression are enough.
PLACES = 5
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no official packages in {FOLDER.name} (set FORTHWITH_IG_DIR)"
)


def _read(package: str, folder: str, start: str) -> list[dict[str, Any]]:
    with tarfile.open(FOLDER / f"{package}.tgz") as archive:
        return [
            json.loads(file.read())
            for member in archive
            if member.name.startswith(f"package/{folder}{start}") and member.name.endswith(".json")
            if (file := archive.extractfile(member)) is not None
        ]


@cache
def constraints(package: str) -> frozenset[tuple[str, str, str]]:
    """(id, expression, type or path) of every constraint in the snapshots of a package."""
    return frozenset(
        (constraint["key"], constraint["expression"], _place(element))
        for structure in _read(package, "", "StructureDefinition-")
        if structure["resourceType"] == "StructureDefinition"
        for element in structure.get("snapshot", {}).get("element", ())
        for constraint in element.get("constraint", ())
        if "expression" in constraint
    )


def _place(element: dict[str, Any]) -> str:
    path = str(element["path"])
    codes = [kind["code"] for kind in element.get("type", ()) if "code" in kind]
    if "." not in path or not codes or codes[0] in ("BackboneElement", "Element"):
        return path
    return str(codes[0]).rpartition("/")[2]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_expression_compiles(package: str) -> None:
    """No invariant of a guide in scope is beyond us: each parses and compiles."""
    found = constraints(package)
    assert found
    for (key, expression), places in itertools.groupby(sorted(found), key=lambda entry: entry[:2]):
        tree = parse(amended(key, expression))
        for _, _, place in itertools.islice(places, PLACES):
            as_check(tree, place, key)


def test_all_packages_together_are_a_few_hundred_expressions() -> None:
    """What 'every invariant' means: more than 300 distinct expressions."""
    assert len({text for package in PACKAGES for _, text, _ in constraints(package)}) > 300


@pytest.mark.parametrize(
    "package", ["hl7.fhir.us.davinci-pas#2.0.1", "hl7.fhir.us.davinci-pas#2.2.1"]
)
def test_both_roads_agree_on_official_examples(package: str) -> None:
    """On every element of every official PAS example, a check gives what its expression gives, and
    no rule that base R4 puts on a type is broken or left open."""
    rules: dict[str, list[tuple[str, str, Any]]] = {}
    core = {(key, text) for key, text, _ in constraints("hl7.fhir.r4.core#4.0.1")}
    for key, text, place in constraints(package) | constraints("hl7.fhir.r4.core#4.0.1"):
        rules.setdefault(place, []).append((key, text, parse(amended(key, text))))
    asked, broken = Counter[str](), Counter[str]()
    checks: dict[Any, Any] = {}
    for document in _read(package, "example/", ""):
        for item, context in _everything(elements.wrap(document, "Resource"), None):
            for key, text, tree in rules.get(item.type, ()):
                known = (key, text, item.type)
                if known not in checks:
                    checks[known] = as_check(tree, item.type, key), plain_check(tree, item.type)
                fast, plain = checks[known]
                verdict = fast(item.value, context)
                assert verdict is plain(item.value, context), (known, item.value)
                asked[key] += 1
                on_type = (
                    (key, text) in core and key != ADVICE and key.partition("-")[0] in _TYPE_RULES
                )
                broken[key] += on_type and verdict is not True
    assert not +broken
    assert asked.total() > 5_000


# Rules that base R4 puts on whole types, so that they hold wherever the type is used.
_TYPE_RULES = ("att", "bdl", "cpt", "dom", "ele", "ext", "per", "qty", "ref", "rng", "tim", "txt")
ADVICE = "dom-6"


def _everything(item: Any, context: Any) -> Any:
    if model.is_resource(item.type):
        inside = context is not None and item.value in context.root.get("contained", ())
        context = Context(item.value, context.root if inside else item.value)
    if item.value is not None:
        yield item, context
    for child in elements.children(item):
        yield from _everything(child, context)
