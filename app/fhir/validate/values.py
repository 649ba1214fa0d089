"""Checks of single values: fixed, pattern, primitives, and combinations of checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.fhir.validate import matching
from app.fhir.validate.run import Check, Path, Run
from app.fhir.validate.wording import brief, word

Json = dict[str, Any]


def nothing(value: Any, path: Path, run: Run) -> None:
    """A check without rules."""


def all_of(checks: Sequence[Check]) -> Check:
    """One check that makes several."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks

        def both(value: Any, path: Path, run: Run) -> None:
            first(value, path, run)
            second(value, path, run)

        return both
    if not checks:
        return nothing

    def every(value: Any, path: Path, run: Run) -> None:
        for check in checks:
            check(value, path, run)

    return every


def any_of(checks: Sequence[Check]) -> Check:
    """A check that is content when one of several is; otherwise it reports the closest one's."""
    if len(checks) < 2:
        return all_of(checks)

    def some(value: Any, path: Path, run: Run) -> None:
        best: list[Any] | None = None
        least = 0
        for check in checks:
            mark = run.mark()
            check(value, path, run)
            errors = run.errors_since(mark)
            if not errors:
                return
            taken = run.cut(mark)
            if best is None or errors < least:
                best, least = taken, errors
        run.put(best or [])

    return some


def fixed(expected: Any) -> Check:
    """Exactly this value."""

    def check(value: Any, path: Path, run: Run) -> None:
        if not matching.same(expected, value):
            run.error("not-fixed", path, f"not the fixed value {brief(expected)}")

    return check


def pattern(expected: Any) -> Check:
    """A value with everything that the pattern has."""
    holds = matching.holding(expected)

    def check(value: Any, path: Path, run: Run) -> None:
        if not holds(value):
            run.error("not-pattern", path, f"does not contain the pattern {brief(expected)}")

    return check


def primitive(
    test: Callable[[Any], str | None],
    element: Json,
    allowed: Callable[[str], bool] | None,
    value_set: str,
    rules: Sequence[Check],
) -> Check:
    """Format, limits, fixed value, pattern, binding and invariants of a primitive."""
    limits = {k: v for k, v in element.items() if k[:8] in ("maxLengt", "minValue", "maxValue")}
    expected = element.get("fixed", element.get("pattern"))
    is_fixed = "fixed" in element
    if expected is None and allowed is None and not rules and not limits:

        def plain(value: Any, path: Path, run: Run) -> None:
            wrong = test(value)
            if wrong is not None:
                _bad(value, wrong, path, run)

        return plain

    def check(value: Any, path: Path, run: Run) -> None:
        wrong = test(value)
        if wrong is not None:
            _bad(value, wrong, path, run)
            return
        if expected is not None and not matching.same(expected, value):
            kind = "fixed value" if is_fixed else "pattern"
            run.error(
                "not-fixed" if is_fixed else "not-pattern",
                path,
                f"not the {kind} {brief(expected)}",
            )
        elif allowed is not None and not allowed(value):
            name = value_set.rpartition("/")[2]
            run.error("code-not-in-set", path, f"code {word(value)} is not in the set {name}")
        if limits:
            _limit(value, limits, path, run)
        for rule in rules:
            rule(value, path, run)

    return check


def _bad(value: Any, wrong: str, path: Path, run: Run) -> None:
    if value is None:
        run.error("null-value", path, "null")
    elif type(value) is list:
        run.error("not-single", path, "array")
    elif " where a" in wrong:
        run.error("wrong-json-type", path, wrong)
    elif "narrative" in wrong or "div " in wrong:
        run.error("narrative", path, wrong)
    elif wrong in ("empty text", "blank text"):
        run.error("blank", path, wrong)
    else:
        run.error("bad-value", path, wrong)


def _limit(value: Any, limits: Json, path: Path, run: Run) -> None:
    for name, limit in limits.items():
        if name == "maxLength":
            if isinstance(value, str) and len(value) > limit:
                run.error("too-long", path, f"{len(value)} characters, at most {limit}")
        elif isinstance(value, int | float) and isinstance(limit, int | float):
            over = value < limit if name.startswith("min") else value > limit
            if over:
                run.error("out-of-range", path, f"beyond {name} {limit}")
