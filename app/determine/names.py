"""Whether two ways of writing a name can be the same person's. Tolerant, symmetric, documented.

Ignored: case, accents, hyphens, apostrophes, spaces, and suffixes of generation (Jr, III). A double
surname agrees with either of its halves (Garcia Lopez, Lopez-Garcia, Garcia); particles (de, van)
alone never make two names agree. A name that is missing agrees with every name.
"""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"}
)
_SUFFIXES = frozenset(["jr", "sr", "jnr", "snr", "ii", "iii", "iv", "2nd", "3rd", "4th"])
_PARTICLES = frozenset(
    [
        "al",
        "bin",
        "da",
        "de",
        "del",
        "den",
        "der",
        "di",
        "dos",
        "du",
        "el",
        "la",
        "las",
        "le",
        "los",
        "san",
        "van",
        "von",
        "y",
    ]
)
_JOINING = (
    "'\u2019\u02bc`\u00b4."  # O'Brien, O’Brien and OBrien are one word; so are "Jr." and "Jr"
)


def words(name: str) -> tuple[str, ...]:
    """The words of a name in plain small letters, without a suffix of generation."""
    text = unicodedata.normalize("NFKD", name.casefold()).casefold().translate(_LETTERS)
    kept = "".join(
        sign if sign.isalnum() else " "
        for sign in text
        if not unicodedata.combining(sign) and sign not in _JOINING
    ).split()
    bare = tuple(word for word in kept if word not in _SUFFIXES)
    return bare or tuple(kept)


def agree(one: str, other: str) -> bool:
    """Whether two family names, or two given names, do not contradict each other."""
    if one == other:
        return True
    first, second = words(one), words(other)
    if not first or not second or "".join(first) == "".join(second):
        return True
    left, right = frozenset(first) - _PARTICLES, frozenset(second) - _PARTICLES
    return bool(left and right) and (left <= right or right <= left)


def same(one: str, other: str) -> bool:
    """Whether both are known and agree: a confirmation, where `agree` is only no contradiction."""
    return bool(words(one) and words(other)) and agree(one, other)
