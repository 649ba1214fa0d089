"""Keys sort by time and never repeat; numbers are readable and cannot be guessed."""

from __future__ import annotations

import re
import time
from datetime import UTC

from app.clock import moment, number, uuid7


def test_a_key_is_a_uuid_of_version_7_that_begins_with_its_instant() -> None:
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert len(set(made)) == 1000
    for key in made:
        assert key.version == 7
        assert key.variant == "specified in RFC 4122"
        assert before <= key.int >> 80 <= after


def test_every_random_bit_of_a_key_is_used() -> None:
    """6 bits are fixed (version and variant), 48 are the time, the other 74 are chance."""
    seen_one = seen_zero = 0
    for _ in range(400):
        value = uuid7().int
        seen_one |= value
        seen_zero |= ~value
    chance = seen_one & seen_zero & ((1 << 80) - 1)
    assert chance.bit_count() == 74


def test_numbers_have_no_letter_that_is_misread_and_do_not_repeat() -> None:
    made = [number("FA") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"FA-[2-9A-HJ-NP-Z]{12}", each) for each in made)
    assert len(set("".join(made)) - set("FA-")) >= 30


def test_a_moment_is_in_utc() -> None:
    assert moment().now.tzinfo is UTC
