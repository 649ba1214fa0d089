"""The R4 type model: which type an element has, which spellings a choice has, what derives from what.

The tables are those of the fhirpathpy package (MIT), read as data without importing it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PRIMITIVES = frozenset(
    [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
        "System.String",
    ]
)
TEXTS = frozenset(
    [
        "string",
        "uri",
        "code",
        "oid",
        "id",
        "uuid",
        "sid",
        "markdown",
        "base64Binary",
        "canonical",
        "url",
        "xhtml",
        "System.String",
    ]
)
MOMENTS = frozenset(("date", "dateTime", "instant"))
# What every resource but four has: named here so that `contained.contained` needs no document.
_DOMAIN = ("contained", "extension", "modifierExtension", "text")
_CONTAINERS = ("Resource", "DomainResource", "Element", "BackboneElement")


@cache
def _tables() -> tuple[dict[str, str], dict[str, str], dict[str, list[str]], dict[str, str]]:
    spec = find_spec("fhirpathpy")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fhirpathpy, which holds the R4 type tables, is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "models" / "r4"

    def table(name: str) -> Any:
        return json.loads((folder / f"{name}.json").read_bytes())

    parents: dict[str, str] = table("type2Parent")
    for name in PRIMITIVES - {"System.String"}:
        parents.setdefault(name, "Element")
    return table("path2Type"), table("pathsDefinedElsewhere"), table("choiceTypePaths"), parents


def place(type_name: str, name: str) -> str:
    """The path of element `name` of `type_name`, content references followed."""
    path = f"{type_name}.{name}"
    if type_name == "Resource" and name in _DOMAIN:
        return f"DomainResource.{name}"
    return _tables()[1].get(path, path)


def type_of(type_name: str, name: str) -> str:
    """The type of element `name` as spelled in JSON: a type, or a path for a backbone element."""
    path = place(type_name, name)
    return _tables()[0].get(path, path)


@cache
def choices(type_name: str, name: str) -> dict[str, str] | None:
    """JSON name to type for a choice element, None if `name` is not a choice in `type_name`."""
    path = place(type_name, name)
    found = _tables()[2].get(path)
    if found is None:
        return None
    types = _tables()[0]
    return {name + end: types.get(path + end, end) for end in found}


@cache
def is_a(type_name: str, wanted: str) -> bool:
    """Whether `type_name` is `wanted` or derives from it; a backbone path is a BackboneElement."""
    if type_name == wanted:
        return True
    parents = _tables()[3]
    if "." in type_name and type_name != "System.String":
        return wanted in ("BackboneElement", "Element")
    seen = type_name
    while (parent := parents.get(seen)) is not None and parent != seen:
        if parent == wanted:
            return True
        seen = parent
    return False


def is_resource(type_name: str) -> bool:
    """Whether values of this type name their own type (`resourceType`)."""
    return type_name in ("Resource", "DomainResource") or is_a(type_name, "Resource")


def concrete(type_name: str, value: object) -> str:
    """`type_name`, or for a resource the type that its JSON states."""
    if type_name in _CONTAINERS and isinstance(value, dict):
        stated = value.get("resourceType")
        if isinstance(stated, str):
            return stated
    return type_name


def known(type_name: str) -> bool:
    """Whether R4 has a type of this name."""
    parents = _tables()[3]
    return type_name in parents or type_name in _CONTAINERS or type_name in PRIMITIVES


def listed(type_name: str, name: str) -> bool:
    """Whether R4 says what element `name` of `type_name` is (choices and backbone elements included)."""
    path = place(type_name, name)
    return path in _tables()[0] or path in _tables()[2] or path in _backbones()


@cache
def _backbones() -> frozenset[str]:
    return frozenset(path.rpartition(".")[0] for path in _tables()[0])
