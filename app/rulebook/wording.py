"""The sentence of a criterion that its author gave no label: fact, comparison, value, unit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.domain.policy import FactSpec, Operand, Span, Test, Window
from app.domain.values import Scalar, Text
from app.rulebook.words import LANGUAGES, shown

_SIGNS = {"at_most": "≤", "less_than": "<", "at_least": "≥", "more_than": ">", "equals": "="}
_WORDS = {
    "en": {
        "not_equals": "is not",
        "one_of": "is one of",
        "none_of": "is none of",
        "code_in": "is one of",
        "code_not_in": "is none of",
        "true": "yes",
        "false": "no",
        "known": "is on record",
        "unknown": "is not on record",
        "and": "and",
        "from": "from",
        "to": "to",
        "until": "until",
        "onwards": "on",
        "same day": "on",
        "before": "before",
        "after": "after",
        "on": "the day of",
        "day": "day/days",
        "month": "month/months",
        "hour": "hour/hours",
        "plus": "plus",
        "other": "another value by date or plan",
    },
    "es": {
        "not_equals": "no es",
        "one_of": "es uno de",
        "none_of": "no es ninguno de",
        "code_in": "es uno de",
        "code_not_in": "no es ninguno de",
        "true": "sí",
        "false": "no",
        "known": "consta",
        "unknown": "no consta",
        "and": "y",
        "from": "desde",
        "to": "hasta",
        "until": "hasta",
        "onwards": "en adelante",
        "same day": "en",
        "before": "antes de",
        "after": "después de",
        "on": "el día de",
        "day": "día/días",
        "month": "mes/meses",
        "hour": "hora/horas",
        "plus": "más",
        "other": "otro valor según fecha o plan",
    },
}


def sentence(test: Test, spec: FactSpec, specs: dict[str, FactSpec]) -> Text:
    """A label in each language."""
    return {language: _sentence(test, spec, specs, language) for language in LANGUAGES}


def _sentence(test: Test, spec: FactSpec, specs: dict[str, FactSpec], language: str) -> str:
    words = _WORDS[language]
    label = _label(spec, language)
    if test.operator == "known":
        known = test.operands[0].value is True
        return f"{label}: {words['known' if known else 'unknown']}"
    if test.window:
        return f"{label}: {_window(test.window, _label(specs[test.window.of], language), words)}"
    values = [_operand(each, spec, specs, language) for each in test.operands[:1]]
    if len(test.operands) > 1:
        values.append(f"({words['other']})")
    if test.operator == "is":
        return f"{label}: {' '.join(values)}"
    sign = _SIGNS.get(test.operator) or words.get(test.operator, "")
    return f"{label} {sign} {' '.join(values)}".replace("  ", " ")


def _window(window: Window, other: str, words: dict[str, str]) -> str:
    start = _span(window.start, other, words) if window.start is not None else ""
    end = _span(window.end, other, words) if window.end is not None else ""
    if start == end:
        return f"{words['same day']} {start}"
    if not start:
        return f"{words['until']} {end}"
    if not end:
        return f"{words['from']} {start} {words['onwards']}"
    return f"{words['from']} {start} {words['to']} {end}"


def _label(spec: FactSpec, language: str) -> str:
    return spec.label.get(language) or spec.label["en"]


def _operand(operand: Operand, spec: FactSpec, specs: dict[str, FactSpec], language: str) -> str:
    if operand.codes:
        return ", ".join(operand.codes.written)
    if not operand.fact:
        return _value(operand.value, spec, language)
    times = f"{shown(operand.times)} × " if operand.times != 1 else ""
    plus = f" {_WORDS[language]['plus']} {shown(operand.plus)}" if operand.plus else ""
    return f"{times}{_label(specs[operand.fact], language)}{plus}"


def _value(value: Scalar | tuple[Scalar, ...] | None, spec: FactSpec, language: str) -> str:
    words = _WORDS[language]
    if isinstance(value, tuple):
        return ", ".join(_value(each, spec, language) for each in value)
    if isinstance(value, bool):
        return words["true" if value else "false"]
    if isinstance(value, Decimal):
        return f"{shown(value)} {spec.unit}".strip()
    if isinstance(value, date):
        return value.isoformat()
    for option in spec.options:
        if option.code == value:
            return option.label.get(language) or option.label["en"]
    return str(value)


def _span(span: Span, other: str, words: dict[str, str]) -> str:
    parts = [
        f"{abs(amount)} {words[name].split('/')[abs(amount) != 1]}"
        for name, amount in (("month", span.months), ("day", span.days), ("hour", span.hours))
        if amount
    ]
    if not parts:
        return f"{words['on']} «{other}»"
    back = (span.months, span.days, span.hours) < (0, 0, 0)
    return f"{' '.join(parts)} {words['before' if back else 'after']} «{other}»"
