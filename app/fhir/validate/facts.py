"""Read the fact files of a guide and give whole structures, value sets and code systems.

Files are split into structures when first opened and parsed only for the structures asked for, so
that a process pays for what its documents use. Format: profiles/README.md.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from app import resources
from app.errors import BadData
from app.fhir import urls
from app.fhir.validate.amendments import amended
from app.fhir.validate.packages import read_rows
from app.sealed import sealed

Json = dict[str, Any]

_STRUCTURE: Final = b'{"structure":"'
_TERMS: Final = (b'{"valueset":"', b'{"codesystem":"')
_DEPTH: Final = 20


@sealed(frozen=True, slots=True)
class Structure:
    """A whole structure: its header, and its elements by id, base elements included."""

    header: Json
    elements: Mapping[str, Json]
    invariants: Mapping[str, Json]

    @property
    def url(self) -> str:
        """Canonical without version."""
        return str(self.header["structure"])

    @property
    def versioned(self) -> str:
        """Canonical with version."""
        return f"{self.url}|{self.header.get('version', '')}"

    @property
    def type(self) -> str:
        """The type it describes, as `Claim` or `Identifier`."""
        return str(self.header["type"])

    @property
    def base(self) -> str:
        """Canonical of the base definition, perhaps with version."""
        return str(self.header.get("base", ""))

    @property
    def root(self) -> Json:
        """The root element."""
        return self.elements[self.type]


@sealed(frozen=True, slots=True)
class ValueSet:
    """What a value set allows; see profiles/README.md for the four parts.

    `licensed` says that only the code system is known, not from a package but from X12's naming.
    """

    url: str
    codes: Mapping[str, frozenset[str]]
    undecided: frozenset[str]
    open: bool
    licensed: bool = False


class Facts:
    """All facts of one guide. `structure`, `value_set` and `code_system` answer None if unknown."""

    def __init__(self, folders: list[Path]) -> None:
        self._structures: dict[str, list[tuple[str, list[bytes]]]] = {}
        self._terms: dict[str, bytes] = {}
        self._systems: dict[str, frozenset[str]] = {}
        self._whole: dict[str, Structure] = {}
        self._by_canonical: dict[str, Structure] = {}
        for folder in folders:
            for name in ("structures.jsonl", "extensions.jsonl"):
                for url, version, lines in _blocks(folder / name):
                    self._structures.setdefault(url, []).append((version, lines))
            for key, line in _term_lines(folder / "terminology.jsonl"):
                self._terms.setdefault(key, line)

    def canonicals(self) -> Iterator[str]:
        """Canonicals of all structures, without version."""
        return iter(self._structures)

    def structure(self, canonical: str) -> Structure | None:
        """The structure a canonical means; without version, the guide's most specific one.

        An unknown version falls back to the first known one, as HL7's own engine does not: use
        `knows` to ask for exactly that version.
        """
        known = self._by_canonical.get(canonical)
        if known is not None:
            return known
        url, _, version = canonical.partition("|")
        found = self._structures.get(url)
        if not found:
            return None
        lines = next((ls for v, ls in found if version and v == version), found[0][1])
        structure = self._resolved(url, lines, 0)
        if self.knows(canonical):
            self._by_canonical[canonical] = structure
        return structure

    def knows(self, canonical: str) -> bool:
        """Whether exactly this canonical (with its version, if it has one) is defined here."""
        url, _, version = canonical.partition("|")
        found = self._structures.get(url, ())
        return bool(found) and (not version or any(v == version for v, _ in found))

    def _resolved(self, url: str, lines: list[bytes], depth: int) -> Structure:
        header = orjson.loads(lines[0])
        key = f"{url}|{header.get('version', '')}"
        if key not in self._whole:
            self._whole[key] = self._merged(header, lines, depth)
        return self._whole[key]

    def _merged(self, header: Json, lines: list[bytes], depth: int) -> Structure:
        own = {element["id"]: element for element in map(orjson.loads, lines[1:])}
        invariants = header.get("invariants", {})
        if header.get("whole"):
            return Structure(header, own, invariants)
        base = self._base(header, depth)
        versioned = f"{header['structure']}|{header.get('version', '')}"
        elements = amended(versioned, {**base.elements, **own})
        return Structure(header, elements, {**base.invariants, **invariants})

    def _base(self, header: Json, depth: int) -> Structure:
        url, _, version = header["base"].partition("|")
        found = self._structures.get(url)
        if not found or depth > _DEPTH:
            raise BadData(f"profiles: {header['structure']} has no base {header['base']}")
        lines = next((ls for v, ls in found if version and v == version), found[0][1])
        return self._resolved(url, lines, depth + 1)

    def value_set(self, canonical: str) -> ValueSet | None:
        """A value set with whole systems spelled out."""
        line = self._terms.get("v" + canonical.partition("|")[0])
        if line is None:
            return None
        content = orjson.loads(line)
        codes = {system: frozenset(listed) for system, listed in content.get("codes", {}).items()}
        undecided = set(content.get("undecided", ()))
        for system in content.get("whole", ()):
            known = self.code_system(system)
            if known is None:
                undecided.add(system)
            else:
                codes[system] = known | codes.get(system, frozenset())
        return ValueSet(
            content["valueset"], codes, frozenset(undecided), content.get("open", False)
        )

    def systems(self) -> frozenset[str]:
        """Addresses of the complete code systems."""
        return frozenset(key[1:] for key in self._terms if key[0] == "s")

    def code_system(self, url: str) -> frozenset[str] | None:
        """All codes of a complete code system; only known systems are remembered."""
        known = self._systems.get(url)
        if known is None and (line := self._terms.get("s" + url)) is not None:
            known = self._systems[url] = frozenset(orjson.loads(line).get("codes", ()))
        return known


def _blocks(path: Path) -> Iterator[tuple[str, str, list[bytes]]]:
    """Url, version and lines of each structure in a file."""
    lines = path.read_bytes().splitlines() if path.is_file() else []
    starts = [n for n, line in enumerate(lines) if line.startswith(_STRUCTURE)]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        header = orjson.loads(lines[start])
        yield header["structure"], header.get("version", ""), lines[start:end]


def _term_lines(path: Path) -> Iterator[tuple[str, bytes]]:
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        for kind in _TERMS:
            if line.startswith(kind):
                url = line[len(kind) : line.index(b'"', len(kind))].decode()
                yield ("v" if kind is _TERMS[0] else "s") + url, line


@functools.cache
def load(guide: str) -> Facts:
    """The facts of a guide, read once per process."""
    return read_facts(guide)


def read_facts(guide: str) -> Facts:
    """The facts of a guide named in guides.tsv; BadData when it is not there."""
    folder = resources.data("profiles")
    rows = [row for row in read_rows(folder / "guides.tsv") if row.guide == guide]
    if not rows:
        known = ", ".join(sorted(urls.GUIDES))
        raise BadData(f"no guide {guide} in guides.tsv (known: {known})")
    return Facts([folder / row.package / row.version for row in rows])
