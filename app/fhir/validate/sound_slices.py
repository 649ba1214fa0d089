"""Questions about sliced lists: to which slice an entry belongs is decided in place."""

from __future__ import annotations

from typing import Any

from app.fhir.validate import matching
from app.fhir.validate.sound_code import Code
from app.fhir.validate.sound_shape import Odd, Part, one_of
from app.fhir.validate.sound_values import Writer
from app.fhir.validate.tree import Node


def write(sounds: Writer, code: Code, part: Part, name: str, items: list[Any]) -> None:
    """A list whose entries belong to slices, as `slices.sliced`."""
    slicing = part.node.element.get("slicing", {})
    by = slicing.get("by", [])
    one = code.variable()
    named = [(n, s) for n, s in part.node.slices.items() if by and "/" not in n]
    tests = [sounds.matchers.for_slice(node, by) for _, node in named]
    counts = [code.variable() for _ in named]
    if counts:
        code.add(f"{' = '.join(counts)} = 0")
    left, word = items, "if"
    with code.block(f"for {one} in {name}:"):
        code.unless(f"type({one}) is dict")
        for (_, node), test, count in zip(named, tests, counts, strict=True):
            own = [item for item in left if test(item, code.run)]
            left = [item for item in left if not test(item, code.run)]
            with code.block(f"{word} {_belongs(sounds, code, node, by, test, one)}:"):
                code.add(f"{count} += 1")
                kind = node.types[0] if node.types else part.kind
                _entry(sounds, code, Part(node, kind, "value", part.place), one, own)
            word = "elif"
        with code.block("else:" if named else "if True:"):
            if slicing.get("rules") == "closed":
                code.add(code.fail)
            _entry(sounds, code, one_of(part), one, left)
    for (_, node), count in zip(named, counts, strict=True):
        if node.min or node.max is not None:
            most = "" if node.max is None else f" <= {node.max}"
            code.unless(f"{node.min} <= {count}{most}")


def _belongs(
    sounds: Writer, code: Code, node: Node, by: list[list[str]], test: matching.Test, name: str
) -> str:
    """That an object belongs to a slice; written out where it is simple."""
    if plain := sounds.matchers.plain(node, by):
        key, pattern = plain
        if not key and type(pattern) is dict and len(pattern) == 1:
            [(key, pattern)] = pattern.items()
        value = f"{name}.get({key!r})" if key else name
        child = node.children.get(key)
        if not key or (child is not None and not child.is_list):
            if type(pattern) is str:
                return f"{value} == {code.value(pattern)}"
            return f"{code.value(matching.holding(pattern))}({value})"
    if types := sounds.matchers.types(node, by):
        inner = code.variable()
        return (
            f"type({inner} := {name}.get({types[0]!r})) is dict and"
            f" type({inner} := {inner}.get('resourceType')) is str and"
            f" {inner} in {code.value(types[1])}"
        )
    return f"{code.value(test)}({name}, run)"


def _entry(sounds: Writer, code: Code, part: Part, name: str, seen: list[Any]) -> None:
    start = code.mark()
    try:
        sounds.element(code, part, name, seen)
    except Odd:
        code.back(start)
        code.add(code.fail)
