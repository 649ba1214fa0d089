"""UCUM units of one dimension, converted exactly; what is not listed is not guessed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from app.domain.policy import Conversion

_DIMENSIONS: tuple[dict[str, Decimal], ...] = tuple(
    {unit: Decimal(factor) for unit, factor in dimension.items()}
    for dimension in (
        {"mm[Hg]": "1", "kPa": "7.50062", "cm[H2O]": "0.735559"},
        {"kg": "1", "g": "0.001", "[lb_av]": "0.45359237", "[oz_av]": "0.028349523125"},
        {"cm": "1", "m": "100", "mm": "0.1", "[in_i]": "2.54", "[ft_i]": "30.48"},
        {"%": "1", "1": "100", "{fraction}": "100"},
        {"h": "3600", "min": "60", "s": "1", "ms": "0.001"},
        {"d": "1", "wk": "7"},
        {"mo": "1", "a": "12"},
        {"L/min": "1", "mL/min": "0.001"},
        {"mL": "1", "L": "1000"},
        {"cm2": "1", "mm2": "0.01"},
        {"mg": "1", "ug": "0.001"},
    )
)
_SPELLINGS = {
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "in": "[in_i]",
    "mmHg": "mm[Hg]",
    "mm Hg": "mm[Hg]",
    "percent": "%",
    "/h": "{events}/h",
    "{Events}/h": "{events}/h",
    "events/h": "{events}/h",
    "events/hour": "{events}/h",
    "kg/m²": "kg/m2",
    "kg/m^2": "kg/m2",
    "years": "a",
    "months": "mo",
    "days": "d",
    "weeks": "wk",
    "hours": "h",
    "minutes": "min",
    "cm^2": "cm2",
    "cm²": "cm2",
}


def spelled(unit: str) -> str:
    """The UCUM spelling of a unit that people write otherwise."""
    return _SPELLINGS.get(unit, unit)


def _plain_count(unit: str) -> bool:
    return unit in ("", "1") or (unit.startswith("{") and unit.endswith("}"))


def convert(
    value: Decimal, unit: str, wanted: str, conversions: Iterable[Conversion] = ()
) -> Decimal | None:
    """`value` in `unit` as a number of `wanted`; None when the two do not convert."""
    unit, wanted = spelled(unit), spelled(wanted)
    if unit == wanted:
        return value
    for conversion in conversions:
        if spelled(conversion.unit) == unit:
            return value * conversion.times + conversion.plus
    for dimension in _DIMENSIONS:
        if unit in dimension and wanted in dimension:
            return value * dimension[unit] / dimension[wanted]
    if _plain_count(unit) and _plain_count(wanted):
        return value
    return None
