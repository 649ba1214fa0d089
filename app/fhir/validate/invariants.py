"""Invariants of profiles as checks: one compiled function for all invariants of an element."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from app import resources
from app.fhir.validate.facts import Structure
from app.fhir.validate.fhirpath import as_group
from app.fhir.validate.fhirpath.checks import Group
from app.fhir.validate.fhirpath.trees import Trees
from app.fhir.validate.rules import asked
from app.fhir.validate.run import Check, Path, Run
from app.sealed import sealed

Rule = Check

# Done while the shape is checked: every element has content (ele-1), an extension has a value or
# extensions (ext-1), references to contained resources lead somewhere (ref-1), a narrative is safe
# and says something (txt-1, txt-2), no resource version comes twice (bdl-7, in bundles.py).
BY_SHAPE: Final = frozenset({"ele-1", "ext-1", "ref-1", "txt-1", "txt-2", "bdl-7"})
# Best practice only (a narrative for every resource): HL7's engine is silent about it as well.
ADVICE: Final = frozenset({"dom-6"})

# What they say is true of every resource that contains none.
ABOUT_CONTAINED: Final = frozenset({"dom-2", "dom-3", "dom-4", "dom-5"})

# Rules that look at all elements for each element: not for lists longer than this.
QUADRATIC: Final = frozenset({"StructureDefinition.snapshot", "StructureDefinition.differential"})
LONG: Final = 500


def _is_long(value: Any) -> bool:
    listed = value.get("element") if isinstance(value, dict) else None
    return isinstance(listed, list) and len(listed) > LONG


@sealed(frozen=True, slots=True)
class Later:
    """A group of invariants that is compiled when it is first asked for: `made` holds it then."""

    made: list[Group]
    build: Callable[[], Group]

    def make(self) -> list[Group]:
        """`made`, with the group in it."""
        if not self.made:
            self.made.append(self.build())
        return self.made


class Invariants:
    """Compiles the invariants of an element once per type that they are used on."""

    def __init__(self) -> None:
        self._trees = Trees.read(resources.data("profiles") / "trees.jsonl")
        self._groups: dict[tuple[Any, ...], Group] = {}

    def rules(self, keys: Iterable[str], structure: Structure, place: str) -> list[Check]:
        """No check, or one for all these invariants of a structure on a type or backbone path."""
        found = self._facts(keys, structure)
        return [self._rule(found, structure.versioned, place)] if found else []

    def later(self, keys: Iterable[str], structure: Structure, place: str) -> Later | None:
        """As `rules`, for who only asks whether any is broken; None where there are none."""
        found = self._facts(keys, structure)
        if not found:
            return None
        return Later([], lambda: self._group(found, place))

    def _facts(self, keys: Iterable[str], structure: Structure) -> dict[str, dict[str, str]]:
        known = structure.invariants
        skipped = BY_SHAPE | ADVICE
        return {key: known[key] for key in keys if key in known and key not in skipped}

    def _rule(self, facts: dict[str, dict[str, str]], profile: str, place: str) -> Check:
        keys = tuple(facts)
        group = Later([], lambda: self._group(facts, place))
        slow = place in QUADRATIC
        rest = {key: fact for key, fact in facts.items() if key not in ABOUT_CONTAINED}
        alone = Later([], lambda: self._group(rest, place))
        shorter = len(rest) < len(facts)

        def check(value: Any, path: Path, run: Run) -> None:
            whole = not shorter or type(value) is not dict or "contained" in value
            if not whole and not (rest and (alone.made or alone.make())[0](value, run.context)):
                return
            if slow and _is_long(value):
                run.add("information", "invariant-unchecked", path, f"more than {LONG} elements")
                return
            if broken := (group.made or group.make())[0](value, run.context):
                report(broken, path, run)

        def report(broken: Iterable[tuple[int, bool | None]], path: Path, run: Run) -> None:
            for at, held in broken:
                key = keys[at]
                if held is None:
                    run.add("information", "invariant-unchecked", path, key, profile, key)
                else:
                    severity: Any = facts[key]["severity"]
                    run.add(severity, "invariant", path, asked(key), profile, key)

        return check

    def _group(self, facts: dict[str, dict[str, str]], place: str) -> Group:
        texts = {key: fact["expression"] for key, fact in facts.items()}
        known = (place, *texts.items())
        if known not in self._groups:
            trees = [(key, self._trees.tree(key, text)) for key, text in texts.items()]
            self._groups[known] = as_group(trees, place)
        return self._groups[known]
