"""Turn official FHIR packages into our fact files: structure, terminology, no prose.

Pure: packages come in as lists of parsed resources, lines of JSON go out. What a line holds is
described in profiles/README.md. Every sentence of a package (short, definition, comment, display,
human text of an invariant) is left behind; names, numbers, codes and expressions come over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

Json = dict[str, Any]

_IMPLIED: Final = frozenset({"ele-1", "ext-1"})
_ROOT_BASES: Final = ("Element", "Resource", "DomainResource", "BackboneElement")
_LIMITS: Final = ("maxLength",)
_DECIDED: Final = frozenset({"required", "extensible", "preferred"})
_EXAMPLES: Final = frozenset({"example"})


@dataclass(frozen=True, slots=True)
class Package:
    """One package: its name, version and conformance resources, in file order."""

    name: str
    version: str
    resources: tuple[Json, ...]

    @property
    def folder(self) -> str:
        """Where its facts live below `profiles/`."""
        return f"{self.name}/{self.version}"


@dataclass(slots=True)
class Facts:
    """The lines of one package, by file name."""

    structures: list[Json] = field(default_factory=list)
    extensions: list[Json] = field(default_factory=list)
    terminology: list[Json] = field(default_factory=list)

    def files(self) -> dict[str, bytes]:
        """File name to content; empty files are left out."""
        named = {
            "structures.jsonl": self.structures,
            "extensions.jsonl": self.extensions,
            "terminology.jsonl": self.terminology,
        }
        return {
            name: b"".join(orjson.dumps(line) + b"\n" for line in lines)
            for name, lines in named.items()
            if lines
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """A package of a guide and how much of it is taken.

    `take` is `all` (every structure), `named` (only structures that another package names, and no
    terminology), or `terms` (no structures). Value sets and code systems are taken when a binding
    reaches them.
    """

    package: Package
    take: str


def extract(guides: Iterable[list[Taken]]) -> dict[str, Facts]:
    """Facts of all packages of some guides, by package folder.

    Each guide is its list of packages, the most specific first: that order decides which
    definition a canonical without version means.
    """
    out: dict[str, Facts] = {}
    chosen: dict[str, dict[str, Json]] = {}
    terms: dict[str, dict[str, Json]] = {}
    for guide in guides:
        shelf = _Shelf(guide)
        structures = shelf.reachable()
        for folder, found in structures.items():
            chosen.setdefault(folder, {}).update(found)
        taken = [sd for found in structures.values() for sd in found.values()]
        bound = {b for sd in taken for b in _bindings(sd, _DECIDED)}
        named = {b for sd in taken for b in _bindings(sd, _EXAMPLES)}
        for folder, lines in _terminology(shelf, bound, named - bound).items():
            terms.setdefault(folder, {}).update(lines)
        for folder, found in structures.items():
            facts = out.setdefault(folder, Facts())
            _add_structures(facts, found, shelf)
    for folder, lines in terms.items():
        facts = out.setdefault(folder, Facts())
        facts.terminology = [lines[key] for key in sorted(lines)]
    return out


def _add_structures(facts: Facts, found: dict[str, Json], shelf: _Shelf) -> None:
    known = {
        line["structure"] for line in facts.structures + facts.extensions if "structure" in line
    }
    for url in sorted(found):
        if url in known:
            continue
        lines = list(_structure_lines(found[url], shelf))
        target = (
            facts.extensions
            if found[url]["type"] == "Extension"
            and url.count("/") > 4
            and (found[url].get("derivation") == "constraint")
            else facts.structures
        )
        target.extend(lines)


class _Shelf:
    """The packages of one guide, with look-up by canonical."""

    def __init__(self, guide: list[Taken]) -> None:
        self.guide = guide
        self.by_url: dict[str, list[tuple[Taken, Json]]] = {}
        for taken in guide:
            for resource in taken.package.resources:
                if "url" in resource:
                    self.by_url.setdefault(resource["url"], []).append((taken, resource))

    def find(self, canonical: str, kind: str) -> tuple[Taken, Json] | None:
        """The resource that a canonical, with or without version, means in this guide."""
        url, _, version = canonical.partition("|")
        found = [
            (t, r)
            for t, r in self.by_url.get(url, ())
            if r["resourceType"] == kind and (t.take != "named" or kind == "StructureDefinition")
        ]
        if not found:
            return None
        exact = [(t, r) for t, r in found if version and _fits(version, r.get("version", ""))]
        return (exact or found)[0]

    def expanded(self, value_set: Json) -> _Codes:
        """What a value set allows; when it only points elsewhere, what another version lists.

        US Core 6.1 and 7.0 refer to VSAC for race and ethnicity, 3.1.1 lists the same codes.
        """
        allowed = _expand(value_set, self, ())
        if not allowed.open:
            return allowed
        for _, other in self.by_url[value_set["url"]]:
            if other["resourceType"] == "ValueSet" and other is not value_set:
                listed = _expand(other, self, ())
                if not listed.open:
                    return listed
        return allowed

    def reachable(self) -> dict[str, dict[str, Json]]:
        """Structures to take, by package folder and url."""
        out: dict[str, dict[str, Json]] = {}
        waiting: list[tuple[Taken, Json]] = [
            (taken, resource)
            for taken in self.guide
            if taken.take == "all"
            for resource in taken.package.resources
            if _is_wanted(resource)
        ]
        while waiting:
            taken, resource = waiting.pop()
            found = out.setdefault(taken.package.folder, {})
            if resource["url"] in found:
                continue
            found[resource["url"]] = resource
            for canonical in _named(resource):
                other = self.find(canonical, "StructureDefinition")
                if other and other[0].take != "all" and _is_wanted(other[1]):
                    waiting.append(other)
        return out


def _fits(wanted: str, version: str) -> bool:
    return version == wanted or version.startswith(wanted + ".")


def _is_wanted(resource: Json) -> bool:
    return (
        resource["resourceType"] == "StructureDefinition"
        and resource.get("kind") != "logical"
        and "snapshot" in resource
    )


def _named(sd: Json) -> Iterator[str]:
    yield sd.get("baseDefinition", "")
    for element in sd["snapshot"]["element"]:
        for kind in element.get("type", ()):
            yield from kind.get("profile", ())
            yield from kind.get("targetProfile", ())


def _bindings(sd: Json, strengths: frozenset[str]) -> Iterator[str]:
    for element in sd["snapshot"]["element"]:
        binding = element.get("binding", {})
        if binding.get("strength") in strengths and binding.get("valueSet"):
            yield binding["valueSet"]


# structures -------------------------------------------------------------------------------------


def _structure_lines(sd: Json, shelf: _Shelf) -> Iterator[Json]:
    base = shelf.find(sd.get("baseDefinition", ""), "StructureDefinition")
    inherits = base is not None and sd.get("derivation") == "constraint" and _is_wanted(base[1])
    before = _elements(base[1]) if base and inherits else {}
    own = {key: value for key, value in _elements(sd).items() if before.get(key) != value}
    invariants = _invariants(sd)
    used = {key for element in own.values() for key in element.get("invariants", ())}
    yield _dropped_empty(
        {
            "structure": sd["url"],
            "version": sd.get("version", ""),
            "name": sd["id"],
            "type": sd["type"],
            "kind": sd["kind"],
            "abstract": sd.get("abstract", False),
            "base": sd.get("baseDefinition", ""),
            "whole": not inherits,
            "context": [
                {"type": c["type"], "expression": c["expression"]} for c in sd.get("context", ())
            ],
            "contextInvariants": sd.get("contextInvariant", []),
            "invariants": {key: invariants[key] for key in sorted(used)},
        }
    )
    yield from own.values()


def _elements(sd: Json) -> dict[str, Json]:
    return {e["id"]: _element(e, sd) for e in sd["snapshot"]["element"]}


def _element(element: Json, sd: Json) -> Json:
    base_max = element.get("base", {}).get("max", element["max"])
    out: Json = {"id": element["id"], "min": element["min"], "max": element["max"]}
    if base_max not in ("0", "1"):
        out["list"] = True
    out["types"] = [_type(kind) for kind in element.get("type", ())]
    if sd["kind"] == "resource" and element["id"] == f"{sd['type']}.id":
        out["types"] = [{"code": "id"}]  # R4 writes string here, its prose says id
    out["contentReference"] = element.get("contentReference", "").rpartition("#")[2]
    for key, value in element.items():
        if key.startswith("fixed") or key.startswith("pattern"):
            name = "fixed" if key.startswith("fixed") else "pattern"
            out[name] = value
            out[name + "Type"] = key.removeprefix(name)
        elif key.startswith(("minValue", "maxValue")) or key in _LIMITS:
            out[key] = value
    out["slicing"] = _slicing(element.get("slicing"))
    out["binding"] = _binding(element.get("binding", {}))
    out["invariants"] = _keys(element, sd)
    out["modifier"] = element.get("isModifier", False)
    out = {key: value for key, value in out.items() if value or key in ("min", "fixed", "pattern")}
    if "." not in element["id"]:
        out = {key: value for key, value in out.items() if key not in ("min", "max", "list")}
    if out.get("min") == 0:
        del out["min"]
    if out.get("max") == "1":
        del out["max"]
    return out


def _type(kind: Json) -> Json:
    code = kind["code"].rpartition("/")[2]
    if code.startswith("System."):
        code = "System.String"
    for extension in kind.get("extension", ()):
        if extension["url"].endswith("structuredefinition-fhir-type"):
            code = extension.get("valueUrl", extension.get("valueUri", code))
    return _dropped_empty(
        {
            "code": code,
            "profiles": kind.get("profile", []),
            "targets": kind.get("targetProfile", []),
            "aggregation": kind.get("aggregation", []),
        }
    )


def _slicing(slicing: Json | None) -> Json:
    if not slicing:
        return {}
    return _dropped_empty(
        {
            "by": [[d["type"], d["path"]] for d in slicing.get("discriminator", ())],
            "rules": slicing.get("rules", "open"),
            "ordered": slicing.get("ordered", False),
        }
    )


def _binding(binding: Json) -> Json:
    if binding.get("strength") not in _DECIDED or not binding.get("valueSet"):
        return {}
    return {"strength": binding["strength"], "values": binding["valueSet"]}


def _keys(element: Json, sd: Json) -> list[str]:
    """Ids of invariants, without those that the element's type carries anyway."""
    is_root = "." not in element["id"]
    types = {kind["code"].rpartition("/")[2] for kind in element.get("type", ())}
    out = []
    for constraint in element.get("constraint", ()):
        source = constraint.get("source", "").partition("|")[0].rpartition("/")[2]
        if constraint["key"] in _IMPLIED and not (
            is_root and sd["type"] in ("Element", "Extension")
        ):
            continue
        if not is_root and (source in types or source in _ROOT_BASES):
            continue
        if "expression" in constraint:
            out.append(constraint["key"])
    return out


def _invariants(sd: Json) -> dict[str, Json]:
    return {
        c["key"]: {"severity": c["severity"], "expression": c["expression"]}
        for element in sd["snapshot"]["element"]
        for c in element.get("constraint", ())
        if "expression" in c
    }


def _dropped_empty(value: Json) -> Json:
    return {key: item for key, item in value.items() if item not in ("", [], {}, False, None)}


# terminology ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Codes:
    """What a value set allows, by system: listed codes, whole systems, undecidable systems."""

    codes: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    open: bool = False


def _terminology(shelf: _Shelf, bound: set[str], named: set[str]) -> dict[str, dict[str, Json]]:
    """Lines of the value sets that are bound, and of the complete code systems behind them.

    Behind value sets that only serve as example, too: a code of a known system must exist.
    """
    out: dict[str, dict[str, Json]] = {}
    systems: set[str] = set()
    for canonical in sorted(bound):
        found = shelf.find(canonical, "ValueSet")
        if not found:
            continue
        taken, value_set = found
        allowed = shelf.expanded(value_set)
        systems |= set(allowed.codes) | allowed.whole | allowed.undecided
        out.setdefault(taken.package.folder, {})["v " + value_set["url"]] = _dropped_empty(
            {
                "valueset": value_set["url"],
                "version": value_set.get("version", ""),
                "codes": {s: sorted(c) for s, c in sorted(allowed.codes.items())},
                "whole": sorted(allowed.whole),
                "undecided": sorted(allowed.undecided),
                "open": allowed.open,
            }
        )
    for canonical in sorted(named):
        found = shelf.find(canonical, "ValueSet")
        if found:
            allowed = _expand(found[1], shelf, ())
            systems |= set(allowed.codes) | allowed.whole
    for system in sorted(systems):
        found = shelf.find(system, "CodeSystem")
        if not found or found[1].get("content") != "complete":
            continue
        taken, code_system = found
        out.setdefault(taken.package.folder, {})["s " + code_system["url"]] = _dropped_empty(
            {
                "codesystem": code_system["url"],
                "version": code_system.get("version", ""),
                "anyCase": code_system.get("caseSensitive") is False,
                "codes": sorted(_concepts(code_system)),
            }
        )
    return out


def _concepts(code_system: Json) -> dict[str, tuple[str, ...]]:
    """Every code with the codes above it."""
    out: dict[str, tuple[str, ...]] = {}
    stack: list[tuple[Json, tuple[str, ...]]] = [(c, ()) for c in code_system.get("concept", ())]
    while stack:
        concept, above = stack.pop()
        parents = tuple(
            p["valueCode"]
            for p in concept.get("property", ())
            if p.get("code") in ("subsumedBy", "parent") and "valueCode" in p
        )
        out[concept["code"]] = above + parents
        below = (*above, concept["code"])
        stack.extend((child, below) for child in concept.get("concept", ()))
    return out


def _expand(value_set: Json, shelf: _Shelf, seen: tuple[str, ...]) -> _Codes:
    out = _Codes()
    compose = value_set.get("compose", {})
    if value_set["url"] in seen or not compose.get("include"):
        return _listed(value_set) or _Codes(open=True)
    seen = (*seen, value_set["url"])
    for include in compose["include"]:
        _merge(out, _included(include, shelf, seen))
    if out.open and (listed := _listed(value_set)):
        return listed
    for exclude in compose.get("exclude", ()):
        without = _included(exclude, shelf, seen)
        for system, codes in without.codes.items():
            if system in out.codes:
                out.codes[system] -= codes
            elif system in out.whole and (found := shelf.find(system, "CodeSystem")):
                out.whole.discard(system)
                out.codes[system] = set(_concepts(found[1])) - codes
    return out


def _listed(value_set: Json) -> _Codes | None:
    """The codes of an expansion that a package carries, when it is complete."""
    expansion = value_set.get("expansion", {})
    contains = expansion.get("contains", ())
    if not contains or expansion.get("total", len(contains)) > len(contains):
        return None
    out = _Codes()
    for item in contains:
        out.codes.setdefault(item["system"], set()).add(item["code"])
    return out


def _merge(into: _Codes, other: _Codes) -> None:
    for system, codes in other.codes.items():
        into.codes.setdefault(system, set()).update(codes)
    into.whole |= other.whole
    into.undecided |= other.undecided
    into.open |= other.open


def _included(include: Json, shelf: _Shelf, seen: tuple[str, ...]) -> _Codes:
    out = _Codes()
    for canonical in include.get("valueSet", ()):
        found = shelf.find(canonical, "ValueSet")
        _merge(out, _expand(found[1], shelf, seen) if found else _Codes(open=True))
    system = include.get("system")
    if not system:
        return out
    if include.get("concept"):
        out.codes.setdefault(system, set()).update(c["code"] for c in include["concept"])
        return out
    found = shelf.find(system, "CodeSystem")
    known = found is not None and found[1].get("content") == "complete"
    if not include.get("filter"):
        (out.whole if known else out.undecided).add(system)
        return out
    codes = _filtered(found[1], include["filter"]) if found and known else None
    if codes is None:
        out.undecided.add(system)
    else:
        out.codes.setdefault(system, set()).update(codes)
    return out


def _filtered(code_system: Json, filters: list[Json]) -> set[str] | None:
    """Codes that pass `concept is-a` and `descendent-of` filters; None for any other filter."""
    concepts = _concepts(code_system)
    out = set(concepts)
    for item in filters:
        if item["property"] != "concept" or item["op"] not in ("is-a", "descendent-of", "is-not-a"):
            return None
        below = {code for code in concepts if _is_below(code, item["value"], concepts)}
        if item["op"] == "is-a":
            below.add(item["value"])
        out = out - below - {item["value"]} if item["op"] == "is-not-a" else out & below
    return out


def _is_below(code: str, top: str, concepts: dict[str, tuple[str, ...]]) -> bool:
    seen: set[str] = set()
    waiting = list(concepts.get(code, ()))
    while waiting:
        above = waiting.pop()
        if above == top:
            return True
        if above not in seen:
            seen.add(above)
            waiting.extend(concepts.get(above, ()))
    return False
