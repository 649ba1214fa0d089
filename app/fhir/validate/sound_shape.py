"""What a question has to look at in an object: its properties, which are due, which exclude which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from app.fhir import urls
from app.fhir.validate import matching, primitives
from app.fhir.validate.library import Library
from app.fhir.validate.tree import Node
from app.sealed import sealed

Json = dict[str, Any]
How = Literal["property", "value", "extensions", "object"]

_EXTENDS: Final = frozenset({"extension", "modifierExtension"})
_LONGEST_PLACE: Final = 8


class Odd(Exception):
    """No question is written for this: its closure is always asked."""


@sealed(frozen=True, slots=True)
class Part:
    """Something a question is about.

    `choice` says that it is one type of a choice. `how` it is looked at: as a property with all its values, as one value of an element, as a list
    of extensions, or as what a content reference repeats. `place` is the element path from the
    resource, "" where that is not known; of extensions it is the path of what they extend, and
    `holder` the type of that.
    """

    node: Node
    kind: Json | None
    how: How = "property"
    place: str = ""
    holder: str = ""
    choice: bool = False


@sealed(frozen=True, slots=True)
class Group:
    """The keys of a choice, of which one may be there; `required` says that one has to be."""

    keys: tuple[str, ...]
    required: bool


@sealed(frozen=True, slots=True)
class Shape:
    """The properties that an object may have, those it must have, and its choices."""

    parts: dict[str, Part]
    due: tuple[str, ...]
    groups: tuple[Group, ...]


@sealed(frozen=True, slots=True)
class Slot:
    """An extension that a profile names at a place; `part` is None where it may not stand there."""

    url: str
    part: Part | None
    min: int
    max: int | None


def is_due(child: Node) -> bool:
    """Whether an object must have a property."""
    return child.min > 0 or (child.max != 0 and any(part.min for part in child.slices.values()))


def shape_of(node: Node, code: str, place: str) -> Shape:
    """The shape of an object of a type; Odd where a question about it is not worth writing."""
    parts: dict[str, Part] = {}
    due: list[str] = []
    groups: list[Group] = []
    for key, child in node.children.items():
        if key.endswith("[x]"):
            _choice(child, key[:-3], place, parts, due, groups)
            continue
        own = child.types[0] if child.types else None
        if key in _EXTENDS:
            parts[key] = Part(child, own, "extensions", place, code)
        elif key != "id" and child.max != 0:
            parts[key] = Part(child, own, "property", below(place, key))
        if is_due(child):
            due.append(key)
    if any(key not in parts for key in due):
        raise Odd
    return Shape(parts, tuple(due), tuple(groups))


def _choice(
    child: Node,
    stem: str,
    place: str,
    parts: dict[str, Part],
    due: list[str],
    groups: list[Group],
) -> None:
    by_type = {k["code"]: part for part in child.slices.values() for k in part.types[:1]}
    keys = []
    for kind in child.types:
        code = kind["code"]
        part = by_type.get(code, child)
        own = next((k for k in part.types if k["code"] == code), kind)
        key = stem + code[:1].upper() + code[1:]
        keys.append(key)
        if part.max != 0 and child.max != 0:
            parts[key] = Part(part, own, "property", below(place, stem), choice=True)
        if part is not child and part.min > 0:
            due.append(key)
    required = child.min > 0 and child.max != 0
    if len(keys) > 1:
        groups.append(Group(tuple(keys), required))
    elif required and keys[0] not in due:
        due.append(keys[0])


def below(place: str, key: str) -> str:
    """The place of a property; "" where it is not known."""
    return f"{place}.{key}" if place and place.count(".") < _LONGEST_PLACE else ""


def slots_of(part: Part, library: Library) -> list[Slot]:
    """The extensions that a list names."""
    kinds = library.kinds(part.node.path.rpartition(".")[0], part.holder)
    out = []
    for node in part.node.slices.values():
        url = matching.slice_url(node)
        kind = node.types[0] if node.types else {"code": "Extension"}
        fits = _may_stand(_contexts(url, library), kinds, part.place)
        inner = Part(node, kind, "value", below(part.place, part.node.path.rpartition(".")[2]))
        out.append(Slot(url, inner if fits else None, node.min, node.max))
    return out


def _contexts(url: str, library: Library) -> list[dict[str, str]]:
    structure = library.facts.structure(url) if url and "|" not in url else None
    if structure is None or structure.type != "Extension":
        return []
    if structure.url == urls.core_type("Extension"):
        return []
    return structure.header.get("context", [])  # type: ignore[no-any-return]


def _may_stand(contexts: list[dict[str, str]], kinds: tuple[str, ...], place: str) -> bool:
    """As `places.allowed`, for what can be told without a document."""
    if not contexts:
        return True
    for context in contexts:
        expression = context["expression"]
        if context["type"] == "extension":
            continue
        if context["type"] == "fhirpath" or expression in kinds:
            return True
        stem = expression.removesuffix("[x]")
        if place and place in (stem, stem.partition("#")[2]):
            return True
    return False


def leads(part: Part, library: Library, known: dict[str, bool]) -> bool:
    """Whether a part may hold references, so that its turn among others counts.

    `known` remembers the answers for data types.
    """
    if part.how == "extensions":
        return bool(part.node.slices)
    code = part.kind["code"] if part.kind else ""
    if code in primitives.TESTS:
        return False
    structure = library.facts.structure(urls.core_type(code)) if code else None
    if structure is None or part.node.children or code == "Reference":
        return True
    if library.is_resource(code) or (part.kind and part.kind.get("profiles")):
        return True
    if code not in known:
        known[code] = False  # what contains itself leads nowhere by that
        try:
            parts = shape_of(library.tree(structure), code, "").parts
            known[code] = any(leads(inner, library, known) for inner in parts.values())
        except Odd:
            known[code] = True
    return known[code]


def keys_seen(seen: list[Any], shape: Mapping[str, Any]) -> list[str]:
    """Properties of a shape that some objects have, in their order."""
    keys = dict.fromkeys(key for value in seen if type(value) is dict for key in value)
    return [key for key in keys if key in shape]


def values_of(seen: list[Any], key: str) -> list[Any]:
    """What some objects have under a key."""
    return [value[key] for value in seen if type(value) is dict and key in value]


def code_of(part: Part) -> str:
    """The type of an object."""
    return part.kind["code"] if part.kind else "BackboneElement"


def one_of(part: Part) -> Part:
    """One value of a property."""
    return Part(part.node, part.kind, "value", part.place, part.holder)
