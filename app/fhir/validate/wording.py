"""Words for what was found. A document's text is repeated only where it is a code or a name."""

from __future__ import annotations

from typing import Any, Final

_SHAPES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
_LIMIT: Final = 100


def shape(value: object) -> str:
    """The JSON type of a value, in a word."""
    return _SHAPES.get(type(value), "number")


def word(value: object) -> str:
    """A code or address as far as it looks like one: other text is not repeated."""
    text = value if isinstance(value, str) else ""
    return text[:_LIMIT] if text.isprintable() and text.count(" ") < 3 else "?"


def tail(url: str) -> str:
    """The last segment of an address."""
    return word(url.rpartition("/")[2])


def brief(expected: Any) -> str:
    """A value of a profile (never of a document) as short text."""
    if isinstance(expected, dict):
        listed = expected.get("coding")
        if isinstance(listed, list) and listed:
            return brief(listed[0])
        if "code" in expected:
            return f"{expected.get('system', '')}#{expected['code']}"
        return ", ".join(f"{key} {brief(part)}" for key, part in expected.items())
    return str(expected).lower() if isinstance(expected, bool) else str(expected)
