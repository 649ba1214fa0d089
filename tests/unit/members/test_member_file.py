"""A member file is read one row at a time, wherever its pieces are cut."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadData
from app.flows import member_file
from app.flows.member_file import MemberFile, open_members

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Drip(io.BytesIO):
    """Gives at most `most` bytes at a time, whatever is asked for."""

    most = 1

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size if size and size > 0 else self.most, self.most))


def read(content: bytes, most: int) -> list[Any]:
    stream = Drip(content)
    stream.most = most
    raw = io.BytesIO()
    file = MemberFile("bundle", len(content), raw, stream)
    return [row.content for row in file.rows()]


@given(
    st.lists(st.dictionaries(st.text(), JSON, max_size=3), min_size=1, max_size=4),
    st.dictionaries(st.text().filter(lambda name: name not in ("entry", "resourceType")), JSON),
    st.integers(1, 40),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_entries_are_the_same_however_the_file_is_cut(
    resources: list[dict[str, Any]],
    around: dict[str, Any],
    most: int,
    indent: int | None,
    plain: bool,
) -> None:
    bundle = {
        "resourceType": "Bundle",
        **around,
        "entry": [{"resource": each} for each in resources],
        "total": 12345,
    }
    content = json.dumps(bundle, indent=indent, ensure_ascii=plain, allow_nan=False)
    try:
        encoded = content.encode()
    except UnicodeEncodeError:  # a lone surrogate cannot be in a UTF-8 file
        return
    assert read(encoded, most) == resources


@given(st.integers(0, 200))
def test_a_bundle_cut_short_is_never_taken_for_whole(length: int) -> None:
    whole = json.dumps(
        {"resourceType": "Bundle", "entry": [{"resource": {"a": [1, 2.5, "x\n", None]}}] * 3}
    ).encode()
    with pytest.raises(BadData):
        read(whole[: min(length, len(whole) - 1)], 7)


def test_a_deeply_nested_entry_is_refused_not_a_crash() -> None:
    deep = b'{"resourceType": "Bundle", "entry": [' + b"[" * 200_000
    with pytest.raises(BadData):
        read(deep, 1 << 20)


def test_an_endless_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_file, "LONGEST_ROW", 1000)
    path = tmp_path / "long.ndjson"
    path.write_bytes(b'{"a": "' + b"x" * 5000 + b'"}\n')
    with open_members(path, "ndjson") as file, pytest.raises(BadData, match="Line 1 is longer"):
        list(file.rows())
    monkeypatch.setattr(member_file, "_CHUNK", 100)
    with pytest.raises(BadData, match="longer than 1000"):
        read(b'{"resourceType": "Bundle", "entry": [{"a": "' + b"x" * 50_000, 100)


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b'{"resourceType": "Patient"}\n{}', "ndjson"),
        (b'{"resourceType": "Patient"}', "ndjson"),
        (b'\xef\xbb\xbf{"resourceType":"Patient"}\n', "ndjson"),
        (b'{"resourceType": "Bundle", "entry": []}', "bundle"),
        (b'{\n  "resourceType": "Bundle",\n', "bundle"),
        (b'{"resourceType":"Patient","x":"' + b"y" * 9000 + b'"}\n', "ndjson"),
        (b"member_id,family\n", "csv"),
    ],
)
def test_the_format_is_seen_from_the_content(tmp_path: Path, content: bytes, format: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with open_members(path) as file:
        assert file.format == format
