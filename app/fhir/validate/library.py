"""Structures as the compiler looks at them: trees, ancestry, outlines; each worked out once."""

from __future__ import annotations

from app.fhir import urls
from app.fhir.validate.facts import Facts, Structure
from app.fhir.validate.tree import Node, grow


class Library:
    """The structures of one guide."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._trees: dict[str, Node] = {}
        self._resource_types: dict[str, bool] = {}
        self._lineages: dict[str, tuple[tuple[str, ...], str]] = {}
        self._outlines: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def lineage(self, canonical: str) -> tuple[tuple[str, ...], str]:
        """A structure and all that it derives from, with versions; and its type ("" if unknown)."""
        known = self._lineages.get(canonical)
        if known is None:
            names: list[str] = []
            structure = self.facts.structure(canonical)
            kind = structure.type if structure else ""
            while structure is not None and structure.versioned not in names:
                names.append(structure.versioned)
                structure = self.facts.structure(structure.base) if structure.base else None
            known = (tuple(names), kind)
            if names:
                self._lineages[canonical] = known
        return known

    def outline(self, canonical: str) -> tuple[frozenset[str], frozenset[str]]:
        """Names of a structure's elements that are required, and of those that it leaves out."""
        known = self._outlines.get(canonical)
        if known is None:
            root = self.grown(canonical)
            children = root.children.items() if root else ()
            known = self._outlines[canonical] = (
                frozenset(name for name, c in children if c.min > 0 and name[-1] != "]"),
                frozenset(name for name, c in children if c.max == 0),
            )
        return known

    def tree(self, structure: Structure) -> Node:
        """The element tree of a structure."""
        key = structure.versioned
        if key not in self._trees:
            self._trees[key] = grow(structure)
        return self._trees[key]

    def grown(self, canonical: str) -> Node | None:
        """The tree of a structure by canonical; None when it is not known."""
        structure = self.facts.structure(canonical)
        return self.tree(structure) if structure else None

    def is_resource(self, code: str) -> bool:
        """Whether a type is a resource type of R4."""
        if code not in self._resource_types:
            structure = self.facts.structure(urls.core_type(code))
            if structure is None:
                return False
            self._resource_types[code] = structure.header.get("kind") == "resource"
        return self._resource_types[code]

    def kinds(self, path: str, code: str) -> tuple[str, ...]:
        """What an element of a path and type is called in extension contexts."""
        out = [path, code]
        structure = self.facts.structure(urls.core_type(code))
        while structure is not None and structure.base:
            out.append(structure.base.partition("|")[0].rpartition("/")[2])
            structure = self.facts.structure(structure.base)
        return tuple(dict.fromkeys(out))
