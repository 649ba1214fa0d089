"""Invariants of profiles as checks: compiled FHIRPath, with short ways past the common ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from app.fhir.validate.facts import Structure
from app.fhir.validate.fhirpath.checks import as_check
from app.fhir.validate.fhirpath.parse import parse
from app.fhir.validate.run import Check, Path, Run

Rule = Check

# Done while the shape is checked: every element has content (ele-1), an extension has a value or
# extensions (ext-1), references to contained resources lead somewhere (ref-1), a narrative is safe
# and says something (txt-1, txt-2).
_DONE: Final = frozenset({"ele-1", "ext-1", "ref-1", "txt-1", "txt-2"})
# An invariant that holds wherever this property is absent.
_ONLY_WITH: Final = {
    "dom-2": "contained",
    "dom-3": "contained",
    "dom-4": "contained",
    "dom-5": "contained",
    "dom-r4b": "contained",
    "per-1": "end",
    "qty-3": "code",
    "cnt-3": "code",
    "dis-1": "code",
    "drt-1": "code",
    "age-1": "code",
    "sqty-1": "comparator",
    "cpt-2": "value",
    "rng-2": "high",
    "pat-1": "contact",
    "org-2": "address",
    "org-3": "telecom",
    "us-core-16": "value",
    "us-core-17": "value",
}


class Invariants:
    """Compiles each expression once per type that it is used on."""

    def __init__(self) -> None:
        self._trees: dict[str, Any] = {}
        self._compiled: dict[tuple[str, str], Any] = {}

    def rules(self, keys: Iterable[str], structure: Structure, place: str) -> list[Check]:
        """Checks of some invariants of a structure on a type or backbone path."""
        out = []
        for key in keys:
            fact = structure.invariants.get(key)
            if fact is not None and key not in _DONE:
                out.append(self._rule(key, fact, structure.versioned, place))
        return out

    def _rule(self, key: str, fact: dict[str, str], profile: str, place: str) -> Check:
        expression = fact["expression"]
        severity: Any = fact["severity"]
        only_with = _ONLY_WITH.get(key)
        cell: list[Any] = []

        def check(value: Any, path: Path, run: Run) -> None:
            if only_with is not None and type(value) is dict and only_with not in value:
                return
            if not cell:
                cell.append(self._check(key, expression, place))
            holds = cell[0](value, run.context)
            if holds is None:
                run.add("information", "invariant-unchecked", path, key, profile, key)
            elif not holds:
                run.add(severity, "invariant", path, f"rule {key} is broken", profile, key)

        return check

    def _check(self, key: str, expression: str, place: str) -> Any:
        known = (expression, place)
        if known not in self._compiled:
            if expression not in self._trees:
                self._trees[expression] = parse(expression)
            self._compiled[known] = as_check(self._trees[expression], place, key)
        return self._compiled[known]
