"""Fixed values, patterns and slice discriminators: does this JSON match what a profile says?"""

# ruff: noqa: ARG001, ARG005 - tests share one signature
from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Final

from app.fhir.validate.run import Run
from app.fhir.validate.terminology import Terms, coding_in
from app.fhir.validate.tree import Node

Json = dict[str, Any]
Test = Callable[[Any, Run], bool]
Grow = Callable[[str], Node | None]

_STEP: Final = re.compile(r"extension\('([^']+)'\)|resolve\(\)|ofType\((\w+)\)|\$this|(\w+)")


def contains(pattern: Any, value: Any) -> bool:
    """Whether a value has everything that a pattern has (ElementDefinition.pattern[x])."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and contains(part, value[key]) for key, part in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(contains(part, item) for item in value) for part in pattern
        )
    return same(pattern, value)


def holding(pattern: Any) -> Callable[[Any], bool]:
    """`contains` for one pattern; a single coding, the usual one, is compared directly."""
    match pattern:
        case {"coding": [{"system": str(system), "code": str(code), **others}], **rest} if not (
            others or rest
        ):

            def coded(value: Any) -> bool:
                listed = value.get("coding") if type(value) is dict else None
                for coding in listed if type(listed) is list else ():
                    if type(coding) is not dict or coding.get("code") != code:
                        continue
                    if coding.get("system") == system:
                        return True
                return False

            return coded
        case str():
            return lambda value: type(value) is str and value == pattern
        case dict() if len(pattern) == 1:
            [(name, part)] = pattern.items()
            holds = holding(part)
            return lambda value: type(value) is dict and name in value and holds(value[name])
    return lambda value: contains(pattern, value)


def same(expected: Any, value: Any) -> bool:
    """Equality of JSON, in which true is not 1."""
    return bool(expected == value) and isinstance(expected, bool) == isinstance(value, bool)


def steps_of(path: str) -> list[tuple[str, str]]:
    """Steps of a discriminator path: (`name`|`extension`|`resolve`|`ofType`, argument)."""
    out = []
    for match in _STEP.finditer(path.replace(" as ", ".ofType(") + (")" if " as " in path else "")):
        extension, kind, name = match.groups()
        if extension:
            out.append(("extension", extension))
        elif kind:
            out.append(("ofType", kind))
        elif name:
            out.append(("name", name))
        elif match[0] == "resolve()":
            out.append(("resolve", ""))
    return out


def values_at(value: Any, steps: list[tuple[str, str]], run: Run) -> list[Any]:
    """What a discriminator path reaches in an element, as FHIRPath would."""
    found = [value]
    for number, (kind, argument) in enumerate(steps):
        if kind == "ofType":
            continue
        then = steps[number + 1] if number + 1 < len(steps) else ("", "")
        found = [item for one in found for item in _step(one, kind, argument, then, run)]
    return found


def _step(one: Any, kind: str, argument: str, then: tuple[str, str], run: Run) -> list[Any]:
    if kind == "resolve":
        address = one.get("reference") if isinstance(one, dict) else one
        target = run.find(address) if isinstance(address, str) else None
        return [] if target is None else [target]
    if not isinstance(one, dict):
        return []
    if kind == "extension":
        listed = one.get("extension")
        return [
            e
            for e in (listed if isinstance(listed, list) else ())
            if isinstance(e, dict) and e.get("url") == argument
        ]
    if then[0] == "ofType":
        wanted = argument + then[1][:1].upper() + then[1][1:]
        part = one.get(wanted)
    else:
        part = one.get(argument)
        if part is None:
            part = next((v for k, v in one.items() if _is_choice(k, argument)), None)
    if part is None:
        return []
    return part if isinstance(part, list) else [part]


def _is_choice(key: str, name: str) -> bool:
    return key.startswith(name) and len(key) > len(name) and key[len(name)].isupper()


class Matchers:
    """Makes a test for each slice from its discriminators."""

    def __init__(self, terms: Terms, grow: Grow) -> None:
        self._terms = terms
        self._grow = grow

    def for_slice(self, part: Node, by: list[list[str]]) -> Test:
        """Whether an element belongs to a slice; all discriminators must agree."""
        tests = [self._one(part, kind, path) for kind, path in by]
        if len(tests) == 1:
            return tests[0]
        return lambda value, run: all(test(value, run) for test in tests)

    def plain(self, part: Node, by: list[list[str]]) -> tuple[str, Any] | None:
        """The property ("" for the element itself) and the pattern that it has in a slice.

        None where more than that decides.
        """
        if len(by) != 1 or by[0][0] not in ("value", "pattern"):
            return None
        steps = steps_of(by[0][1])
        if len(steps) > 1 or any(step[0] != "name" for step in steps):
            return None
        node, pattern = self._walk(part, steps)
        if pattern is None and node is not None and "fixed" not in node.element:
            pattern = node.element.get("pattern")
        return None if pattern is None else (steps[0][1] if steps else "", pattern)

    def types(self, part: Node, by: list[list[str]]) -> tuple[str, frozenset[str]] | None:
        """The property whose resource type decides about a slice, and which types that are."""
        if len(by) != 1 or by[0][0] != "type":
            return None
        steps = steps_of(by[0][1])
        if len(steps) != 1 or steps[0][0] != "name":
            return None
        node = self._walk(part, steps)[0]
        return steps[0][1], frozenset(kind["code"] for kind in node.types) if node else frozenset()

    def _one(self, part: Node, kind: str, path: str) -> Test:
        steps = steps_of(path)
        if kind in ("value", "pattern"):
            return self._value(part, steps)
        if kind == "type":
            return self._type(part, steps)
        if kind == "exists":
            node = self._walk(part, steps)[0]
            wanted = node is None or node.max != 0
            return lambda value, run: bool(values_at(value, steps, run)) is wanted
        return self._profile(part, steps)

    def _value(self, part: Node, steps: list[tuple[str, str]]) -> Test:
        node, pattern = self._walk(part, steps)
        if pattern is not None:
            inner: Test | None = _plain(holding(pattern))
        else:
            inner = self._expected(node) if node else None
        return reached(steps, inner) if inner else lambda value, run: False

    def _walk(self, part: Node, steps: list[tuple[str, str]]) -> tuple[Node | None, Any]:
        """The node a path reaches in a slice, and what is left of a pattern met on the way."""
        node: Node | None = part
        pattern: Any = part.element.get("pattern") if steps else None
        for kind, argument in steps:
            if node is None and pattern is None:
                break
            if kind == "name":
                pattern = _descend(pattern, argument)
                node = self._child(node, argument) if node else None
            elif kind == "extension":
                pattern, node = None, self._extension(node, argument) if node else None
            elif kind == "resolve":
                pattern, node = None, self._target(node) if node else None
            if node is not None and kind != "ofType" and "pattern" in node.element:
                pattern = None if steps[-1] == (kind, argument) else node.element["pattern"]
        return node, pattern

    def _child(self, node: Node, name: str) -> Node | None:
        found = node.children.get(name) or node.children.get(name + "[x]")
        if found is None:
            found = next(
                (c for k, c in node.children.items() if k.endswith("[x]") and k[:-3] == name), None
            )
        if found is None:
            for kind in node.types:
                for canonical in kind.get("profiles", ()):
                    grown = self._grow(canonical)
                    if grown:
                        return self._child(grown, name)
        if found is not None and len(found.slices) == 1:
            return next(iter(found.slices.values()))
        return found

    def _extension(self, node: Node, url: str) -> Node | None:
        holder = node.children.get("extension")
        for part in holder.slices.values() if holder else ():
            if slice_url(part) == url:
                return part
        return self._grow(url)

    def _target(self, node: Node) -> Node | None:
        targets = [t for kind in node.types for t in kind.get("targets", ())]
        return self._grow(targets[0]) if len(targets) == 1 else None

    def _expected(self, node: Node) -> Test | None:
        element = node.element
        if "fixed" in element:
            fixed = element["fixed"]
            return lambda value, run: same(fixed, value)
        if "pattern" in element:
            return _plain(holding(element["pattern"]))
        parts = [
            (name.removesuffix("[x]"), test)
            for name, child in node.children.items()
            if name not in ("id", "extension")
            and (child.min > 0 or "fixed" in child.element or "pattern" in child.element)
            and (test := self._expected(child))
        ]
        if parts:
            steps = [(steps_of(name), test) for name, test in parts]
            return lambda value, run: all(
                any(test(x, run) for x in values_at(value, path, run)) for path, test in steps
            )
        return self._bound(node)

    def _bound(self, node: Node) -> Test | None:
        binding = node.element.get("binding", {})
        values = self._terms.value_set(binding["values"]) if binding else None
        if values is None or binding["strength"] != "required":
            return None

        def test(value: Any, run: Run) -> bool:
            if isinstance(value, str):
                return any(value in codes for codes in values.codes.values())
            listed = value.get("coding", [value]) if isinstance(value, dict) else []
            return any(
                coding_in(values, c)
                for c in (listed if isinstance(listed, list) else ())
                if isinstance(c, dict)
            )

        return test

    def _type(self, part: Node, steps: list[tuple[str, str]]) -> Test:
        node = self._walk(part, steps)[0]
        wanted = frozenset(kind["code"] for kind in node.types) if node else frozenset()

        def test(value: Any, run: Run) -> bool:
            return any(
                isinstance(x, dict) and _is_one_of(x.get("resourceType"), wanted)
                for x in values_at(value, steps, run)
            )

        return test

    def _profile(self, part: Node, steps: list[tuple[str, str]]) -> Test:
        """Profile discriminators: the claimed profile, or the type where none is claimed."""
        node = self._walk(part, steps)[0]
        profiles = {
            p.partition("|")[0]
            for kind in (node.types if node else ())
            for p in [*kind.get("profiles", ()), *kind.get("targets", ())]
        }
        types = {grown.path for p in profiles if (grown := self._grow(p))}

        def test(value: Any, run: Run) -> bool:
            for x in values_at(value, steps, run):
                if not isinstance(x, dict) or not _is_one_of(x.get("resourceType"), types):
                    continue
                claimed = x["meta"].get("profile") if isinstance(x.get("meta"), dict) else None
                if not isinstance(claimed, list) or any(
                    isinstance(c, str) and c.partition("|")[0] in profiles for c in claimed
                ):
                    return True
            return False

        return test


def _plain(test: Callable[[Any], bool]) -> Test:
    return lambda value, run: test(value)


def reached(steps: list[tuple[str, str]], inner: Test) -> Test:
    """Whether a test holds for anything that a path reaches; usual paths are looked up directly."""
    if not steps:
        return inner
    match steps:
        case [("extension", url), ("name", name), ("ofType", kind)]:
            return _extended(url, name + kind[:1].upper() + kind[1:], inner)
        case [("name", name)]:
            return _named(name, steps, inner)
    return lambda v, run: any(inner(x, run) for x in values_at(v, steps, run))


def _extended(url: str, key: str, inner: Test) -> Test:
    def one(value: Any, run: Run) -> bool:
        listed = value.get("extension") if type(value) is dict else None
        for extension in listed if type(listed) is list else ():
            if type(extension) is dict and extension.get("url") == url:
                part = extension.get(key)
                if type(part) is list:
                    if any(inner(x, run) for x in part):
                        return True
                elif part is not None and inner(part, run):
                    return True
        return False

    return one


def _named(name: str, steps: list[tuple[str, str]], inner: Test) -> Test:

    def one(value: Any, run: Run) -> bool:
        part = value.get(name) if type(value) is dict else None
        if type(part) is dict or type(part) is str:
            return inner(part, run)
        return any(inner(x, run) for x in values_at(value, steps, run))

    return one


def _is_one_of(kind: Any, wanted: Collection[str]) -> bool:
    return isinstance(kind, str) and kind in wanted


def _descend(pattern: Any, name: str) -> Any:
    if isinstance(pattern, list):
        pattern = pattern[0] if pattern else None
    return pattern.get(name) if isinstance(pattern, dict) else None


def slice_url(part: Node) -> str:
    """The url that an extension slice stands for."""
    url = part.children.get("url")
    if url is not None and "fixed" in url.element:
        return str(url.element["fixed"])
    for kind in part.types:
        for canonical in kind.get("profiles", ()):
            return str(canonical).partition("|")[0]
    return ""
