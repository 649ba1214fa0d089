"""Value sets and code systems of packages as lists of codes by system, where they can be listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.fhir.validate.shelf import Shelf, dropped_empty

Json = dict[str, Any]


@dataclass(slots=True)
class Codes:
    """What a value set allows, by system: listed codes, whole systems, undecidable systems."""

    codes: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    open: bool = False


def expanded(value_set: Json, shelf: Shelf) -> Codes:
    """What a value set allows; when it only points elsewhere, what another version lists.

    US Core 6.1 and 7.0 refer to VSAC for race and ethnicity, 3.1.1 lists the same codes.
    """
    allowed = _expand(value_set, shelf, ())
    if not allowed.open:
        return allowed
    for _, other in shelf.by_url[value_set["url"]]:
        if other["resourceType"] == "ValueSet" and other is not value_set:
            listed = _expand(other, shelf, ())
            if not listed.open:
                return listed
    return allowed


def terminology(shelf: Shelf, bound: set[str], named: set[str]) -> dict[str, dict[str, Json]]:
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
        allowed = expanded(value_set, shelf)
        systems |= set(allowed.codes) | allowed.whole | allowed.undecided
        out.setdefault(taken.package.folder, {})["v " + value_set["url"]] = dropped_empty(
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
        out.setdefault(taken.package.folder, {})["s " + code_system["url"]] = dropped_empty(
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


def _expand(value_set: Json, shelf: Shelf, seen: tuple[str, ...]) -> Codes:
    out = Codes()
    compose = value_set.get("compose", {})
    if value_set["url"] in seen or not compose.get("include"):
        return _listed(value_set) or Codes(open=True)
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


def _listed(value_set: Json) -> Codes | None:
    """The codes of an expansion that a package carries, when it is complete."""
    expansion = value_set.get("expansion", {})
    contains = expansion.get("contains", ())
    if not contains or expansion.get("total", len(contains)) > len(contains):
        return None
    out = Codes()
    for item in contains:
        out.codes.setdefault(item["system"], set()).add(item["code"])
    return out


def _merge(into: Codes, other: Codes) -> None:
    for system, codes in other.codes.items():
        into.codes.setdefault(system, set()).update(codes)
    into.whole |= other.whole
    into.undecided |= other.undecided
    into.open |= other.open


def _included(include: Json, shelf: Shelf, seen: tuple[str, ...]) -> Codes:
    out = Codes()
    for canonical in include.get("valueSet", ()):
        found = shelf.find(canonical, "ValueSet")
        _merge(out, _expand(found[1], shelf, seen) if found else Codes(open=True))
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
