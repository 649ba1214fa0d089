"""Bytes to a parsed document, or a refusal that says what is wrong with the text.

JSON as RFC 8259 and FHIR ask for it: UTF-8 without byte order mark, no NaN or infinite number, no
lone surrogate, no property named twice in one object. Limits protect what comes after.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.errors import Issue, Malformed, TooLarge

Json = dict[str, Any]

_LATE_COLON: Final = re.compile(rb'"[ \t\r\n]+:')
_HIDDEN_QUOTE: Final = b"\\u0022"
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How deep, how many entries and how many bytes a document may have."""

    depth: int = 64
    entries: int = 5_000
    size: int = 10 * 1024 * 1024


def parse(raw: bytes, limits: Limits = Limits()) -> Json:
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
    if _is_deeper(document, limits.depth):
        raise _too_deep(limits)
    entries = document.get("entry")
    if isinstance(entries, list) and len(entries) > limits.entries:
        raise TooLarge(f"more than {limits.entries} entries (FORTHWITH_MAX_ENTRIES)")
    if _may_repeat(raw, document):
        _refuse_repeated(raw)
    return document


def _safe(error: orjson.JSONDecodeError) -> str:
    """The decoder's words with line and column; they never hold the document's text."""
    return f"{error.msg.partition(':')[0]}, line {error.lineno} column {error.colno}"


def _too_deep(limits: Limits) -> TooLarge:
    return TooLarge(f"nested more than {limits.depth} deep (FORTHWITH_MAX_DEPTH)")


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


def _may_repeat(raw: bytes, document: Json) -> bool:
    """False when no property can be named twice: the text has as many names as the document.

    A name is counted by the two characters after it, in the text and in the document written
    again. Texts in which that could be fooled (space before a colon, a quote written as an escape)
    are looked at closely instead.
    """
    if _HIDDEN_QUOTE in raw or _LATE_COLON.search(raw):
        return True
    return raw.count(b'":') != orjson.dumps(document).count(b'":')


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
