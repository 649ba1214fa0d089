"""Reads a member file of any size and format, one row at a time, in constant memory.

NDJSON holds one resource on each line. A Bundle is read entry by entry, whatever its size. CSV is
`app.flows.member_csv`. Each may be compressed with gzip. What a file is, is seen from its first
bytes, not from its name.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from app.domain.roster import Placed, Unusable
from app.errors import BadData
from app.fhir.roster import entry_of
from app.flows.member_csv import csv_rows
from app.sealed import sealed

FORMATS = ("ndjson", "bundle", "csv")
LONGEST_ROW = 16 * 1024 * 1024
_CHUNK = 1024 * 1024


@sealed(frozen=True, slots=True)
class RawRow:
    """A row before it is understood: `row` gives its entry, None for no member data, or Unusable."""

    line: int
    kind: str
    content: Any
    full_url: str = ""

    def entry(self) -> Placed | None:
        """The entry; raises Unusable with the reason."""
        if isinstance(self.content, Unusable):
            raise self.content
        if isinstance(self.content, Placed):
            return self.content
        return entry_of(self.content, self.line, self.full_url)


@dataclass(slots=True)
class MemberFile:
    """An open file; `done` of `size` bytes are read (compressed bytes where it is compressed)."""

    format: str
    size: int
    raw: BinaryIO
    stream: BinaryIO

    @property
    def done(self) -> int:
        """How far the file is read."""
        return self.raw.tell()

    def rows(self) -> Iterator[RawRow]:
        """Every row with its line; BadData when the file as a whole cannot be read."""
        try:
            if self.format == "csv":
                for line, content in csv_rows(self.stream):
                    yield RawRow(line, "row", content)
            elif self.format == "ndjson":
                yield from _ndjson(self.stream)
            else:
                yield from _bundle(self.stream)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise BadData("The file's compression is damaged: it ends in the middle.") from None


@contextmanager
def open_members(path: Path, format: str = "") -> Iterator[MemberFile]:
    """Open a member file; BadData when it is not there or is of no known format."""
    try:
        raw = path.open("rb")
    except OSError as fault:
        raise BadData(f"{path}: {fault.strerror}.") from None
    with raw:
        stream: Any = raw
        if raw.peek(2)[:2] == b"\x1f\x8b":
            stream = io.BufferedReader(gzip.GzipFile(fileobj=raw), _CHUNK)
        chosen = format or _looks_like(stream, path)
        yield MemberFile(chosen, path.stat().st_size, raw, stream)


def _looks_like(stream: io.BufferedReader, path: Path) -> str:
    try:
        head = stream.peek(4096)[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    except (OSError, EOFError, zlib.error):
        raise BadData(f"{path}: the file's compression is damaged.") from None
    if head.startswith(b"{"):
        first = head.split(b"\n", 1)[0].rstrip()
        whole = first.endswith(b"}") and b'"Bundle"' not in first
        return "ndjson" if whole or _begins_a_resource(head) else "bundle"
    if head and b"," in head.split(b"\n", 1)[0] and not head.startswith((b"[", b"<")):
        return "csv"
    raise BadData(
        f"{path}: neither NDJSON, nor a FHIR Bundle in JSON, nor CSV (say --format if it is)."
    )


def _begins_a_resource(head: bytes) -> bool:
    """A first line longer than we looked: NDJSON unless it is a Bundle that says so, or is indented."""
    return b'"Bundle"' not in head and b"\n" not in head


def _ndjson(stream: BinaryIO) -> Iterator[RawRow]:
    line = 0
    while text := stream.readline(LONGEST_ROW + 1):
        line += 1
        if len(text) > LONGEST_ROW:
            raise BadData(f"Line {line} is longer than {LONGEST_ROW} bytes.")
        if line == 1:
            text = text.removeprefix(codecs.BOM_UTF8)
        if text.isspace():
            continue
        yield _resource(text, line)


def _resource(text: bytes, line: int) -> RawRow:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return RawRow(line, "row", Unusable("not JSON"))
    if not isinstance(content, dict):
        return RawRow(line, "row", Unusable("not a JSON object"))
    return RawRow(line, str(content.get("resourceType", "row")), content)


def _bundle(stream: BinaryIO) -> Iterator[RawRow]:
    """The entries of a Bundle of type collection, transaction, batch, searchset or history."""
    for line, entry in _JsonEntries(stream).entries():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            yield RawRow(line, "entry", Unusable("Bundle.entry has no resource"))
            continue
        kind = str(resource.get("resourceType", "entry"))
        full_url = entry.get("fullUrl")
        yield RawRow(line, kind, resource, full_url if isinstance(full_url, str) else "")


class _JsonEntries:
    """Walks over one JSON object and gives the members of its array `entry` as they come.

    Only one entry is held at a time. The decoder is the standard library's: it can stop at the end
    of a value and say where that was.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._place = 0
        self._line = 1
        self._at_end = False

    def entries(self) -> Iterator[tuple[int, Any]]:
        """(line, value) of each entry; BadData when it is not one whole JSON object."""
        found = False
        self._take("{")
        while self._next() == '"':
            name = self._value()
            self._take(":")
            if name == "entry" and self._next() == "[":
                found = True
                yield from self._array()
            elif name == "resourceType" and self._value() != "Bundle":
                raise BadData("The file is JSON, and its resourceType is not Bundle.")
            elif name not in ("entry", "resourceType"):
                self._value()
            if self._next() == ",":
                self._take(",")
        self._take("}")
        if self._next():
            raise self._broken()
        if not found:
            raise BadData("The Bundle has no entries.")

    def _array(self) -> Iterator[tuple[int, Any]]:
        self._take("[")
        while self._next() not in ("]", ""):
            yield self._line, self._value()
            if self._next() == ",":
                self._take(",")
        self._take("]")

    def _next(self) -> str:
        """The next sign that is not a space, or nothing at the end."""
        while True:
            while self._place < len(self._text):
                sign = self._text[self._place]
                if sign not in " \t\r\n":
                    return sign
                self._line += sign == "\n"
                self._place += 1
            if not self._more():
                return ""

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise self._broken()
        self._place += 1

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError:
                if not self._more():
                    raise self._broken() from None
                continue
            except RecursionError:
                raise self._broken() from None
            if self._text[end : end + 1] not in _AFTER and self._more():
                continue  # a number goes on in the next piece: `1` may be `1.5e3`
            self._line += self._text.count("\n", self._place, end)
            self._place = end
            return value

    def _more(self) -> bool:
        """Read as much again as is held, so that a long entry is not parsed over and over."""
        if self._at_end:
            return False
        held = self._text[self._place :]
        if len(held) > LONGEST_ROW:
            raise BadData(f"The entry at line {self._line} is longer than {LONGEST_ROW} signs.")
        piece = self._stream.read(max(_CHUNK, len(held)))
        self._at_end = not piece
        try:
            self._text = held + self._decode.decode(piece, self._at_end)
        except UnicodeDecodeError:
            raise BadData("The file is not UTF-8.") from None
        self._place = 0
        return not self._at_end

    def _broken(self) -> BadData:
        return BadData(f"The file is not one whole JSON object: see line {self._line}.")


_DECODER = json.JSONDecoder()
_AFTER = frozenset(" \t\r\n,:]}")
