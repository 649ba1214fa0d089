"""A question about requests made earlier, asked by example (PAS specification, inquiry)."""

from __future__ import annotations

from app.domain.decision import Outcome
from app.domain.request import Person
from app.domain.values import Period
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Example:
    """What a line must be like. What is empty or None does not narrow: any service, any day.

    `services` are (system, code) pairs. `numbers` are authorization, review or trace numbers, each
    group of alternatives apart: a line must have one of each. `outcomes` are those of its answer.
    `issued`, `effective` and `expires` are days of the authorization that it was given.
    """

    services: frozenset[tuple[str, str]] = frozenset()
    days: Period | None = None
    numbers: tuple[frozenset[str], ...] = ()
    outcomes: frozenset[Outcome] = frozenset()
    issued: Period | None = None
    effective: Period | None = None
    expires: Period | None = None


@sealed(frozen=True, slots=True)
class Inquiry:
    """Who asks about whom, and what the request must be like.

    `provider_npis` are those of the asking provider, `team_npis` those of the care team that the
    question names. `members` are member numbers in the form in which they are compared. `numbers`
    and `days` are about the request as a whole, which has one of `diagnoses` ((system, code) pairs); of
    `examples` one must be like one of its lines.
    """

    person: Person
    members: tuple[str, ...]
    provider_npis: frozenset[str]
    team_npis: frozenset[str] = frozenset()
    numbers: tuple[frozenset[str], ...] = ()
    days: Period | None = None
    diagnoses: frozenset[tuple[str, str]] = frozenset()
    examples: tuple[Example, ...] = ()
