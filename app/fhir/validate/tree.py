"""Elements of a structure as a tree: children by name, slices by slice name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.fhir.validate.facts import Structure

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Node:
    """One element definition.

    `path` is the element path without slice names (`Claim.item`); `children` are keyed by element
    name (`value[x]` for a choice), `slices` by slice name.
    """

    element: Json
    structure: Structure
    path: str
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)

    @property
    def min(self) -> int:
        """Smallest number of occurrences."""
        return int(self.element.get("min", 0))

    @property
    def max(self) -> int | None:
        """Largest number of occurrences; None is any."""
        text = self.element.get("max", "1")
        return None if text == "*" else int(text)

    @property
    def is_list(self) -> bool:
        """Whether JSON has an array here."""
        return bool(self.element.get("list"))

    @property
    def types(self) -> list[Json]:
        """Allowed types; empty for roots and content references."""
        return self.element.get("types", [])  # type: ignore[no-any-return]


def grow(structure: Structure) -> Node:
    """The tree of a structure; slices that list no children of their own get the unsliced ones."""
    root = Node(structure.root, structure, structure.type)
    for element_id, element in structure.elements.items():
        if element_id != structure.type:
            _plant(root, element_id.split(".")[1:], element)
    _inherit(root)
    return root


def _plant(root: Node, segments: list[str], element: Json) -> None:
    node = root
    for number, segment in enumerate(segments):
        name, _, slice_name = segment.partition(":")
        last = number == len(segments) - 1
        node = _step(node, name, slice_name)
        if last:
            node.element = element


def _step(node: Node, name: str, slice_name: str) -> Node:
    child = node.children.get(name)
    if child is None:
        child = node.children[name] = Node({}, node.structure, f"{node.path}.{name}")
    if not slice_name:
        return child
    found = child.slices.get(slice_name)
    if found is None:
        found = child.slices[slice_name] = Node({}, node.structure, child.path)
    return found


def _inherit(node: Node) -> None:
    for child in node.children.values():
        _inherit(child)
        for name, part in child.slices.items():
            merged = merge(child, part, with_slices=False)
            child.slices[name] = merged
            _inherit(merged)


def merge(below: Node, above: Node, *, with_slices: bool = True) -> Node:
    """A node with the facts of `above`, and what only `below` has among children and slices."""
    out = Node(above.element or below.element, above.structure, below.path)
    out.children = dict(below.children)
    for name, child in above.children.items():
        out.children[name] = merge(below.children[name], child) if name in below.children else child
    out.slices = dict(below.slices) if with_slices else {}
    for name, part in above.slices.items():
        out.slices[name] = merge(out.slices[name], part) if name in out.slices else part
    return out


def tighten(below: Node, above: Node) -> Node:
    """A node that keeps the stricter of two definitions, child by child.

    For elements whose type has a profile and which list children too: published snapshots list
    them as the plain type has them, without what the type's profile asks for.
    """
    out = Node(_stricter(below.element, above.element), above.structure, below.path)
    out.children = dict(below.children)
    for name, child in above.children.items():
        known = below.children.get(name)
        out.children[name] = tighten(known, child) if known else child
    out.slices = {**below.slices, **above.slices}
    return out


def _stricter(below: Json, above: Json) -> Json:
    out = {**below, **above}
    out["min"] = max(below.get("min", 0), above.get("min", 0))
    limits = [text for text in (below.get("max", "1"), above.get("max", "1")) if text != "*"]
    out["max"] = min(limits, key=int) if limits else "*"
    out["invariants"] = list(
        dict.fromkeys([*below.get("invariants", ()), *above.get("invariants", ())])
    )
    if not any(kind.get("profiles") or kind.get("targets") for kind in above.get("types", ())):
        out["types"] = [
            kind
            for kind in below.get("types", ())
            if any(kind["code"] == other["code"] for other in above.get("types", ()))
        ] or above.get("types", [])
    strengths = ("required", "extensible", "preferred")
    bindings = [b for b in (above.get("binding"), below.get("binding")) if b]
    if bindings:
        out["binding"] = min(bindings, key=lambda b: strengths.index(b["strength"]))
    return out
