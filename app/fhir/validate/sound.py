"""Generated questions about a resource and each of its properties: is there nothing to say?

Most of what is sent is sound. The closures of `compiler.py` take a call for each part of it and
carry the place along, which only a finding needs. `Sounds` writes Python functions: for a resource,
for a property with all that is in it, down to the last coding. A question answers True where those
closures would report nothing, and False where they must look: they alone decide what is wrong. So it
may be too strict, never too lenient; `tests/conformance/test_sound.py` holds it to that.

A question is written when a value is first seen, and written for such values: what that value has
is looked at in place, in its order; for everything else there are questions of their own, written
when it comes. What a question does on its way (resources that references ask for profiles) the
closures would do as well, in the same order, and doing it twice changes nothing.

What is rare (an element's id, a `_x` sibling) is left out: the answer is False.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.fhir import urls
from app.fhir.validate import (
    matching,
    primitives,
    sound_extensions,
    sound_lists,
    sound_objects,
    sound_slices,
    terminology,
)
from app.fhir.validate.facts import Structure
from app.fhir.validate.invariants import Invariants
from app.fhir.validate.library import Library
from app.fhir.validate.run import Question, Run, Sound
from app.fhir.validate.sound_code import Code, Notes, Walk
from app.fhir.validate.sound_shape import Odd, Part, one_of
from app.fhir.validate.sound_values import INLINE, Held, Values
from app.fhir.validate.tree import Node, tighten

Json = dict[str, Any]

_RESOURCES: Final = frozenset({"Resource", "DomainResource"})


class Sounds:
    """Writes the questions of one guide."""

    def __init__(
        self,
        library: Library,
        terms: terminology.Terms,
        invariants: Invariants,
        matchers: matching.Matchers,
    ) -> None:
        self.library = library
        self.matchers = matchers
        self.values = Values(library, terms, invariants)
        self.leading: dict[str, bool] = {}
        self._known: dict[tuple[int, str, str, str, str], tuple[Part, Question]] = {}

    def question(self, part: Part) -> Question:
        """The question about a part, written when it is first asked."""
        key = (
            id(part.node),
            part.kind["code"] if part.kind else "",
            part.how,
            part.place,
            part.holder,
        )
        known = self._known.get(key)
        if known is None:
            question = Question(lambda value, run: self.sound(part, value, run))
            known = self._known[key] = (part, question)
        return known[1]

    def sound(self, part: Part, value: Any, run: Run, notes: Notes | None = None) -> Sound | None:
        """A function for a part, made for what such a value has; None where none is written.

        With `notes` it may answer True although there are warnings: it reports them, by `notes`.
        """
        code = Code(run, notes)
        try:
            self.part(code, part, "v", [value], first=True)
        except Odd:
            return None
        return code.function()

    def walk(
        self, parts: Mapping[str, Part], asked: Callable[[str], Sound | None], value: Any, run: Run
    ) -> Walk | None:
        """A function that goes through a resource, made for what such a one has.

        Other properties are settled by what `asked` knows for them. What is not, it gives to
        `other`, one after the other.
        """
        code = Code(run, walks=True)
        with code.block("for k, x in v.items():"):
            with code.block("try:"):
                code.add("if k == 'resourceType': pass")
                for key in value:
                    if key in parts:
                        self._walked(code, parts[key], key, value[key])
                with code.block("else:"):
                    code.add(f"asked = {code.value(asked)}(k)")
                    code.unless("asked and asked(x, run)")
            with code.block("except Unsure:"):
                code.add("noted = None")
                code.add("other(k, x, path, run, v)")
        return code.walk()

    def _walked(self, code: Code, part: Part, key: str, value: Any) -> None:
        start, code.notes = code.mark(), sound_lists.noted(key)
        try:
            with code.block(f"elif k == {key!r}:"):
                inner = code.mark()
                self.part(code, part, "x", [value])
                code.told(inner)
        except Odd:
            code.back(start)
        code.notes = None

    def part(
        self, code: Code, part: Part, name: str, seen: list[Any], *, first: bool = False
    ) -> None:
        """What is asked about a part; with `first` a value is written out whatever it is."""
        if part.node.max == 0:
            raise Odd
        with code.silent(part.choice):
            self._written(code, part, name, seen, first=first)

    def _written(self, code: Code, part: Part, name: str, seen: list[Any], *, first: bool) -> None:
        node = part.node
        if part.how == "extensions":
            sound_extensions.write(self, code, part, name, seen)
        elif part.how == "object":
            sound_objects.write(self, code, part, name, seen)
        elif part.how == "value" and first:
            self._content(code, part, name, seen, whole=True)
        elif part.how == "value" or not node.is_list:
            self.element(code, part, name, seen)
        else:
            self._list(code, part, name, seen)

    def _list(self, code: Code, part: Part, name: str, seen: list[Any]) -> None:
        node = part.node
        items = [item for value in seen if type(value) is list for item in value]
        code.unless(f"type({name}) is list and {name}")
        if node.min > 1 or node.max is not None:
            most = "" if node.max is None else f" <= {node.max}"
            code.unless(f"{node.min} <= len({name}){most}")
        one = code.variable()
        if node.slices:
            sound_slices.write(self, code, part, name, items)
            return
        with code.block(f"for {one} in {name}:"):
            self.element(code, one_of(part), one, items)

    def element(self, code: Code, part: Part, name: str, seen: list[Any]) -> None:
        """One value, looked at in place where such a one was seen and there is room."""
        if part.kind and part.kind["code"] in primitives.TESTS:
            self.values.primitive(code, part.node, part.kind["code"], name)
        elif code.has_room and any(type(value) is dict for value in seen):
            self._content(code, part, name, seen)
        else:
            self._ask(code, one_of(part), name)

    def _ask(self, code: Code, part: Part, name: str) -> None:
        code.unless(f"{code.value(self.question(part))}.ask({name}, run)")

    # values -------------------------------------------------------------------------------------

    def _content(
        self, code: Code, part: Part, name: str, seen: list[Any], *, whole: bool = False
    ) -> None:
        """All that is asked about a value; where it is not `whole`, the usual forms first."""
        node, kind = part.node, part.kind
        type_code = kind["code"] if kind else ""
        if kind is None or type_code in INLINE:
            self._backbone(code, part, name, seen)
        elif type_code in primitives.TESTS:
            self.values.primitive(code, node, type_code, name)
        elif type_code in _RESOURCES or self.library.is_resource(type_code):
            self._resource(code, node, kind, name)
        else:
            self._data(code, part, kind, name, seen, whole=whole)

    def _backbone(self, code: Code, part: Part, name: str, seen: list[Any]) -> None:
        node = part.node
        target = node.element.get("contentReference") if part.kind is None else None
        if target and not node.children:
            root = self.library.tree(node.structure)
            for step in target.split(".")[1:]:
                root = root.children[step.partition(":")[0]]
            self._ask(code, Part(root, None, "object"), name)
        else:
            sound_objects.write(self, code, part, name, seen)
        self.values.stated(code, node, part.kind, name, {})

    @staticmethod
    def _resource(code: Code, node: Node, kind: Json, name: str) -> None:
        """The resource of an entry, which waits for its profiles: they are asked for here."""
        if node.path != "Bundle.entry.resource":
            raise Odd
        base = kind["code"]
        wanted = () if base in _RESOURCES else kind.get("profiles") or (urls.core_type(base),)
        code.unless(f"type({name}) is dict and {name}")
        if wanted:
            job = code.variable()
            code.add(f"{job} = run.jobs.get(id({name}))")
            code.add(f"if {job} is not None: run.want({job}, {code.value(tuple(wanted))})")

    def _data(
        self, code: Code, part: Part, kind: Json, name: str, seen: list[Any], *, whole: bool
    ) -> None:
        """A value of a data type."""
        node, type_code, values = part.node, kind["code"], self.values
        structure = self.structure(kind)
        below = self.library.tree(structure)
        rules = below.element.get("invariants", ())
        if type_code == "Extension":
            sound_extensions.write_one(self, code, part, name, seen, "")
            return
        plain = not whole and not node.children and not kind.get("profiles")
        if plain and type_code == "Reference":
            values.reference(code, kind, name, self._other(code, part))
            values.ruled(code, rules, structure, type_code, name)
            values.stated(code, node, kind, name, None, structure)
            return
        if plain and type_code == "CodeableConcept" and below.children["coding"].types:
            coding = below.children["coding"]
            one = Part(coding, coding.types[0], "value")
            others = self._other(code, part), self._other(code, one)
            values.concept(code, node, name, *others)
            values.ruled(code, rules, structure, type_code, name)
            values.stated(code, node, kind, name, None, structure)
            return
        if plain and type_code == "Coding":
            values.coding(code, name, self._other(code, part))
            held: Held = {}
        else:
            tree = tighten(below, node) if node.children else below
            inner = Part(tree, kind, part.how, part.place)
            held = sound_objects.write(self, code, inner, name, seen)
        values.ruled(code, rules, structure, type_code, name)
        values.stated(code, node, kind, name, held, structure)

    def _other(self, code: Code, part: Part) -> str:
        return f"{code.value(self.question(one_of(part)))}.ask"

    def structure(self, kind: Json) -> Structure:
        """The structure of a data type; Odd where it has no such."""
        profiles = kind.get("profiles", ())
        facts = self.library.facts
        structure = facts.structure(profiles[0]) if profiles else None
        if structure is None:
            structure = facts.structure(urls.core_type(kind["code"]))
        if structure is None or len(profiles) > 1 or structure.header.get("kind") == "resource":
            raise Odd
        return structure
