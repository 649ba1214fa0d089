"""An NPI is ten digits with a check digit."""

from __future__ import annotations

import pytest

from app.domain.npi import is_npi


@pytest.mark.parametrize("value", ["1234567893", "1679576722"])
def test_a_number_with_its_check_digit_is_one(value: str) -> None:
    assert is_npi(value)


@pytest.mark.parametrize(
    "value", ["", "1234567890", "123456789", "12345678930", "١٢٣٤٥٦٧٨٩٣", "12345678-3"]
)
def test_anything_else_is_none(value: str) -> None:
    assert not is_npi(value)


def test_every_change_of_one_digit_is_noticed() -> None:
    for place in range(10):
        for digit in "0123456789":
            changed = "1234567893"[:place] + digit + "1234567893"[place + 1 :]
            assert is_npi(changed) == (changed == "1234567893")
