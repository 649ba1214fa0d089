"""Reads lists of codes: `E1390`, `E0431-E0434`, `J44.-`, `L89.xx3`, `SNOMED 193031009`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.domain.policy import CodeSet, Terms
from app.rulebook.tree import Node

_RANGE = re.compile(r"([A-Z]*)(\d+)([A-Z]*)-([A-Z]*)(\d+)([A-Z]*)\Z")
_WIDEST = 20_000
_ICD = ("ICD10CM", "ICD10PCS")


def code_set(node: Node, default: str, terms: Terms) -> CodeSet:
    """The codes of a list; `default` is the system of codes written without one."""
    exact: set[tuple[str, str]] = set()
    beginnings: list[tuple[str, str]] = []
    patterns: list[tuple[str, str]] = []
    requested = False
    names = frozenset(terms.systems.values())
    for item in node.listed():
        word = item.word()
        if word == "requested":
            requested = True
            continue
        system, code = _split(item, word, default, names)
        plain = plain_code(system, code)
        if code.endswith("-"):
            beginnings.append((system, plain.rstrip("-")))
        elif "x" in code and system in _ICD:
            patterns.append((system, plain.replace("x", ".")))
        elif "-" in code and system != "LOINC":
            codes = tuple(expand(item, plain))
            if system == "ICD10CM":
                beginnings.extend((system, each) for each in codes)
            else:
                exact.update((system, each) for each in codes)
        else:
            exact.add((system, plain))
    written = tuple(item.word() for item in node.listed())
    return CodeSet(frozenset(exact), tuple(beginnings), tuple(patterns), requested, written)


def plain_code(system: str, code: str) -> str:
    """A code in the one spelling in which codes are compared: ICD-10 without its dot."""
    return code.replace(".", "") if system in _ICD else code


def expand(node: Node, code: str) -> Iterator[str]:
    """Every code of `A-B`, where only the digits differ."""
    ends = _RANGE.match(code)
    if ends is None or (ends[1], ends[3], len(ends[2])) != (ends[4], ends[6], len(ends[5])):
        raise node.wrong(f"{code!r} is no range: both ends must differ in their digits only")
    first, last = int(ends[2]), int(ends[5])
    if not first <= last or last - first > _WIDEST:
        raise node.wrong(f"{code!r} ends before it begins, or holds more than {_WIDEST} codes")
    for number in range(first, last + 1):
        yield f"{ends[1]}{number:0{len(ends[2])}}{ends[3]}"


def from_rows(codes: Iterable[str]) -> CodeSet:
    """The set of plain service codes of a public list."""
    kept = tuple(codes)
    return CodeSet(frozenset(("HCPCS", code) for code in kept), written=kept)


def _split(node: Node, word: str, default: str, names: frozenset[str]) -> tuple[str, str]:
    first, _, rest = word.partition(" ")
    if not rest:
        return default, word
    if first not in names:
        raise node.wrong(f"{first!r} is no code system (there are {', '.join(sorted(names))})")
    return first, rest.strip()
