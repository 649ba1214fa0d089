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

from app.fhir.validate.expand import terminology
from app.fhir.validate.shelf import Shelf, Taken, dropped_empty, is_wanted

Json = dict[str, Any]

_IMPLIED: Final = frozenset({"ele-1", "ext-1"})
_ROOT_BASES: Final = ("Element", "Resource", "DomainResource", "BackboneElement")
_LIMITS: Final = ("maxLength",)
_DECIDED: Final = frozenset({"required", "extensible", "preferred"})
_EXAMPLES: Final = frozenset({"example"})


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


def extract(guides: Iterable[list[Taken]]) -> dict[str, Facts]:
    """Facts of all packages of some guides, by package folder.

    Each guide is its list of packages, the most specific first: that order decides which
    definition a canonical without version means.
    """
    out: dict[str, Facts] = {}
    chosen: dict[str, dict[str, Json]] = {}
    terms: dict[str, dict[str, Json]] = {}
    for guide in guides:
        shelf = Shelf(guide)
        structures = shelf.reachable()
        for folder, found in structures.items():
            chosen.setdefault(folder, {}).update(found)
        taken = [sd for found in structures.values() for sd in found.values()]
        bound = {b for sd in taken for b in _bindings(sd, _DECIDED)}
        named = {b for sd in taken for b in _bindings(sd, _EXAMPLES)}
        for folder, lines in terminology(shelf, bound, named - bound).items():
            terms.setdefault(folder, {}).update(lines)
        for folder, found in structures.items():
            facts = out.setdefault(folder, Facts())
            _add_structures(facts, found, shelf)
    for folder, lines in terms.items():
        facts = out.setdefault(folder, Facts())
        facts.terminology = [lines[key] for key in sorted(lines)]
    return out


def _add_structures(facts: Facts, found: dict[str, Json], shelf: Shelf) -> None:
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


def _bindings(sd: Json, strengths: frozenset[str]) -> Iterator[str]:
    for element in sd["snapshot"]["element"]:
        binding = element.get("binding", {})
        if binding.get("strength") in strengths and binding.get("valueSet"):
            yield binding["valueSet"]


# structures -------------------------------------------------------------------------------------


def _structure_lines(sd: Json, shelf: Shelf) -> Iterator[Json]:
    base = shelf.find(sd.get("baseDefinition", ""), "StructureDefinition")
    inherits = base is not None and sd.get("derivation") == "constraint" and is_wanted(base[1])
    before = _elements(base[1]) if base and inherits else {}
    own = {key: value for key, value in _elements(sd).items() if before.get(key) != value}
    invariants = _invariants(sd)
    used = {key for element in own.values() for key in element.get("invariants", ())}
    yield dropped_empty(
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
    return {e["id"]: _element(e, sd) for e in sd["snapshot"]["element"] if not _strayed(e, sd)}


def _strayed(element: Json, sd: Json) -> bool:
    """Whether a type's snapshot has an element of its own that its differential does not have.

    A published type lists all of its own elements in both. The archive of base R4 at hand had been
    through other software, which left 74 foreign ones (`Meta.author`, `Binary.url`, ...) behind.
    """
    if sd.get("derivation") == "constraint" or "differential" not in sd:
        return False
    own = element.get("base", {}).get("path") == element["path"]
    return own and all(e["id"] != element["id"] for e in sd["differential"]["element"])


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
    return dropped_empty(
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
    return dropped_empty(
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
