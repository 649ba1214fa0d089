"""Bytes become a document, or a refusal that says what is wrong with the text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Malformed, TooLarge
from app.fhir.validate import Limits
from app.fhir.validate.text import parse


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'"x"',
        b"null",
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e400}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\\ud800"}',
        b'{"a":"\x01"}',
        b'{"a":1,}',
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_what_is_not_a_json_object_in_utf8_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name":1,"name":2}',
        b'{"name" :1,"name":2}',
        b'{"x":[{"name":{"y":1},"name":{"y":1}}]}',
        b'{"x":"\\u0022:","name":1,"name":"\\":"}',
        b'{"a" :1,"name":1,"name":1}',
        b'{"x":"\\u003a","name":1,"name":2}',
        b'{"x":"\\u003A","name":1,"name":{"x":1}}',
    ],
)
def test_a_property_named_twice_is_malformed_and_named(raw: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        parse(raw)
    assert [issue.message for issue in refusal.value.issues] == ["name is there twice: keep one"]


def test_every_doubled_property_is_listed() -> None:
    with pytest.raises(Malformed) as refusal:
        parse(b'{"a":1,"a":2,"b":{"c":1,"c":2}}')
    assert sorted(i.message[0] for i in refusal.value.issues) == ["a", "c"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=5), st.booleans(), st.booleans())
def test_sound_text_is_read_whole_however_it_is_spelled(
    document: dict[str, Any], ascii_only: bool, spaced: bool
) -> None:
    text = json.dumps(
        document, ensure_ascii=ascii_only, separators=(" , ", " : ") if spaced else (",", ":")
    )
    assert parse(text.encode("utf-8", "surrogatepass")) == document


def test_limits_are_named_by_their_setting() -> None:
    limits = Limits(depth=8, entries=2, size=200)
    with pytest.raises(TooLarge, match="FORTHWITH_MAX_DEPTH"):
        parse(b'{"a":' * 9 + b"1" + b"}" * 9, limits)
    with pytest.raises(TooLarge, match="FORTHWITH_MAX_DEPTH"):
        parse(b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}")
    with pytest.raises(TooLarge, match="FORTHWITH_MAX_ENTRIES"):
        parse(b'{"entry":[{},{},{}]}', limits)
    with pytest.raises(TooLarge, match="FORTHWITH_MAX_BODY_BYTES"):
        parse(b" " * 201, limits)
    assert parse(b'{"a":' * 8 + b"1" + b"}" * 8, limits)
    with pytest.raises(TooLarge, match="FORTHWITH_MAX_DEPTH"):
        parse(b'{"a":' * 8 + b"{}" + b"}" * 8, limits)
