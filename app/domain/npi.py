"""The National Provider Identifier: ten digits, of which the last checks the others (45 CFR 162.406)."""

from __future__ import annotations

_PREFIX = 24
"""What the prefix 80840 of all United States provider numbers adds to the sum."""


def is_npi(value: str) -> bool:
    """Whether `value` has the form and the check digit (Luhn) of an NPI."""
    if len(value) != 10 or not value.isascii() or not value.isdecimal():
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in value[::2]]
    return (_PREFIX + sum(doubled) + sum(int(digit) for digit in value[1::2])) % 10 == 0
