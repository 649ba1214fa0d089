"""Documents made from the fact files: right in shape, random in content, odd on purpose.

`Maker(seed, texts).node("Claim.item")` gives JSON that has the right JSON shape for the type and is
otherwise arbitrary: absent elements, extensions beside primitives, primitives with extensions only.
`texts` are the literals of the expression under test, so that both its sides are met.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from app import resources
from app.fhir import urls
from app.fhir.validate.facts import Facts, Structure, load
from app.fhir.validate.fhirpath import Ast, model
from app.fhir.validate.fhirpath.trees import Trees

MOMENTS = [
    "2024",
    "2024-02",
    "2024-02-03",
    "2024-02-04",
    "2024-02-03T10:00:00Z",
    "2024-02-03T12:00:00+02:00",
    "2024-02-03T10:00:00.5Z",
    "2024-02-02T23:30:00-11:00",
]
NUMBERS = [0, 1, 2, 3, -1, 0.5, 1.50, 100, 101]
WORDS = ["a", "b", "1", "12", "Abc", "1234567893", "1234567890", "12345", "#p", "#", "Patient/1"]
_XHTML = f'<div xmlns="{urls.core.XHTML}">{{}}</div>'
NARRATIVES = [
    _XHTML.format(inside) for inside in ("text", "", "<script>x</script>", "<img src='a'/>")
]


@cache
def facts() -> Facts:
    """The facts of the newer guide: base R4, US Core, PAS."""
    return load("2.2")


@cache
def trees() -> Trees:
    """The trees that a server uses."""
    return Trees.read(resources.data("profiles") / "trees.jsonl")


def _base(name: str) -> Structure | None:
    return facts().structure(urls.core_type(name))


@cache
def below(place: str) -> dict[str, dict[str, Any]]:
    """Element name to its facts for a type or backbone path, as far as the R4 type model has it too."""
    structure = _base(place.partition(".")[0])
    if structure is None:
        return {}
    start = place + "."
    return {
        path.removeprefix(start): element
        for path, element in structure.elements.items()
        if path.startswith(start)
        and "." not in path.removeprefix(start)
        and ":" not in path
        and model.listed(place, path.removeprefix(start).removesuffix("[x]"))
    }


class Maker:
    """Makes JSON for a type; the same seed makes the same documents."""

    def __init__(self, seed: int, texts: list[str]) -> None:
        self._random = random.Random(seed)
        self._texts = texts + WORDS if texts else WORDS

    def node(self, place: str, depth: int = 0) -> Any:
        """A value of a type or backbone path."""
        if place in model.PRIMITIVES:
            return self._primitive(place)
        made: dict[str, Any] = {}
        if model.is_resource(place):
            made["resourceType"] = place
        chance = (0.5, 0.4, 0.15)[depth] if depth < 3 else 0.0
        for name, element in below(place).items():
            if name != "contained" and (self._random.random() < chance):
                self._add(made, name, element, f"{place}.{name}", depth)
        if place == "Bundle" or (model.is_a(place, "DomainResource") and depth == 0):
            self._add_resources(made, place, depth)
        if len(made) == ("resourceType" in made):
            made["id"] = self._random.choice(("p", "q"))
        return made

    def _add_resources(self, made: dict[str, Any], place: str, depth: int) -> None:
        if place != "Bundle" and self._random.random() < 0.3:
            made["contained"] = [self._resource(depth) for _ in range(self._random.randint(1, 2))]
        for entry in made.get("entry", []) if place == "Bundle" else []:
            if self._random.random() < 0.8:
                entry["resource"] = self._resource(depth)

    def _resource(self, depth: int) -> Any:
        kind = self._random.choice(("Claim", "Patient", "ClaimResponse", "Organization", "Task"))
        return self.node(kind, depth + 2)

    def _add(
        self, made: dict[str, Any], name: str, element: dict[str, Any], place: str, depth: int
    ) -> None:
        types = element.get("types") or [{"code": _target(place)}]
        code = str(self._random.choice(types)["code"])
        if name.endswith("[x]"):
            name = name[:-3] + code[:1].upper() + code[1:]
        if code in ("Resource", "DomainResource") or element.get("max") == "0":
            return
        inner = place if code in ("BackboneElement", "Element") else code
        count = self._random.choice((1, 1, 2, 3)) if element.get("list") else 1
        values = [self.node(inner, depth + 1) for _ in range(count)]
        made[name] = values if element.get("list") else values[0]
        if (
            code in model.PRIMITIVES
            and name not in ("id", "url", "div")
            and self._random.random() < 0.12
        ):
            beside = {"extension": [{"url": "http://x", "valueCode": "y"}]}
            made["_" + name] = [beside] * count if element.get("list") else beside
            if self._random.random() < 0.5:
                del made[name]

    def _primitive(self, name: str) -> Any:
        pick = self._random.choice
        if name == "boolean":
            return pick((True, False))
        if name in ("integer", "positiveInt", "unsignedInt", "decimal"):
            number = pick(NUMBERS)
            return number if name == "decimal" else int(number)
        if name in model.MOMENTS:
            return pick([at for at in MOMENTS if name != "date" or len(at) <= 10])
        if name == "time":
            return pick(("10:00:00", "23:59:59"))
        return pick(NARRATIVES) if name == "xhtml" else pick(self._texts)


def _target(place: str) -> str:
    # A content reference: the element it repeats is a backbone element too.
    return model.place(*place.rsplit(".", 1)) if "." in place else place


def literals(tree: Ast) -> list[str]:
    """All string literals of a tree."""
    if tree and tree[0] == "str":
        return [tree[1]]
    return [text for part in tree if isinstance(part, list) for text in literals(part)]


def invariants() -> Iterator[tuple[str, str, str, Ast]]:
    """(id, type or path, expression, tree) of every invariant in the facts of the guide, once each."""
    seen = set()
    for canonical in facts().canonicals():
        structure = facts().structure(canonical)
        assert structure is not None
        for path, element in structure.elements.items():
            for key in element.get("invariants", ()):
                fact = structure.invariants.get(key)
                for place in _places(path, element, structure) if fact else ():
                    if fact and (key, place, fact["expression"]) not in seen:
                        seen.add((key, place, fact["expression"]))
                        yield key, place, fact["expression"], trees().tree(key, fact["expression"])


def _places(path: str, element: dict[str, Any], structure: Structure) -> list[str]:
    plain = ".".join(part.partition(":")[0] for part in path.split("."))
    codes = [str(kind["code"]) for kind in element.get("types", ())]
    if "." not in plain:
        codes = [structure.type]
    return [
        plain if code in ("BackboneElement", "Element") else code
        for code in codes or [plain]
        if code in ("BackboneElement", "Element") or model.known(code)
    ]
