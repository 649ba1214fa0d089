"""Do these codes belong to that set? Systems are compared by short name, ICD-10 without its dot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from app.domain.policy import CodeSet
from app.domain.values import Concept

_ICD10 = ("ICD10CM", "ICD10PCS")
Codes = frozenset[tuple[str, str]]


def short_codes(concept: Concept, systems: Mapping[str, str]) -> Codes:
    """All codes of a concept as (short system, comparable code); an unknown system stays its URL."""
    return frozenset(
        [
            (name, coding.code.upper().replace(".", "") if name in _ICD10 else coding.code)
            for coding in concept.codings
            for name in (systems.get(coding.system, coding.system),)
        ]
    )


def short_code(system: str, code: str, systems: Mapping[str, str]) -> tuple[str, str]:
    """One code by the short name of its system."""
    name = systems.get(system, system)
    return name, code.upper().replace(".", "") if name in _ICD10 else code


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text + r"\Z")


def matches(pattern: str, code: str) -> bool:
    """Whether a whole code has the form of a pattern."""
    return _pattern(pattern).match(code) is not None


def belongs(codes: Codes, wanted: CodeSet, requested: Codes = frozenset()) -> bool:
    """Whether one of `codes` is in `wanted`; `requested` are the codes of the service asked for."""
    if not wanted.exact.isdisjoint(codes):
        return True
    if wanted.requested and not requested.isdisjoint(codes):
        return True
    if not (wanted.beginnings or wanted.patterns):
        return False
    for system, code in codes:
        for name, beginning in wanted.beginnings:
            if name == system and code.startswith(beginning):
                return True
        for name, pattern in wanted.patterns:
            if name == system and matches(pattern, code):
                return True
    return False
