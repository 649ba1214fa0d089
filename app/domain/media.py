"""What a document is, by how its bytes begin; what its sender calls it does not count."""

from __future__ import annotations

_BEGINS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_HEAD = 4096


def media_type(content: bytes) -> str:
    """PDF, PNG, JPEG, TIFF, a C-CDA (`application/hl7-cda+xml`) or plain text; else "".

    XML that is no C-CDA, HTML and whatever holds control characters is none of these.
    """
    for begin, kind in _BEGINS:
        if content.startswith(begin):
            return kind
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return ""
    if text.startswith("<"):
        return "application/hl7-cda+xml" if "<ClinicalDocument" in text[:_HEAD] else ""
    plain = bool(text) and all(each.isprintable() or each in "\r\n\t\f" for each in text)
    return "text/plain" if plain else ""
