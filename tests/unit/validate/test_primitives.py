"""Primitive formats of FHIR R4, with real calendar days."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.validate.primitives import TESTS

_SOUND: dict[str, list[Any]] = {
    "boolean": [True, False],
    "integer": [0, -5, 2**31 - 1],
    "positiveInt": [1, 2**31 - 1],
    "unsignedInt": [0, 7],
    "decimal": [1, 1.5, -0.1],
    "string": ["a", "a b\n", "é", " a"],
    "code": ["a", "a b"],
    "uri": ["http://a/b", "urn:oid:1.2.3", "relative", "a%20b"],
    "canonical": ["http://a|1", "#x"],
    "oid": ["urn:oid:1.2.840"],
    "uuid": ["urn:uuid:00000000-0000-4000-8000-00000000000a"],
    "id": ["a", "A-1.b", "x" * 64],
    "date": ["2024", "2024-02", "2024-02-29", "0001-01-01"],
    "dateTime": ["2024", "2024-02-29", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00.123-05:00"],
    "instant": ["2024-02-29T23:59:59Z", "2024-02-29T23:59:60+14:00"],
    "time": ["10:00:00", "10:00:00.5"],
    "base64Binary": ["YWJj", "YWJj\nYWJj", "YQ=="],
}
_WRONG: dict[str, list[Any]] = {
    "boolean": ["true", 1, 0, None],
    "integer": ["1", 1.0, True, 2**31],
    "positiveInt": [0, -1, "1", True],
    "unsignedInt": [-1],
    "decimal": ["1.5", True, None],
    "string": ["", " ", "a\x00", 5, None, []],
    "code": ["", " a", "a ", "a  b", "a\tb"],
    "uri": ["", "a b", "urn:oid:x", "urn:uuid:X", "urn:uuid:00000000-0000-4000-8000-00000000000A"],
    "canonical": ["relative", ""],
    "oid": ["1.2.3", "urn:oid:1.02"],
    "uuid": ["00000000-0000-4000-8000-00000000000a"],
    "id": ["", "a b", "a_b", "x" * 65, 5],
    "date": ["2023-02-29", "2024-13", "24", "2024-2-1", "2024-02-29T10:00:00Z", "2024-02-29\n", 2024],
    "dateTime": ["2024-02-29T10:00Z", "2024-02-29T10:00:00", "2024-02-30T10:00:00Z",
                 "2024-02-29T25:00:00Z", "2024-02T10:00:00Z", "2024-02-29T10:00:00+15:00"],
    "instant": ["2024", "2024-02-29", "2024-02-29T10:00:00"],
    "time": ["10:00", "24:00:00", "10:00:00Z"],
    "base64Binary": ["a", "!", ""],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in _SOUND.items() for v in vs])
def test_a_sound_value_passes(kind: str, value: Any) -> None:
    assert TESTS[kind](value) is None


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in _WRONG.items() for v in vs])
def test_a_wrong_value_is_described_without_being_repeated(kind: str, value: Any) -> None:
    wrong = TESTS[kind](value)
    assert wrong
    assert not (isinstance(value, str) and len(value) > 3 and value == wrong)
