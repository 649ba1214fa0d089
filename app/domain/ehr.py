"""The EHR's FHIR server: which ones we may ask, with what leave, and what can come of asking.

Three things that look alike must stay apart (CDS Hooks, "Providing FHIR resources"): a query that
was never answered, one that was answered with nothing, and one that the server refused in words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from app.sealed import sealed

_SCOPE = re.compile(r"(?:patient|user|system)/([A-Za-z]+|\*)\.([a-z]+|\*)(?:\?.*)?")
_READ_WORDS = {"read": frozenset("rs"), "*": frozenset("cruds"), "write": frozenset[str]()}


@sealed(frozen=True, slots=True)
class EhrServer:
    """A FHIR server that the operator registered.

    `base` is its address without a slash at the end; calls go to it and below it only. `batch`: it
    takes several reads in one batch bundle.
    """

    base: str
    batch: bool = False

    def holds(self, address: str) -> bool:
        """Whether `address` is this server's base or lies below it."""
        return address == self.base or address.startswith((f"{self.base}/", f"{self.base}?"))


@sealed(frozen=True, slots=True)
class Scopes:
    """What a token may do: for each resource type (or `*`) the letters of SMART v2, `cruds`.

    Both spellings are read: `user/Patient.read` (SMART 1) and `patient/Observation.rs?…` (SMART 2).
    """

    granted: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, text: str) -> Scopes:
        """From the space-separated list of `fhirAuthorization.scope`; unknown words grant nothing."""
        granted: dict[str, frozenset[str]] = {}
        for word in text.split():
            match = _SCOPE.fullmatch(word)
            if match:
                kind, doing = match.groups()
                letters = _READ_WORDS.get(doing, frozenset(doing) & frozenset("cruds"))
                granted[kind] = granted.get(kind, frozenset()) | letters
        return cls(granted)

    def allow(self, kind: str, *, search: bool) -> bool:
        """Whether resources of this type may be read by id, or searched."""
        letter = "s" if search else "r"
        return any(letter in self.granted.get(name, ()) for name in (kind, "*"))


@sealed(frozen=True, slots=True)
class EhrAccess:
    """What one hook call brings along: the server and a token that lives for seconds.

    The token is never stored, logged or shown.
    """

    base: str
    token: str = field(repr=False)
    scopes: Scopes


class Missing(StrEnum):
    """Why a query has no answer. Only the last is the server's own word."""

    NO_TOKEN = "no-token"  # noqa: S105 - a reason, not a secret
    NOT_REGISTERED = "not-registered"
    NOT_GRANTED = "not-granted"
    BAD_QUERY = "bad-query"
    BUSY = "busy"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


@sealed(frozen=True, slots=True)
class Fetched:
    """The server answered: the resources that match, and those it sent along (`_include`).

    Both are empty when it looked and found nothing. `complete` is False when it had more pages than
    were read.
    """

    resources: tuple[Mapping[str, Any], ...] = ()
    included: tuple[Mapping[str, Any], ...] = ()
    complete: bool = True


@sealed(frozen=True, slots=True)
class NotFetched:
    """There is no answer; nothing follows about what the EHR holds. `status` is HTTP's, 0 without."""

    why: Missing
    status: int = 0


Fetching = Fetched | NotFetched
