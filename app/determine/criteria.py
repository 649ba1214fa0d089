"""Criteria trees, made ready once when a rulebook is loaded; three-valued (Kleene) throughout.

A node that is not in force on the day of service is left out of its parent. A tree of which nothing
is in force says nothing: None. A node over facts about which the request says nothing has the same
finding each time, so it is made once and kept (`app.determine.sought`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from app.determine.codes import belongs, short_codes
from app.determine.dates import day_of, has_time, instant, shift
from app.determine.facts import Facts
from app.determine.sought import UNSTEADY
from app.determine.where import fits
from app.domain.decision import Finding
from app.domain.facts import Fact, Truth
from app.domain.policy import (
    EVERYWHERE,
    Criterion,
    FactSpec,
    FactType,
    Operand,
    Test,
    Window,
)
from app.domain.values import Concept, Period, Scalar

MET, UNMET, UNKNOWN = Truth.MET, Truth.UNMET, Truth.UNKNOWN
Judge = Callable[[Facts], Finding | None]
_Holds = Callable[[Facts, Scalar], tuple[Truth, tuple[Fact, ...]]]


def compiled(criterion: Criterion, specs: Mapping[str, FactSpec]) -> Judge:
    """A function that holds the tree against the facts of one line."""
    return _node(criterion, specs).judge


def _node(criterion: Criterion, specs: Mapping[str, FactSpec]) -> _Leaf | _Branch | _Dated:
    if criterion.test is not None:
        node: _Leaf | _Branch = _Leaf(criterion, criterion.test, specs)
    else:
        node = _Branch(criterion, tuple(_node(part, specs) for part in criterion.parts))
    period = criterion.period
    if period.start is None and period.end is None:
        return node
    return _Dated(node, period)


def combined(kind: str, truths: Sequence[Truth], minimum: int = 0) -> Truth:
    """The truth of a combination from the truths of its parts.

    `if` has two parts, condition and consequence: it is broken only where the condition is met and
    the consequence is not.
    """
    if kind == "all":
        return UNMET if UNMET in truths else UNKNOWN if UNKNOWN in truths else MET
    if kind == "any":
        return MET if MET in truths else UNKNOWN if UNKNOWN in truths else UNMET
    if kind == "none":
        return UNMET if MET in truths else UNKNOWN if UNKNOWN in truths else MET
    if kind == "if":
        if truths[0] is UNMET or truths[1] is MET:
            return MET
        return UNKNOWN if UNKNOWN in truths[:2] else UNMET
    met = sum(truth is MET for truth in truths)
    unknown = sum(truth is UNKNOWN for truth in truths)
    if met >= minimum:
        return MET
    return UNKNOWN if met + unknown >= minimum else UNMET


class _Dated:
    """A node that is in force in a period only."""

    __slots__ = ("_node", "_period", "names")

    def __init__(self, node: _Leaf | _Branch, period: Period) -> None:
        self._node = node
        self._period = period
        self.names: frozenset[str] = node.names | {UNSTEADY}

    def judge(self, facts: Facts) -> Finding | None:
        """The finding of the node, or nothing on other days."""
        return self._node.judge(facts) if self._period.covers(facts.subject.day) else None


class _Branch:
    """A combination. `names` are the facts on which its finding hangs, `_kept` that without them."""

    __slots__ = ("_citations", "_kept", "_kind", "_label", "_minimum", "_parts", "_rule", "names")

    def __init__(self, criterion: Criterion, parts: tuple[_Leaf | _Branch | _Dated, ...]) -> None:
        self._rule, self._label = criterion.id, criterion.label
        self._citations = criterion.citations
        self._kind, self._minimum = criterion.kind, criterion.minimum
        self._parts = parts
        self.names: frozenset[str] = frozenset[str]().union(*(part.names for part in parts))
        self._kept: Finding | None = None

    def judge(self, facts: Facts) -> Finding | None:
        """The finding with those of the parts; None where nothing is in force."""
        kept, names = self._kept, self.names
        if kept is not None and names.isdisjoint(facts.touched):
            return kept
        found = [finding for part in self._parts if (finding := part.judge(facts)) is not None]
        kind = self._kind
        if not found or (kind == "if" and len(found) < 2):
            return None
        silent = names.isdisjoint(facts.touched)  # now that all parts looked up what they need
        if silent and kept is not None:
            return kept
        truth = combined(kind, [finding.truth for finding in found], self._minimum)
        finding = Finding(self._rule, self._label, truth, (), self._citations, tuple(found), kind)
        if silent:
            self._kept = finding
        return finding


class _Leaf:
    """A test of one fact. `names` are the facts on which its finding hangs, `_kept` that without them."""

    __slots__ = ("_citations", "_holds", "_kept", "_label", "_name", "_rule", "_test", "names")

    def __init__(self, criterion: Criterion, test: Test, specs: Mapping[str, FactSpec]) -> None:
        self._rule, self._label = criterion.id, criterion.label
        self._citations = criterion.citations
        self._test, self._name = test, test.fact
        self._holds = None if test.operator == "known" else _holds(test, specs[test.fact])
        self.names: frozenset[str] = _hangs_on(test)
        self._kept: Finding | None = None

    def judge(self, facts: Facts) -> Finding:
        """The finding with the fact, and with those that it is compared with."""
        fact = facts.found.get(self._name) or facts.find(self._name)
        kept = self._kept
        if kept is not None and not fact.known and self.names.isdisjoint(facts.touched):
            return kept
        others: tuple[Fact, ...] = ()
        if self._holds is None:
            truth = MET if fact.known is self._test.operands[0].value else UNMET
        elif not fact.known or fact.value is None:
            truth, others = UNKNOWN, _compared_with(self._test, facts)
        else:
            truth, others = self._holds(facts, fact.value)
        told = (fact, *others) if others else (fact,)
        finding = Finding(self._rule, self._label, truth, told, self._citations)
        if not fact.known and self.names.isdisjoint(facts.touched):
            self._kept = finding
        return finding


def _hangs_on(test: Test) -> frozenset[str]:
    names = {test.fact}
    if test.window is not None:
        names.add(test.window.of)
    for operand in test.operands:
        if operand.fact:
            names.add(operand.fact)
            if _always(test.operands) is None:
                names.add(UNSTEADY)  # day or place say with which fact it is compared
    return frozenset(names)


def _always(operands: tuple[Operand, ...]) -> Operand | None:
    """The operand that holds on every day and everywhere, where it is the first."""
    first = operands[0]
    dated = first.period.start is not None or first.period.end is not None
    return None if dated or first.where is not EVERYWHERE else first


def _compared_with(test: Test, facts: Facts) -> tuple[Fact, ...]:
    """The other facts of a comparison: asked for together with the first one."""
    if test.window is not None:
        return (facts.find(test.window.of),)
    operand = _in_force(test.operands, facts)
    return (facts.find(operand.fact),) if operand is not None and operand.fact else ()


def _holds(test: Test, spec: FactSpec) -> _Holds:
    if test.window is not None:
        return _in_window(test.window)
    if spec.type is FactType.CODE:
        return _in_codes(test)
    compare = _comparison(test.operator, spec)
    operands = test.operands
    always = _always(operands)
    if always is not None and not always.fact:
        wanted = always.value
        return lambda _facts, value: ((MET if compare(value, wanted) else UNMET), ())

    def holds(facts: Facts, value: Scalar) -> tuple[Truth, tuple[Fact, ...]]:
        operand = always or _in_force(operands, facts)
        if operand is None:
            return UNKNOWN, ()
        if not operand.fact:
            return (MET if compare(value, operand.value) else UNMET), ()
        other = facts.find(operand.fact)
        if not other.known or other.value is None:
            return UNKNOWN, (other,)
        wanted: Scalar = other.value
        if isinstance(wanted, Decimal):
            wanted = wanted * operand.times + operand.plus
        return (MET if compare(value, wanted) else UNMET), (other,)

    return holds


def _in_force(operands: tuple[Operand, ...], facts: Facts) -> Operand | None:
    """The first operand for this day and place; None where the rule has no value, or nobody can tell."""
    for operand in operands:
        if not operand.period.covers(facts.subject.day):
            continue
        truth = fits(operand.where, facts.subject)
        if truth is MET:
            return operand
        if truth is UNKNOWN:
            return None
    return None


def _in_codes(test: Test) -> _Holds:
    inside = test.operator == "code_in"

    def holds(facts: Facts, value: Scalar) -> tuple[Truth, tuple[Fact, ...]]:
        operand = _in_force(test.operands, facts)
        if operand is None or operand.codes is None or not isinstance(value, Concept):
            return UNKNOWN, ()
        subject = facts.subject
        codes = short_codes(value, subject.terms.systems)
        found = belongs(codes, operand.codes, subject.service)
        return (MET if found is inside else UNMET), ()

    return holds


_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "is": operator.eq,
        "equals": operator.eq,
        "not_equals": operator.ne,
        "one_of": lambda value, wanted: value in wanted,
        "none_of": lambda value, wanted: value not in wanted,
        "at_most": operator.le,
        "less_than": operator.lt,
        "at_least": operator.ge,
        "more_than": operator.gt,
    }
)
_ORDERED = ("at_most", "less_than", "at_least", "more_than")


def _comparison(name: str, spec: FactSpec) -> Callable[[Any, Any], bool]:
    """Two values of a fact compared; in order, where they are no numbers, by what has one."""
    relation = _RELATIONS[name]
    if name not in _ORDERED or spec.type is FactType.NUMBER:
        return relation
    order: Callable[[Any], Any]
    if spec.type is FactType.CHOICE:
        order = {option.code: number for number, option in enumerate(spec.options)}.__getitem__
    else:
        order = instant if spec.type is FactType.INSTANT else day_of
    return lambda value, wanted: relation(order(value), order(wanted))


def _in_window(window: Window) -> _Holds:
    timed = any(span is not None and span.hours for span in (window.start, window.end))

    def holds(facts: Facts, value: Scalar) -> tuple[Truth, tuple[Fact, ...]]:
        other = facts.find(window.of)
        if not isinstance(value, date) or not isinstance(other.value, date):
            return UNKNOWN, (other,)
        if timed and not (has_time(value) and has_time(other.value)):
            return UNKNOWN, (other,)
        around: date = other.value if timed else day_of(other.value)
        at = instant(value) if timed else day_of(value)
        start = shift(around, window.start) if window.start is not None else None
        end = shift(around, window.end) if window.end is not None else None
        if timed:
            start = instant(start) if start is not None else None
            end = instant(end) if end is not None else None
        early = start is not None and at < start
        late = end is not None and at > end
        return (UNMET if early or late else MET), (other,)

    return holds
