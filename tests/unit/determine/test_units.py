"""Units of one dimension convert exactly; anything else is refused, never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.determine.units import convert, spelled
from app.domain.policy import Conversion


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "expected"),
    [
        ("7.333", "kPa", "mm[Hg]", "55.00204646"),
        ("8.0", "kPa", "mm[Hg]", "60.004960"),
        ("350", "[lb_av]", "kg", "158.7573295"),
        ("600", "lb", "kg", "272.155422"),
        ("70", "[in_i]", "cm", "177.80"),
        ("1.7", "m", "cm", "170.0"),
        ("0.88", "1", "%", "88.00"),
        ("90", "min", "h", "1.5"),
        ("500", "ms", "s", "0.500"),
        ("6", "weeks", "d", "42"),
        ("2", "a", "mo", "24"),
        ("3", "{events}", "1", "3"),
        ("15", "/h", "{events}/h", "15"),
    ],
)
def test_a_unit_of_the_same_dimension_converts_exactly(
    value: str, unit: str, wanted: str, expected: str
) -> None:
    assert convert(Decimal(value), unit, wanted) == Decimal(expected)


@pytest.mark.parametrize(
    ("unit", "wanted"), [("kg", "cm"), ("mmol/L", "mg/dL"), ("", "kg"), ("%", "h")]
)
def test_units_of_other_dimensions_do_not_convert(unit: str, wanted: str) -> None:
    assert convert(Decimal(1), unit, wanted) is None


def test_chemistry_converts_by_the_factors_that_the_policy_gives() -> None:
    glucose = (Conversion("mmol/L", Decimal("18.0182")),)
    assert convert(Decimal("3.0"), "mmol/L", "mg/dL", glucose) == Decimal("54.05460")
    assert convert(Decimal("3.0"), "g/L", "mg/dL", glucose) is None
    hba1c = (Conversion("mmol/mol", Decimal("0.0915"), Decimal("2.15")),)
    assert convert(Decimal(53), "mmol/mol", "%", hba1c) == Decimal("6.9995")


def test_usual_spellings_are_understood() -> None:
    assert spelled("mmHg") == "mm[Hg]"
    assert spelled("kg/m²") == "kg/m2"
    assert spelled("mm[Hg]") == "mm[Hg]"
