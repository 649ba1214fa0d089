"""What an update says about the request before it: which lines and papers are new, other, withdrawn.

PAS 2.2.1 and 2.0.1, specification: updating authorization requests (spec-65 to spec-72).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from app.domain.values import Identifier
from app.sealed import sealed


class Change(StrEnum):
    """How a line or a paper differs from the version before."""

    ADDED = "added"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@sealed(frozen=True, slots=True)
class Named:
    """A Claim as another one speaks of it: by address, by identifiers, or both."""

    full_url: str = ""
    identifiers: tuple[Identifier, ...] = ()


@sealed(frozen=True, slots=True)
class Marks:
    """What a Claim marks: changes of its items and of its supporting information, by sequence.

    `papers` holds each piece of information in a form that can be compared, `rests_on` the
    sequences of those that an item points at.
    """

    items: Mapping[int, frozenset[Change]] = field(default_factory=dict)
    information: Mapping[int, frozenset[Change]] = field(default_factory=dict)
    papers: Mapping[int, str] = field(default_factory=dict)
    rests_on: Mapping[int, frozenset[int]] = field(default_factory=dict)


@sealed(frozen=True, slots=True)
class Update:
    """An update or a cancellation of an earlier request.

    `prior` is the request before it, then the one before that, as far as the bundle tells.
    `prior_included` says whether the bundle holds the first of them. `numbers` are payer's numbers
    that it names. `whole` is True when all of it is cancelled. `own` is the update's own name.
    """

    own: Named
    prior: tuple[Named, ...]
    prior_included: bool
    numbers: tuple[str, ...]
    whole: bool
    marks: Marks
