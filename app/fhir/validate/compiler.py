"""Profiles to Python closures: one check per structure, built when a document first needs it.

A check is `check(value, path, run)` for a value, a field is `field(value, path, run, holder)` for a
property of an object whose place is `path`. A profile's snapshot is complete, so an element is
looked at once per profile. Every table entry starts as a stub that builds the real closure on first
use and puts it in its own place: a process compiles what its documents contain, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from app.fhir import urls
from app.fhir.validate import (
    amendments,
    extensions,
    matching,
    objects,
    primitives,
    properties,
    references,
    slices,
    sound_lists,
    terminology,
    values,
)
from app.fhir.validate.facts import Facts, Structure
from app.fhir.validate.invariants import Invariants
from app.fhir.validate.library import Library
from app.fhir.validate.run import Check, Field, Path, Run, Sound
from app.fhir.validate.sound import Sounds
from app.fhir.validate.sound_code import Notes, Walk
from app.fhir.validate.sound_shape import Part, below
from app.fhir.validate.tree import Node, tighten

Json = dict[str, Any]

_INLINE: Final = frozenset({"BackboneElement", "Element"})
_RESOURCES: Final = frozenset({"Resource", "DomainResource"})


@dataclass(slots=True)
class Extension:
    """A known extension: its check, its contexts, whether it modifies."""

    check: Check
    contexts: list[dict[str, str]]
    modifier: bool


class Compiler:
    """Compiles structures of one guide on demand."""

    def __init__(self, facts: Facts, invariants: Invariants | None = None) -> None:
        self.facts = facts
        self.library = Library(facts)
        self.terms = terminology.Terms(facts)
        self.matchers = matching.Matchers(self.terms, self.library.grown)
        self.invariants = invariants or Invariants()
        self.sounds = Sounds(self.library, self.terms, self.invariants, self.matchers)
        self._checks: dict[str, Check] = {}
        self._extensions: dict[str, Extension | None] = {}
        self._coding = terminology.existing(self.terms)

    # structures ---------------------------------------------------------------------------------

    def profile(self, canonical: str) -> Check | None:
        """The check of a structure; None when it is not known."""
        check = self._checks.get(canonical)
        if check is None:
            structure = self.facts.structure(canonical)
            if structure is None:
                return None
            key = structure.versioned
            if key not in self._checks:
                self._checks[key] = self._structure(structure)
            check = self._checks[canonical] = self._checks[key]
        return check

    def _structure(self, structure: Structure) -> Check:
        node = self.library.tree(structure)
        if structure.type == "Extension":
            return self._object(node, structure.type, node.element.get("invariants", ()))
        name = structure.versioned if structure.header.get("kind") == "resource" else ""
        place = structure.type if name and structure.type not in _RESOURCES else ""
        rules = node.element.get("invariants", ())
        inner = self._object(node, structure.type, rules, place=place)
        if not name:
            return inner

        def check(value: Any, path: Path, run: Run) -> None:
            before = run.in_profile, run.place
            run.in_profile, run.place = name, path
            inner(value, path, run)
            run.in_profile, run.place = before

        return check

    def extension(self, url: str) -> Extension | None:
        """A known extension definition by its url; "" is any extension."""
        if not url:
            return Extension(self.profile(urls.core_type("Extension")) or values.nothing, [], False)
        if url not in self._extensions:
            structure = self.facts.structure(url) if "|" not in url else None
            check = self.profile(url) if structure and structure.type == "Extension" else None
            if check is None or structure is None or structure.url == urls.core_type("Extension"):
                return None
            self._extensions[url] = Extension(
                check,
                structure.header.get("context", []),
                bool(structure.root.get("modifier")),
            )
        return self._extensions[url]

    # elements -----------------------------------------------------------------------------------

    def element(self, node: Node, kind: Json | None) -> Check:
        """The check of one value of an element, for one of its types."""
        checks = self._content(node, kind)
        checks.extend(self._value_rules(node, kind))
        return values.all_of(checks)

    def _content(self, node: Node, kind: Json | None) -> list[Check]:
        if kind is None:
            return [self._referenced(node)]
        code = kind["code"]
        if code in primitives.TESTS:
            return [self._primitive(node, code)]
        if code in _RESOURCES or self.library.is_resource(code):
            return [self._resource(node, kind)]
        if code in _INLINE:
            return [self._object(node, code, ())]
        profiles = kind.get("profiles", ())
        if len(profiles) > 1 and not node.children:
            return [values.any_of([c for p in profiles if (c := self.profile(p))])]
        structure = self.facts.structure(profiles[0]) if len(profiles) == 1 else None
        if structure is None:
            structure = self.facts.structure(urls.core_type(code))
        if structure is None:
            return []
        if not node.children:
            return [self.profile(structure.versioned) or values.nothing]
        tree = self.library.tree(structure)
        rules = tree.element.get("invariants", ())
        return [self._object(tighten(tree, node), code, rules, structure)]

    def _referenced(self, node: Node) -> Check:
        """The check behind a content reference; looked up late, as it may contain itself."""
        target = node.element.get("contentReference")
        if not target or node.children:
            return self._object(node, "BackboneElement", ())
        root = self.library.tree(node.structure)
        for name in target.split(".")[1:]:
            root = root.children[name.partition(":")[0]]
        cell: list[Check] = []

        def check(value: Any, path: Path, run: Run) -> None:
            if not cell:
                cell.append(self._object(root, "BackboneElement", ()))
            cell[0](value, path, run)

        return check

    def _resource(self, node: Node, kind: Json) -> Check:
        profiles = tuple(kind.get("profiles", ()))
        base = kind["code"]
        if node.path == "Bundle.entry.resource":
            return self._entry(profiles if base not in _RESOURCES else (), base)

        def check(value: Any, path: Path, run: Run) -> None:
            if type(value) is not dict or not value:
                run.error("not-object", path, "no object where a resource is due")
                return
            if node.path.endswith(".contained"):
                before = run.inside(value, path)
                self.any_resource(value, path, run)
                run.outside(before)
                return
            job = run.expect(value, path, None, None)
            if profiles and base not in _RESOURCES:
                run.want(job, profiles)

        return check

    @staticmethod
    def _entry(profiles: tuple[str, ...], base: str) -> Check:
        """The resource of an entry: queued by bundles.py, its profiles are asked for here."""
        wanted = profiles or (() if base in _RESOURCES else (urls.core_type(base),))

        def check(value: Any, path: Path, run: Run) -> None:
            if type(value) is not dict or not value:
                objects.no_object(value, path, run)
            elif wanted and (job := run.jobs.get(id(value))) is not None:
                run.want(job, wanted)

        return check

    def any_resource(self, value: Json, path: Path, run: Run) -> None:
        """Check a resource against its base type."""
        kind = value.get("resourceType")
        check = self.profile(urls.core_type(kind)) if isinstance(kind, str) else None
        if check is None or not self.library.is_resource(str(kind)):
            run.error("unknown-type", path, "resourceType is missing or not a FHIR R4 resource")
        else:
            check(value, path, run)

    def _value_rules(self, node: Node, kind: Json | None) -> list[Check]:
        """Checks that an element adds to those of its type."""
        element = node.element
        code = kind["code"] if kind else "BackboneElement"
        out: list[Check] = []
        if code in primitives.TESTS:
            return out  # inside _primitive
        if "fixed" in element:
            out.append(values.fixed(element["fixed"]))
        elif "pattern" in element:
            out.append(values.pattern(element["pattern"]))
        if code == "Reference" and kind:
            out.append(references.Targets.of(kind.get("targets", ()), self.library).check)
        binding = element.get("binding")
        bound = self.terms.value_set(binding["values"]) if binding else None
        if binding and bound:
            coded = terminology.coded(bound, amendments.strength(binding, node.path), code)
            if coded:
                out.append(coded)
        if code == "Coding":
            out.append(self._coding)
        place = node.path if code in _INLINE or kind is None else code
        rules = self.invariants.rules(element.get("invariants", ()), node.structure, place)
        if rules:
            out.append(values.all_of(rules))
        return out

    def _primitive(self, node: Node, code: str) -> Check:
        element = node.element
        bound = self.terms.bound_text(element, code)
        allowed = terminology.text_test(bound) if bound else None
        rules = self.invariants.rules(element.get("invariants", ()), node.structure, code)
        test = primitives.test_of(node.path, code)
        return values.primitive(test, element, allowed, bound.url if bound else "", rules)

    # objects ------------------------------------------------------------------------------------

    def _object(
        self,
        node: Node,
        code: str,
        invariants: Any,
        stated_in: Structure | None = None,
        *,
        stands_alone: bool = True,
        place: str = "",
    ) -> Check:
        """The check of an object; `stated_in` is the structure that its invariants are read from,
        when that is not the node's own: a data type's rules where a profile lists its parts.
        `place` is the resource's type where the object is a resource.
        """
        table = self._table(bool(place))
        required: list[str] = []
        choices: list[objects.Choice] = []
        for name, child in node.children.items():
            if name.endswith("[x]"):
                choices.append(self._choice(child, name, table, place))
            else:
                self._property(child, name, code, table, place)
                if child.min > 0 or (child.max != 0 and any(p.min for p in child.slices.values())):
                    required.append(name)
        if code in _RESOURCES or (
            "." not in node.path and node.structure.header["kind"] == "resource"
        ):
            table.fields["resourceType"] = properties.skip
        named = node.path if code in _INLINE else code
        rules = self.invariants.rules(invariants, stated_in or node.structure, named)
        if code == "Extension":
            return objects.extension_object(table, frozenset(required), choices, rules)
        return objects.plain_object(
            table, frozenset(required), choices, rules, stands_alone=stands_alone
        )

    def _table(self, is_resource: bool) -> objects.Table:
        """A table that is still empty."""
        sounds: dict[str, Sound] = {}
        parts: dict[str, Part] = {}

        def walker(value: Any, run: Run) -> Walk | None:
            return self.sounds.walk(parts, sounds.get, value, run)

        return objects.Table({}, sounds, [], parts, walker if is_resource else None)

    def _property(
        self, child: Node, name: str, code: str, table: objects.Table, place: str
    ) -> None:
        kind = child.types[0] if child.types else None

        def build() -> Field:
            if child.max == 0:
                return properties.forbidden(name)
            if name in ("extension", "modifierExtension"):
                return self._extension_list(child, name, code)
            if child.slices and child.is_list:
                return self._sliced(child, name)
            check = self.element(child, kind)
            primitive = kind is not None and kind["code"] in primitives.TESTS
            if not child.is_list:
                return properties.single(name, check)
            if name == "contained":
                return properties.contained(check)
            return properties.many(name, check, child.min, child.max, primitive=primitive)

        if name in ("extension", "modifierExtension"):
            part = Part(child, kind, "extensions", place, code)
        else:
            part = Part(child, kind, "property", below(place, name))
        self._stub(table, name, build, part, sound_lists.noted(name) if place else None)
        if kind is not None and kind["code"] in primitives.TESTS:
            self._stub(table, "_" + name, lambda: self._sibling(child, name, name))

    def _choice(self, child: Node, name: str, table: objects.Table, place: str) -> objects.Choice:
        stem = name[:-3]
        keys: list[str] = []
        group: set[str] = set()
        by_type = {k["code"]: part for part in child.slices.values() for k in part.types[:1]}
        for kind in child.types:
            code = kind["code"]
            key = stem + code[:1].upper() + code[1:]
            part = by_type.get(code, child)
            own = next((k for k in part.types if k["code"] == code), kind)
            keys.append(key)
            asked = Part(part, own, "property", below(place, stem))
            self._alternative(asked, own, key, f"{stem}.ofType({code})", table, group)
        needed = [
            stem + code[:1].upper() + code[1:] for code, part in by_type.items() if part.min > 0
        ]
        group.update(keys)
        if len(group) > 1:
            table.groups.append(frozenset(mark + key for key in group for mark in ("", "_")))
        return objects.Choice(
            stem, frozenset(group), child.min > 0 and child.max != 0, tuple(needed)
        )

    def _alternative(
        self,
        asked: Part,
        kind: Json,
        key: str,
        name: str,
        table: objects.Table,
        group: set[str],
    ) -> None:
        part = asked.node

        def build() -> Field:
            if part.max == 0:
                return properties.forbidden(name)
            field = properties.single(name, self.element(part, kind))
            return properties.exclusive(field, key, frozenset(group), name.partition(".")[0])

        self._stub(table, key, build, asked)
        if kind["code"] in primitives.TESTS:
            self._stub(table, "_" + key, lambda: self._sibling(part, key, name))

    def _sibling(self, child: Node, key: str, name: str) -> Field:
        """The `_name` property: id and extensions of a primitive."""
        kind = child.types[0] if child.types else {"code": "string"}
        structure = self.facts.structure(urls.core_type("Element"))
        whole = tighten(self.library.tree(structure) if structure else child, child)
        whole.children = {k: v for k, v in whole.children.items() if k in ("id", "extension")}
        check = self._object(whole, kind["code"], (), stands_alone=False)
        return properties.sibling(key, name, check, is_list=child.is_list)

    def _stub(
        self,
        table: objects.Table,
        key: str,
        build: Callable[[], Field],
        asked: Part | None = None,
        notes: Notes | None = None,
    ) -> None:
        """A field that is built when a value is first not sound, if a question can tell that."""

        def first(value: Any, path: Path, run: Run, holder: Json) -> None:
            table.fields[key] = field = build()
            field(value, path, run, holder)

        def ask(value: Any, run: Run) -> bool:
            sound = self.sounds.sound(asked, value, run, notes) if asked else None
            if sound is None:
                table.sounds.pop(key, None)
                return False
            table.sounds[key] = sound
            return sound(value, run)

        table.fields[key] = first
        if asked:
            table.parts[key] = asked
            table.sounds[key] = ask

    # slices -------------------------------------------------------------------------------------

    def _sliced(self, child: Node, name: str) -> Field:
        slicing = child.element.get("slicing", {})
        by = slicing.get("by", [])
        kind = child.types[0] if child.types else None
        parts = []
        for slice_name, part in child.slices.items():
            if not by or "/" in slice_name:
                continue
            own = part.types[0] if part.types else kind
            check = self.element(part, own)
            test = self.matchers.for_slice(part, by)
            asked = self.sounds.question(Part(part, own, "value"))
            parts.append(slices.Slice(slice_name, test, check, part.min, part.max, asked))
        rest = self.element(child, kind)
        return slices.sliced(
            name, parts, rest, child.min, child.max, closed=slicing.get("rules") == "closed"
        )

    def _extension_list(self, child: Node, name: str, code: str) -> Field:
        slots: dict[str, extensions.Slot] = {}
        for part in child.slices.values():
            url = matching.slice_url(part)
            kind = part.types[0] if part.types else {"code": "Extension"}
            known = self.extension(url)
            check, asked = self.element(part, kind), self.sounds.question(Part(part, kind, "value"))
            slots[url] = extensions.Slot(
                check, part.min, part.max, known.contexts if known else [], asked
            )
        closed = child.element.get("slicing", {}).get("rules") == "closed"
        kinds = self.library.kinds(child.path.rpartition(".")[0], code)
        listed = extensions.ExtensionList(
            name, slots, self.extension, kinds, child.min, child.max, closed
        )
        return listed.field()
