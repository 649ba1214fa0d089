"""Bytes to a parsed document, or a refusal that says what is wrong with the text.

JSON as RFC 8259 and FHIR ask for it: UTF-8 without byte order mark, no NaN or infinite number, no
lone surrogate, no property named twice in one object. Limits protect what comes after.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from app.errors import Issue, Malformed, TooLarge
from app.sealed import sealed

Json = dict[str, Any]

_HIDDEN_COLONS: Final = (b"\\u003a", b"\\u003A")
_SHOWN: Final = 20


@sealed(frozen=True, slots=True)
class Limits:
    """How deep, how many entries and how many bytes a document may have."""

    depth: int = 64
    entries: int = 5_000
    size: int = 10 * 1024 * 1024


_LIMITS: Final = Limits()


def parse(raw: bytes, limits: Limits = _LIMITS) -> Json:
    """The document in some bytes.

    Raises Malformed (not JSON, not an object, or a property named twice; all of those are listed)
    and TooLarge (over a limit; names the setting).
    """
    if len(raw) > limits.size:
        raise TooLarge(f"more than {limits.size} bytes (FORTHWITH_MAX_BODY_BYTES)")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise _too_deep(limits) from error
        raise Malformed(f"not JSON: {_safe(error)}") from error
    if not isinstance(document, dict):
        raise Malformed("not a FHIR document: JSON object expected")
    again = _written_again(document)
    if _may_be_deeper(again, limits.depth) and _is_deeper(document, limits.depth):
        raise _too_deep(limits)
    entries = document.get("entry")
    if isinstance(entries, list) and len(entries) > limits.entries:
        raise TooLarge(f"more than {limits.entries} entries (FORTHWITH_MAX_ENTRIES)")
    if _may_repeat(raw, document, again):
        _refuse_repeated(raw)
    return document


def _safe(error: orjson.JSONDecodeError) -> str:
    """The decoder's words with line and column; they never hold the document's text."""
    return f"{error.msg.partition(':')[0]}, line {error.lineno} column {error.colno}"


def _too_deep(limits: Limits) -> TooLarge:
    return TooLarge(f"nested more than {limits.depth} deep (FORTHWITH_MAX_DEPTH)")


def _written_again(document: Json) -> bytes:
    """The document with each value on a line of its own, indented; b"" when it is too deep for that.

    One writing by a library tells how deep a document may be, and how many names it has, in a
    fraction of the time that walking through it takes.
    """
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        return b""


def _may_be_deeper(again: bytes, limit: int) -> bool:
    """False when no line is indented as far as what an array or object at the limit holds."""
    return not again or b"\n" + b"  " * limit in again


def _is_deeper(document: Json, limit: int) -> bool:
    level: list[Any] = [document]
    for _ in range(limit):
        level = [
            part
            for value in level
            for part in (value.values() if type(value) is dict else value)
            if type(part) is dict or type(part) is list
        ]
        if not level:
            return False
    return True


def _may_repeat(raw: bytes, document: Json, again: bytes) -> bool:
    """False when no property can be named twice: written again, the document is the very text.

    Else the text must have as many colons as the document: a second property would have its own,
    and perhaps more in its value. A colon written as an escape could hide that: such texts are
    looked at closely.
    """
    if raw == again or (again and raw == orjson.dumps(document)):
        return False
    if b"\\" in raw and any(colon in raw for colon in _HIDDEN_COLONS):
        return True
    return raw.count(b":") != again.count(b":")


def _refuse_repeated(raw: bytes) -> None:
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> Json:
        out = dict(items)
        if len(out) != len(items):
            seen: set[str] = set()
            for name, _ in items:
                if name in seen and len(found) < _SHOWN:
                    found.append(name if name.isidentifier() and len(name) < 65 else "?")
                seen.add(name)
        return out

    json.loads(raw, object_pairs_hook=pairs)
    if found:
        raise Malformed(
            "a property is named twice in one object",
            [
                Issue("error", "structure", "malformed", "", f"{name} is there twice: keep one")
                for name in found
            ],
        )
