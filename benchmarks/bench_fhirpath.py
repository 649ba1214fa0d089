"""Invariants: what each costs compiled and in fhirpathpy's interpreter, and all of a bundle."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fhirpathpy
import orjson
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from app.fhir.urls import system
from app.fhir.validate import Validator
from app.fhir.validate.compiler import Compiler
from app.fhir.validate.facts import read_facts
from app.fhir.validate.fhirpath import Check, Context, amended, as_check
from app.fhir.validate.fhirpath.checks import Group
from app.fhir.validate.invariants import Invariants

TITLE = "Invariants: compiled FHIRPath against an interpreter"
BUNDLE = Path(__file__).resolve().parents[1] / "examples/pas/2.2/oxygen-approved-large.json"
SHOWN = 30
# The interpreter has no such functions.
MISSING = ("hasValue(", "resolve(", "memberOf(", "htmlChecks")

Fact = dict[str, str]
Call = tuple[dict[str, Fact], str, Any, Context]


class Recorder(Invariants):
    """Remembers every group of invariants that a validation asks, on which element."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Group, Any, Context]] = []
        self.asked: list[Call] = []

    def _group(self, facts: dict[str, Fact], place: str) -> Group:
        group = super()._group(facts, place)

        def recorded(value: Any, context: Context) -> tuple[tuple[int, bool | None], ...]:
            self.calls.append((group, value, context))
            self.asked.append((facts, place, value, context))
            return group(value, context)

        return recorded

    def check(self, key: str, fact: Fact, place: str) -> Check:
        """The check of one invariant alone."""
        return as_check(self._trees.tree(key, fact["expression"]), place, key)


def run(quick: bool) -> str:
    """The chapter as Markdown."""
    raw = orjson.dumps(orjson.loads(BUNDLE.read_bytes()))
    recorder = _recorded(orjson.loads(raw))
    rounds = 5 if quick else 40
    everything = statistics.median(_replayed(recorder, rounds))
    rows = _rows(recorder, 2 if quick else 8)
    asked = sum(row[1] for row in rows)
    theirs = sum(row[1] * row[3] for row in rows if row[3] is not None) / 1000
    lines = [
        f"One validation of `{BUNDLE.name}` ({len(raw):,} bytes) asks {asked:,} invariants on "
        f"{len(recorder.calls):,} elements: **{everything:.3f} ms** in all (median of {rounds}), as one "
        f"function for each element. fhirpathpy, each expression compiled once, takes {theirs:.1f} ms for "
        f"those it can run: {theirs / everything:.0f} times as long.",
        "",
        f"The {SHOWN} that cost the interpreter most; µs an evaluation.",
        "",
        "| invariant | evaluations | compiled | fhirpathpy | times |",
        "|---|---|---|---|---|",
    ]
    for key, count, ours, other in rows[:SHOWN]:
        shown = "cannot run it |" if other is None else f"{other:.1f} | {other / ours:.0f}"
        lines.append(f"| `{key}` | {count} | {ours:.2f} | {shown} |")
    return "\n".join(lines)


def _recorded(document: dict[str, Any]) -> Recorder:
    recorder = Recorder()
    validator = Validator(Compiler(read_facts("2.2"), recorder))
    validator.bundle(document)
    recorder.calls.clear()
    recorder.asked.clear()
    validator.bundle(document)
    return recorder


def _replayed(recorder: Recorder, rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        for group, value, context in recorder.calls:
            group(value, context)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _rows(recorder: Recorder, rounds: int) -> list[tuple[str, int, float, float | None]]:
    """(invariant, evaluations, our µs, their µs or None), dearest for them first."""
    nodes: dict[tuple[str, str, str], list[tuple[Any, Context]]] = {}
    for facts, place, value, context in recorder.asked:
        for key, fact in facts.items():
            nodes.setdefault((key, fact["expression"], place), []).append((value, context))
    found: dict[str, list[tuple[int, float, float | None]]] = {}
    for (key, expression, place), where in nodes.items():
        check = recorder.check(key, {"expression": expression}, place)
        ours = _each(check, where, 20 * rounds)
        found.setdefault(key, []).append(
            (len(where), ours, _interpreted(key, expression, place, where, rounds))
        )
    rows = []
    for key, parts in found.items():
        count = sum(part[0] for part in parts)
        ours = sum(part[0] * part[1] for part in parts) / count
        others = [part[0] * part[2] for part in parts if part[2] is not None]
        rows.append((key, count, ours, sum(others) / count if len(others) == len(parts) else None))
    return sorted(rows, key=lambda row: -row[1] * (row[3] or 0))


def _interpreted(
    key: str, expression: str, place: str, where: list[tuple[Any, Context]], rounds: int
) -> float | None:
    text = amended(key, expression)
    if any(name in text for name in MISSING):
        return None
    path = fhirpathpy.compile(text, models["r4"], {"traceFn": lambda *_: None})

    def evaluate(node: Any, context: Context) -> object:
        around = {"resource": context.resource, "rootResource": context.root, "ucum": system.UCUM}
        return path(ResourceNode.create_node(node, place), {**around, "context": node})

    try:
        return _each(evaluate, where, rounds)
    except Exception:  # noqa: BLE001 - it raises many kinds where it cannot evaluate
        return None


def _each(
    call: Callable[[Any, Context], object], where: list[tuple[Any, Context]], rounds: int
) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for node, context in where:
            call(node, context)
        best = min(best, time.perf_counter() - began)
    return best / len(where) * 1e6
