"""One generated question for each property of a data type: is there nothing to say about it?

Most of what is sent is sound, and most of that are codings, identifiers, addresses, extensions. The
closures of `compiler.py` take a call for each part of them and carry the place along, which only a
finding needs. `Sounds` writes one Python function for a property with all its parts, which answers
True where those closures would report nothing, and False where they must look: they alone decide
what is wrong. So a question may be too strict, never too lenient; `tests/unit/validate/test_sound.py`
holds it to that.

What is rare (an element's id, an extension inside a data type, a `_x` sibling) is left out of the
questions: one property more than those asked for, and the answer is False.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from app.fhir import urls
from app.fhir.validate import amendments, matching, primitives, references, terminology
from app.fhir.validate.facts import Structure
from app.fhir.validate.invariants import Invariants
from app.fhir.validate.library import Library
from app.fhir.validate.run import Question, Run, Sound
from app.fhir.validate.sound_code import Code
from app.fhir.validate.tree import Node, tighten

Json = dict[str, Any]
Held = Mapping[str, str]
Write = Callable[[Code, str, bool], None]

_ASIDE: Final = frozenset({"id", "extension", "modifierExtension"})
_LIMITS: Final = frozenset({"maxLength", "minValue", "maxValue"})
_INLINE: Final = frozenset({"BackboneElement", "Element"})
_SMALL: Final = frozenset({"Coding", "CodeableConcept"})
"""What is written where it stands, inside other types too."""
_HELD: Final = {"Coding": ("system", "code"), "CodeableConcept": ("coding",)}
"""Properties that are looked at together."""
_MOST_KINDS: Final = 6
_ADDRESS: Final = '{v}[:7] in ROOTS and {v}.isprintable() and " " not in {v}'
_TEXTS: Final = {
    primitives.string: "{v}.isprintable() and {v} and not {v}.isspace()",
    primitives.code: '{v} and {v}.isprintable() and " " not in {v}',
    primitives.uri: _ADDRESS,
    primitives.absolute: _ADDRESS,
    primitives.canonical: _ADDRESS,
}
"""What is enough for most texts of a format, without a call."""


class Odd(Exception):
    """No question is written for this: its closure is always asked."""


class Sounds:
    """Writes the questions of one guide."""

    def __init__(self, library: Library, terms: terminology.Terms, invariants: Invariants) -> None:
        self._library = library
        self._terms = terms
        self._invariants = invariants
        self._known = terminology.known(terms)

    def property(self, node: Node, kind: Json | None) -> Sound | None:
        """The question for a property with all its values; None where none is written."""
        return _made(lambda code: self._property(code, node, kind, "v", False))

    def value(self, node: Node, kind: Json | None) -> Sound | None:
        """The question for one value of an element; None where none is written."""
        return _made(lambda code: self._element(code, node, kind, "v", False))

    def question(self, node: Node, kind: Json | None) -> Question:
        """As `value`, written when it is first asked."""
        return Question(lambda: self.value(node, kind))

    def _property(self, code: Code, node: Node, kind: Json | None, name: str, within: bool) -> None:
        if node.max == 0 or (node.slices and node.is_list):
            raise Odd
        if not node.is_list:
            self._element(code, node, kind, name, within)
            return
        code.unless(f"type({name}) is list and {name}")
        if node.min > 1 or node.max is not None:
            most = "" if node.max is None else f" <= {node.max}"
            code.unless(f"{node.min} <= len({name}){most}")
        one = code.variable()
        with code.block(f"for {one} in {name}:"):
            self._element(code, node, kind, one, within)

    # values -------------------------------------------------------------------------------------

    def _element(self, code: Code, node: Node, kind: Json | None, name: str, within: bool) -> None:
        if kind is None or kind["code"] in _INLINE:
            raise Odd
        if kind["code"] in primitives.TESTS:
            self._primitive(code, node, kind["code"], name)
            return
        if within and kind["code"] not in _SMALL:
            code.unless(f"{code.value(self.question(node, kind))}.ask({name}, run)")
            return
        structure = self._structure(kind)
        below = self._library.tree(structure)
        whole = tighten(below, node) if node.children else below
        held = self._object(code, whole, kind["code"], name)
        self._ruled(code, below.element.get("invariants", ()), structure, kind["code"], name)
        self._stated(code, node, kind, name, held)

    def _structure(self, kind: Json) -> Structure:
        profiles = kind.get("profiles", ())
        facts = self._library.facts
        structure = facts.structure(profiles[0]) if profiles else None
        if structure is None:
            structure = facts.structure(urls.core_type(kind["code"]))
        if structure is None or len(profiles) > 1 or structure.header.get("kind") == "resource":
            raise Odd
        return structure

    def _primitive(self, code: Code, node: Node, kind: str, name: str) -> None:
        element = node.element
        if not _LIMITS.isdisjoint(element):
            raise Odd
        test = primitives.test_of(node.path, kind)
        expected = element.get("fixed", element.get("pattern"))
        if isinstance(expected, str) and test(expected) is None:
            code.unless(f"{name} == {code.value(expected)}")
        elif expected is not None:
            raise Odd
        elif test in _TEXTS:
            usual = f"type({name}) is str and {_TEXTS[test].format(v=name)}"
            code.unless(f"({usual}) or {code.value(test)}({name}) is None")
        else:
            code.unless(f"{code.value(test)}({name}) is None")
        bound = self._terms.bound_text(element, kind)
        allowed = terminology.text_test(bound) if bound else None
        if allowed is not None:
            code.unless(f"{code.value(allowed)}({name})")
        self._ruled(code, element.get("invariants", ()), node.structure, kind, name)

    def _ruled(
        self, code: Code, keys: Iterable[str], structure: Structure, place: str, name: str
    ) -> None:
        rules = self._invariants.later(keys, structure, place)
        if rules is not None:
            made, make = code.value(rules.made), code.value(rules.make)
            code.unless(f"not ({made} or {make}())[0]({name}, run.context)")

    def _stated(self, code: Code, node: Node, kind: Json, name: str, held: Held) -> None:
        """What an element adds to its type; `held` are the variables of its properties."""
        element = node.element
        if "fixed" in element:
            raise Odd
        if "pattern" in element:
            code.unless(f"{code.value(matching.holding(element['pattern']))}({name})")
        if kind["code"] == "Reference":
            targets = references.Targets.of(kind.get("targets", ()), self._library)
            code.unless(f"{code.value(targets.follow)}({name}, run)")
        self._bound(code, node, kind["code"], name, held)
        if kind["code"] == "Coding":
            system, one = held["system"], held["code"]
            known = code.value(self._known)
            code.unless(f"{system} is None or {one} is None or {known}({system}, {one})")
        self._ruled(code, element.get("invariants", ()), node.structure, kind["code"], name)

    def _bound(self, code: Code, node: Node, kind: str, name: str, held: Mapping[str, str]) -> None:
        binding = node.element.get("binding")
        values = self._terms.value_set(binding["values"]) if binding else None
        if not binding or values is None:
            return
        if terminology.coded(values, amendments.strength(binding, node.path), kind) is None:
            return
        codes, undecided = code.value(values.codes), code.value(values.undecided)
        if kind != "CodeableConcept":
            within = f"{code.value(terminology.coding_in)}({code.value(values)}, {name})"
            code.unless(f"'code' not in {name} or {within}")
            return
        one, system = code.variable(), code.variable()
        with code.block(f"for {one} in {held['coding']} or ():"):
            code.add(f"{system} = {one}.get('system')")
            listed = f"{one}.get('code') in {codes}.get({system}, ())"
            code.add(f"if 'code' in {one} and ({system} in {undecided} or {listed}): break")
        code.add("else: return False")

    # objects ------------------------------------------------------------------------------------

    def _object(self, code: Code, node: Node, kind: str, name: str) -> Held:
        """All properties of an object; the variables that hold them."""
        code.unless(f"type({name}) is dict and {name}")
        parts, due = self._parts(node, kind)
        wanted = dict.fromkeys(
            [*due, *_HELD.get(kind, ()), *(parts if kind == "Extension" else ())]
        )
        held = {key: code.variable() for key in wanted}
        if held:
            code.add(f"{' = '.join(held.values())} = None")
        key, value = code.variable(), code.variable()
        word = "if"
        with code.block(f"for {key}, {value} in {name}.items():"):
            for part, write in parts.items():
                start = code.mark()
                try:
                    with code.block(f"{word} {key} == {part!r}:"):
                        if part in held:
                            code.add(f"{held[part]} = {value}")
                        write(code, value, True)
                    word = "elif"
                except Odd:
                    if part in due:
                        raise
                    code.back(start)
            code.add("else: return False" if word == "elif" else "return False")
        for part in due:
            code.unless(f"{held[part]} is not None")
        if kind == "Extension":
            there = [f"({held[part]} is not None)" for part in parts if part != "url"]
            code.unless(f"{' + '.join(there) or '0'} == 1")
        return held

    def _parts(self, node: Node, kind: str) -> tuple[dict[str, Write], list[str]]:
        """The properties of an object that a question can be written for, and those that are due."""
        parts: dict[str, Write] = {}
        due: list[str] = []
        for key, child in node.children.items():
            slices = child.slices.values()
            if kind == "Extension" and key == "extension":
                self._nested(child, parts)
            elif kind == "Extension" and key == "value[x]":
                self._values(child, parts, due)
            elif key.endswith("[x]"):
                if child.min > 0 or any(part.min for part in slices):
                    raise Odd
            elif key not in _ASIDE:
                own = child.types[0] if child.types else None
                parts[key] = self._writer(self._property, child, own)
            if "[" not in key and (child.min > 0 or any(p.min and child.max != 0 for p in slices)):
                due.append(key)
        if any(key not in parts for key in due):
            raise Odd
        return parts, due

    @staticmethod
    def _writer(
        write: Callable[[Code, Node, Json | None, str, bool], None], node: Node, kind: Json | None
    ) -> Write:
        return lambda code, name, within: write(code, node, kind, name, within)

    # extensions ---------------------------------------------------------------------------------

    def _values(self, choice: Node, parts: dict[str, Write], due: list[str]) -> None:
        """The value of an extension; of several types one, by the rule that content comes once."""
        if choice.max == 0:
            return
        if len(choice.types) > _MOST_KINDS or (choice.min > 0 and len(choice.types) > 1):
            raise Odd
        by_type = {k["code"]: part for part in choice.slices.values() for k in part.types[:1]}
        for kind in choice.types:
            type_code = kind["code"]
            part = by_type.get(type_code, choice)
            own = next((k for k in part.types if k["code"] == type_code), kind)
            key = "value" + type_code[:1].upper() + type_code[1:]
            if part.max != 0:
                parts[key] = self._writer(self._element, part, own)
            if part.min > 0:
                due.append(key)

    def _nested(self, child: Node, parts: dict[str, Write]) -> None:
        """The extensions inside an extension, where its definition names them all."""
        if child.max == 0 or not child.slices:
            return
        slots: dict[str, Question] = {}
        counts: list[tuple[str, int, int | None]] = []
        for part in child.slices.values():
            url = matching.slice_url(part)
            counts.append((url, part.min, part.max))
            if self._library.facts.structure(url) is None:
                kind = part.types[0] if part.types else {"code": "Extension"}
                slots[url] = self.question(part, kind)
        inner = _inner(slots, counts, child.min, child.max)

        def write(code: Code, name: str, _within: bool) -> None:
            code.unless(f"type({name}) is list and {code.value(inner)}({name}, run)")

        parts["extension"] = write


def _inner(
    slots: Mapping[str, Question],
    counts: Sequence[tuple[str, int, int | None]],
    least: int,
    most: int | None,
) -> Sound:
    def inner(listed: Any, run: Run) -> bool:
        seen = []
        for item in listed:
            url = item.get("url") if type(item) is dict else None
            asked = slots.get(url) if type(url) is str else None
            if asked is None or not asked.ask(item, run):
                return False
            seen.append(url)
        for url, fewest, highest in counts:
            count = seen.count(url)
            if count < fewest or (highest is not None and count > highest):
                return False
        return 0 < len(seen) >= least and (most is None or len(seen) <= most)

    return inner


def _made(write: Callable[[Code], None]) -> Sound | None:
    code = Code()
    try:
        write(code)
    except Odd:
        return None
    return code.function()
