"""Formats of FHIR R4 primitive types (datatypes.html, "Primitive Types"), on parsed JSON.

`TESTS[type](value)` is None when the value is sound, otherwise what is wrong with it. A word about
the value's shape is allowed there, never the value: it may be a person's data.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from app.fhir.validate.fhirpath.narrative import has_content, problem

Test = Callable[[Any], str | None]

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OID: Final = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?")
_ZONE: Final = re.compile(r"Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SPACE: Final = re.compile(r"\s")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")
_INT: Final = 2**31
ROOTS: Final = ("http://", "https:/")
"""How most addresses begin."""
_STRING_LIMIT: Final = 1024 * 1024


def _shape(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    names = {str: "string", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), "value")


def boolean(value: Any) -> str | None:
    """JSON true or false."""
    return None if value is True or value is False else f"{_shape(value)} where a boolean is due"


def integer(value: Any) -> str | None:
    """A whole JSON number of 32 bits."""
    if type(value) is not int:
        return f"{_shape(value)} where a whole number is due"
    return None if -_INT <= value < _INT else "number beyond 32 bits"


def unsigned(value: Any) -> str | None:
    """A whole JSON number from 0."""
    return integer(value) or (None if value >= 0 else "negative number")


def positive(value: Any) -> str | None:
    """A whole JSON number from 1."""
    return integer(value) or (None if value > 0 else "number below 1")


def decimal(value: Any) -> str | None:
    """A JSON number."""
    if type(value) is float or type(value) is int:
        return None
    return f"{_shape(value)} where a number is due"


def string(value: Any) -> str | None:
    """Text with something in it and no control characters."""
    if type(value) is not str:
        return f"{_shape(value)} where a string is due"
    if value.isprintable():
        return None if value and not value.isspace() else "empty text"
    if not value.strip():
        return "blank text"
    if _CONTROL.search(value):
        return "control character"
    return None if len(value) <= _STRING_LIMIT else "text above 1 MB"


def code(value: Any) -> str | None:
    """Text without spaces at its ends and without two spaces in a row."""
    if type(value) is not str:
        return f"{_shape(value)} where a string is due"
    if value and value.isprintable() and " " not in value:
        return None
    if not value.strip():
        return "empty text"
    return None if " ".join(value.split()) == value else "spaces at the ends or doubled"


def uri(value: Any) -> str | None:
    """Text without any white space."""
    if type(value) is not str:
        return f"{_shape(value)} where a string is due"
    if not value.strip():
        return "empty text"
    if not value.isprintable() or " " in value:
        if _SPACE.search(value):
            return "white space in an address"
        if _CONTROL.search(value):
            return "control character"
    if value[:4] == "urn:":
        if value.startswith("urn:uuid:") and not _UUID.fullmatch(value):
            return "urn:uuid without a lower-case UUID"
        if value.startswith("urn:oid:") and not _OID.fullmatch(value):
            return "urn:oid without an OID"
    return None


def absolute(value: Any) -> str | None:
    """An address that names something by itself."""
    return uri(value) or (None if ":" in value else "a relative address")


def canonical(value: Any) -> str | None:
    """An absolute address, or a fragment of the same resource."""
    return uri(value) or (None if ":" in value or value[0] == "#" else "a relative address")


def oid(value: Any) -> str | None:
    """`urn:oid:` and an OID."""
    return uri(value) or (None if _OID.fullmatch(value) else "no urn:oid")


def uuid(value: Any) -> str | None:
    """`urn:uuid:` and a lower-case UUID."""
    return uri(value) or (None if _UUID.fullmatch(value) else "no urn:uuid")


def identity(value: Any) -> str | None:
    """1 to 64 letters, digits, hyphens and dots."""
    if type(value) is not str:
        return f"{_shape(value)} where a string is due"
    if _ID.fullmatch(value):
        return None
    return "empty text" if not value else f"not an id ({len(value)} characters)"


def _is_day(value: str) -> bool:
    try:
        if len(value) == 10 and value[4] == value[7] == "-":
            date.fromisoformat(value)
            return True
        match = _DATE.fullmatch(value)
        if not match:
            return False
        date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return False
    return True


def day(value: Any) -> str | None:
    """Year, year and month, or a real calendar day."""
    if type(value) is not str:
        return f"{_shape(value)} where a date string is due"
    return None if _is_day(value) else "not YYYY, YYYY-MM or a real YYYY-MM-DD"


def moment(value: Any) -> str | None:
    """A date, or a day with time and zone."""
    if type(value) is not str:
        return f"{_shape(value)} where a dateTime string is due"
    if len(value) <= 10:
        return None if _is_day(value) else "not YYYY, YYYY-MM or a real YYYY-MM-DD"
    return instant(value)


def instant(value: Any) -> str | None:
    """A real calendar day with time and zone."""
    if type(value) is not str:
        return f"{_shape(value)} where an instant string is due"
    time = _TIME.match(value, 11)
    if value[10:11] != "T" or len(value[:10]) != 10 or not _is_day(value[:10]) or not time:
        return "not a real YYYY-MM-DDThh:mm:ss"
    return None if _ZONE.fullmatch(value, time.end()) else "no time zone (Z or +hh:mm)"


def clock(value: Any) -> str | None:
    """hh:mm:ss without zone."""
    if type(value) is not str:
        return f"{_shape(value)} where a time string is due"
    return None if _TIME.fullmatch(value) else "not hh:mm:ss"


def binary(value: Any) -> str | None:
    """Base64 text."""
    if type(value) is not str:
        return f"{_shape(value)} where a base64 string is due"
    if not value.strip():
        return "empty text"
    try:
        binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        try:
            binascii.a2b_base64("".join(value.split()), strict_mode=True)
        except ValueError:
            return "not base64"
    return None


def narrative(value: Any) -> str | None:
    """XHTML that FHIR allows, with something to read (txt-1, txt-2)."""
    if type(value) is not str:
        return f"{_shape(value)} where a string is due"
    return problem(value) or (None if has_content(value) else "a narrative without words")


TESTS: Final[dict[str, Test]] = {
    "boolean": boolean,
    "integer": integer,
    "unsignedInt": unsigned,
    "positiveInt": positive,
    "decimal": decimal,
    "string": string,
    "markdown": string,
    "xhtml": narrative,
    "System.String": string,
    "code": code,
    "uri": uri,
    "url": uri,
    "canonical": canonical,
    "oid": oid,
    "uuid": uuid,
    "id": identity,
    "date": day,
    "dateTime": moment,
    "instant": instant,
    "time": clock,
    "base64Binary": binary,
}


def test_of(path: str, code: str) -> Test:
    """The format of a primitive element; what names an identifier's owner must be absolute."""
    return absolute if path == "Identifier.system" else TESTS[code]
