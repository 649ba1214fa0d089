"""Reading a FHIR body: its media type, its encoding, and never more bytes than allowed.

FHIR R4 3.1.0.1.1 names `application/fhir+json`; PAS asks for JSON only (spec-11). `application/json`
is read too, and bodies may be compressed with gzip (RFC 9110, 8.4.1.3).
"""

from __future__ import annotations

import zlib

from flask import Request, g
from werkzeug.http import parse_options_header

from app.errors import Malformed, TooLarge, WrongMediaType

READ_TYPES = ("application/fhir+json", "application/json")
_FHIR_VERSIONS = ("4.0", "4.0.1")
_GZIP = zlib.MAX_WBITS | 16
_CHUNK = 64 * 1024


def read(request: Request, limit: int) -> bytes:
    """The body, decompressed: at most `limit` bytes.

    Raises WrongMediaType, TooLarge, or Malformed for broken gzip.
    """
    _check_media_type(request.headers.get("Content-Type", ""))
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip"):
        raise WrongMediaType("Content-Encoding must be gzip or left out.")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    raw = request.stream.read(limit + 1)
    if len(raw) > limit:
        raise _too_large(limit)
    whole = _inflate(raw, limit) if coding.endswith("gzip") else raw
    g.received = whole
    return whole


def _check_media_type(header: str) -> None:
    if header in READ_TYPES:
        return
    kind, options = parse_options_header(header)
    if kind.lower() not in READ_TYPES:
        raise WrongMediaType(
            "Content-Type must be application/fhir+json (application/json is read too)."
        )
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise WrongMediaType("The charset of Content-Type must be utf-8.")
    if options.get("fhirVersion", options.get("fhirversion", "4.0")) not in _FHIR_VERSIONS:
        raise WrongMediaType("The fhirVersion of Content-Type must be 4.0.")


def _inflate(packed: bytes, limit: int) -> bytes:
    """Decompress, stopping as soon as the limit is passed, so that a bomb costs nothing."""
    machine = zlib.decompressobj(_GZIP)
    whole = bytearray()
    try:
        rest = packed
        while rest and not machine.eof:
            whole += machine.decompress(rest, _CHUNK)
            if len(whole) > limit:
                raise _too_large(limit)
            rest = machine.unconsumed_tail
    except zlib.error:
        raise Malformed("The body says that it is gzip, but cannot be decompressed.") from None
    if not machine.eof or machine.unused_data:
        raise Malformed("The gzip body is cut off or has something behind its end.")
    return bytes(whole)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is over {limit} bytes (FORTHWITH_MAX_BODY_BYTES), decompressed.")
