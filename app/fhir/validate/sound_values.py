"""Questions about values: primitives, codings, references, and what an element adds to its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from app.fhir.validate import amendments, matching, primitives, references, terminology
from app.fhir.validate.facts import Structure, ValueSet
from app.fhir.validate.invariants import Invariants
from app.fhir.validate.library import Library
from app.fhir.validate.run import Check, Question
from app.fhir.validate.sound_code import Code
from app.fhir.validate.sound_shape import Odd, Part
from app.fhir.validate.tree import Node

Json = dict[str, Any]
Held = Mapping[str, str]

INLINE: Final = frozenset({"BackboneElement", "Element"})
_LIMITS: Final = frozenset({"maxLength", "minValue", "maxValue"})
_ADDRESS: Final = '{v}[:7] in ROOTS and {v}.isprintable() and " " not in {v}'
_STRING: Final = "{v}.isprintable() and {v} and not {v}.isspace()"
_TEXTS: Final = {
    primitives.string: _STRING,
    primitives.code: '{v} and {v}.isprintable() and " " not in {v}',
    primitives.uri: _ADDRESS,
    primitives.absolute: _ADDRESS,
    primitives.canonical: _ADDRESS,
}
"""What is enough for most texts of a format, without a call."""


class Values:
    """Writes what is asked about single values of one guide."""

    def __init__(self, library: Library, terms: terminology.Terms, invariants: Invariants) -> None:
        self._library = library
        self._terms = terms
        self._invariants = invariants
        self._known = terminology.Known(terms)

    def primitive(self, code: Code, node: Node, kind: str, name: str) -> None:
        """Format, fixed value, pattern, binding and invariants of a primitive."""
        element = node.element
        if not _LIMITS.isdisjoint(element):
            raise Odd
        test = primitives.test_of(node.path, kind)
        expected = element.get("fixed", element.get("pattern"))
        bound = self._terms.bound_text(element, kind)
        listed = terminology.text_codes(bound) if bound else None
        if isinstance(expected, bool) and kind == "boolean":
            code.unless(f"{name} is {expected}")
        elif isinstance(expected, str) and test(expected) is None:
            code.unless(f"{name} == {code.value(expected)}")
        elif expected is not None:
            raise Odd
        elif listed is not None and all(test(one) is None for one in listed):
            code.unless(f"type({name}) is str and {name} in {code.value(listed)}")
            bound = None
        elif kind == "boolean":
            code.unless(f"{name} is True or {name} is False")
        elif test in _TEXTS:
            usual = f"type({name}) is str and {_TEXTS[test].format(v=name)}"
            code.unless(f"({usual}) or {code.value(test)}({name}) is None")
        else:
            code.unless(f"{code.value(test)}({name}) is None")
        allowed = terminology.text_test(bound) if bound else None
        if allowed is not None:
            code.unless(f"{code.value(allowed)}({name})")
        self.ruled(code, element.get("invariants", ()), node.structure, kind, name)

    def coding(self, code: Code, name: str, other: str) -> Held:
        """A Coding that a profile says nothing about; `other` is asked where it is unusual."""
        system, one = code.variable(), code.variable()
        code.unless(f"type({name}) is dict")
        code.add(f"{system} = {name}.get('system')")
        code.add(f"{one} = {name}.get('code')")
        known = f"{code.value(self._known)}[{system}]({one})"
        texts = f"type({system}) is str and type({one}) is str"
        with code.block(f"if not ({texts} and {known} and {self._alone(code, name, 2)}):"):
            code.unless(f"{other}({name}, run)")
        return {"system": system, "code": one}

    def concept(self, code: Code, node: Node, name: str, other: str, coding: str) -> None:
        """A CodeableConcept that a profile gives no more than a value set.

        `other` is asked where it is unusual, `coding` where one of its codings is.
        """
        listed, text, one = code.variable(), code.variable(), code.variable()
        code.unless(f"type({name}) is dict")
        code.add(f"{listed} = {name}.get('coding')")
        said = f"type({text} := {name}.get('text')) is str and {_STRING.format(v=text)}"
        alone = f"(len({name}) == 1 or (len({name}) == 2 and {said}))"
        bound = self._bound_by(node, "CodeableConcept")
        with code.block(f"if type({listed}) is list and {listed} and {alone}:"):
            within = code.variable()
            if bound:
                code.add(f"{within} = False")
            with code.block(f"for {one} in {listed}:"):
                held = self.coding(code, one, coding)
                if bound:
                    values = bound[0]
                    codes, undecided = code.value(values.codes), code.value(values.undecided)
                    system, word = held["system"], held["code"]
                    known = f"{word} in {codes}.get({system}, ())"
                    open_ = f"({system} in {undecided} and {word} is not None)"
                    code.add(f"if {known} or {open_}: {within} = True")
            if bound:
                code.add(f"if not {within}: {self._unbound(code, node, *bound, name)}")
        with code.block("else:"):
            code.unless(f"{other}({name}, run)")

    def reference(self, code: Code, kind: Json, name: str, other: str) -> None:
        """A Reference that a profile only gives targets; `other` is asked where it is unusual."""
        targets = references.Targets.of(kind.get("targets", ()), self._library)
        reach = code.value(targets.reach)
        code.unless(f"type({name}) is dict")
        usual = f"{self._alone(code, name, 1)} and {reach}({name}.get('reference'), run)"
        code.unless(f"({usual}) or {other}({name}, run)")

    @staticmethod
    def _alone(code: Code, name: str, count: int) -> str:
        """That an object has so many properties, or a sound display beside them."""
        text = code.variable()
        shown = f"type({text} := {name}.get('display')) is str and {_STRING.format(v=text)}"
        return f"(len({name}) == {count} or (len({name}) == {count + 1} and {shown}))"

    def ruled(
        self, code: Code, keys: Iterable[str], structure: Structure, place: str, name: str
    ) -> None:
        """Invariants of a structure."""
        rules = self._invariants.later(keys, structure, place)
        if rules is not None:
            made, make = code.value(rules.made), code.value(rules.make)
            code.unless(f"not ({made} or {make}())[0]({name}, run.context)")

    def stated(
        self,
        code: Code,
        node: Node,
        kind: Json | None,
        name: str,
        held: Held | None,
        ruled: Structure | None = None,
    ) -> None:
        """What an element adds to its type, `ruled`.

        `held` are the variables of its properties; None where targets and value set were asked.
        """
        element, type_code = node.element, kind["code"] if kind else "BackboneElement"
        self.fixed(code, element, name)
        if kind and type_code == "Reference" and held is not None:
            targets = references.Targets.of(kind.get("targets", ()), self._library)
            code.unless(f"{code.value(targets.follow)}({name}, run)")
        if held is not None:
            self.bound(code, node, type_code, name, held)
        if held and type_code == "Coding":
            system, one, known = held["system"], held["code"], code.value(self._known)
            code.unless(f"{system} is None or {one} is None or {known}[{system}]({one})")
        place = node.path if type_code in INLINE or kind is None else type_code
        keys = _unlike(element.get("invariants", ()), node.structure, ruled)
        self.ruled(code, keys, node.structure, place, name)

    @staticmethod
    def fixed(code: Code, element: Json, name: str) -> None:
        """A pattern; fixed objects are too rare."""
        if "fixed" in element:
            raise Odd
        if "pattern" in element:
            code.unless(f"{code.value(matching.holding(element['pattern']))}({name})")

    def bound(self, code: Code, node: Node, kind: str, name: str, held: Held) -> None:
        """The value set that must have a code."""
        found = self._bound_by(node, kind)
        if found is None:
            return
        values, check = found
        codes, undecided = code.value(values.codes), code.value(values.undecided)
        if kind != "CodeableConcept":
            within = f"{code.value(terminology.coding_in)}({code.value(values)}, {name})"
            warn = self._unbound(code, node, values, check, name)
            code.add(f"if 'code' in {name} and not {within}: {warn}")
            return
        one, system = code.variable(), code.variable()
        with code.block(f"for {one} in {held['coding']} or ():"):
            code.add(f"{system} = {one}.get('system')")
            listed = f"{one}.get('code') in {codes}.get({system}, ())"
            code.add(f"if 'code' in {one} and ({system} in {undecided} or {listed}): break")
        code.add(f"else: {self._unbound(code, node, values, check, name)}")

    def _bound_by(self, node: Node, kind: str) -> tuple[ValueSet, Check] | None:
        """The value set that an element is bound to and its check, where there is something to it."""
        binding = node.element.get("binding")
        values = self._terms.value_set(binding["values"]) if binding else None
        if not binding or values is None:
            return None
        check = terminology.coded(values, amendments.strength(binding, node.path), kind)
        return None if check is None else (values, check)

    @staticmethod
    def _unbound(code: Code, node: Node, values: ValueSet, check: Check, name: str) -> str:
        """A statement for a code that is not in the value set."""
        strength = amendments.strength(node.element["binding"], node.path)
        only_warns = strength != "required" or values.licensed
        return code.warn(check, name) if only_warns else code.fail


def _unlike(keys: Iterable[str], structure: Structure, ruled: Structure | None) -> list[str]:
    """Invariants of a structure that another one, whose invariants were asked, does not share."""
    if ruled is None:
        return list(keys)
    known, own = ruled.invariants, structure.invariants
    shared = ruled.root.get("invariants", ())
    return [key for key in keys if not (key in shared and known.get(key) == own.get(key))]


class Writer(Protocol):
    """What writes all questions of a guide, as those about objects and lists see it.

    `leading` remembers which data types may hold references.
    """

    library: Library
    matchers: matching.Matchers
    values: Values
    leading: dict[str, bool]

    def question(self, part: Part) -> Question:
        """The question about a part, written when it is first asked."""
        ...

    def part(
        self, code: Code, part: Part, name: str, seen: list[Any], *, first: bool = False
    ) -> None:
        """Write what is asked about a part."""
        ...

    def element(self, code: Code, part: Part, name: str, seen: list[Any]) -> None:
        """Write what is asked about one value."""
        ...

    def structure(self, kind: Json) -> Structure:
        """The structure of a data type; Odd where it has no such."""
        ...
