"""Criteria trees as closures, built once when a rulebook is loaded; three-valued (Kleene) throughout.

A node that is not in force on the day of service is left out of its parent. A tree of which nothing
is in force says nothing: None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from app.determine.codes import belongs, short_codes
from app.determine.dates import day_of, has_time, instant, shift
from app.determine.facts import Facts
from app.determine.where import fits
from app.domain.decision import Finding
from app.domain.facts import Fact, Truth
from app.domain.policy import CodeSet, Criterion, FactSpec, FactType, Operand, Test, Window
from app.domain.values import Concept, Scalar

MET, UNMET, UNKNOWN = Truth.MET, Truth.UNMET, Truth.UNKNOWN
Judge = Callable[[Facts], Finding | None]
_Holds = Callable[[Facts, Scalar], tuple[Truth, tuple[Fact, ...]]]


def compiled(criterion: Criterion, specs: Mapping[str, FactSpec]) -> Judge:
    """A function that holds the tree against the facts of one line."""
    if criterion.test is not None:
        judge = _leaf(criterion, criterion.test, specs)
    else:
        judge = _branch(criterion, [compiled(part, specs) for part in criterion.parts])
    period = criterion.period
    if period.start is None and period.end is None:
        return judge
    return lambda facts: judge(facts) if period.covers(facts.subject.day) else None


def combined(kind: str, truths: Sequence[Truth], minimum: int = 0) -> Truth:
    """The truth of a combination from the truths of its parts.

    `if` has two parts, condition and consequence: it is broken only where the condition is met and
    the consequence is not.
    """
    if kind == "all":
        return _every(truths)
    if kind == "any":
        return _flip(_every([_flip(truth) for truth in truths]))
    if kind == "none":
        return _every([_flip(truth) for truth in truths])
    if kind == "if":
        return combined("any", [_flip(truths[0]), truths[1]])
    met = sum(truth is MET for truth in truths)
    unknown = sum(truth is UNKNOWN for truth in truths)
    if met >= minimum:
        return MET
    return UNKNOWN if met + unknown >= minimum else UNMET


def _every(truths: Sequence[Truth]) -> Truth:
    if UNMET in truths:
        return UNMET
    return UNKNOWN if UNKNOWN in truths else MET


def _flip(truth: Truth) -> Truth:
    if truth is UNKNOWN:
        return UNKNOWN
    return UNMET if truth is MET else MET


def _branch(criterion: Criterion, parts: list[Judge]) -> Judge:
    kind, minimum = criterion.kind, criterion.minimum

    def judge(facts: Facts) -> Finding | None:
        found = [finding for part in parts if (finding := part(facts)) is not None]
        if not found or (kind == "if" and len(found) < 2):
            return None
        truth = combined(kind, [finding.truth for finding in found], minimum)
        return Finding(
            criterion.id,
            criterion.label,
            truth,
            citations=criterion.citations,
            parts=tuple(found),
            combination=kind,
        )

    return judge


def _leaf(criterion: Criterion, test: Test, specs: Mapping[str, FactSpec]) -> Judge:
    holds = _holds(test, specs[test.fact])
    name, known_only = test.fact, test.operator == "known"

    def judge(facts: Facts) -> Finding:
        fact = facts.find(name)
        others: tuple[Fact, ...] = ()
        if known_only:
            truth = MET if fact.known is test.operands[0].value else UNMET
        elif not fact.known or fact.value is None:
            truth, others = UNKNOWN, _compared_with(test, facts)
        else:
            truth, others = holds(facts, fact.value)
        return Finding(
            criterion.id,
            criterion.label,
            truth,
            facts=(fact, *others),
            citations=criterion.citations,
        )

    return judge


def _compared_with(test: Test, facts: Facts) -> tuple[Fact, ...]:
    """The other facts of a comparison: asked for together with the first one."""
    if test.window is not None:
        return (facts.find(test.window.of),)
    operand = _in_force(test.operands, facts)
    return (facts.find(operand.fact),) if operand is not None and operand.fact else ()


def _holds(test: Test, spec: FactSpec) -> _Holds:
    if test.window is not None:
        return _in_window(test.window)
    compare = _comparison(test.operator, spec)
    operands = test.operands

    def holds(facts: Facts, value: Scalar) -> tuple[Truth, tuple[Fact, ...]]:
        operand = _in_force(operands, facts)
        if operand is None:
            return UNKNOWN, ()
        if operand.codes is not None and isinstance(value, Concept):
            return _has_code(test.operator, value, operand.codes, facts), ()
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


def _has_code(operator: str, value: Concept, wanted: CodeSet, facts: Facts) -> Truth:
    subject = facts.subject
    codes = short_codes(value, subject.terms.systems)
    inside = belongs(codes, wanted, subject.service)
    return MET if inside is (operator == "code_in") else UNMET


def _comparison(
    operator: str, spec: FactSpec
) -> Callable[[Scalar, Scalar | tuple[Scalar, ...] | None], bool]:
    ranks = {option.code: number for number, option in enumerate(spec.options)}

    def order(value: object) -> tuple[float, ...] | Decimal | date:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, date):
            return instant(value) if spec.type is FactType.INSTANT else day_of(value)
        return (ranks[str(value)],)

    def compare(value: Scalar, wanted: Scalar | tuple[Scalar, ...] | None) -> bool:
        if isinstance(wanted, tuple):
            return (value in wanted) is (operator == "one_of")
        if operator in ("is", "equals"):
            return value == wanted
        if operator == "not_equals":
            return value != wanted
        left, right = order(value), order(wanted)
        match operator:
            case "at_most":
                return left <= right  # type: ignore[operator]
            case "less_than":
                return left < right  # type: ignore[operator]
            case "at_least":
                return left >= right  # type: ignore[operator]
            case _:
                return left > right  # type: ignore[operator]

    return compare


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
