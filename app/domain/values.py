"""Small values that requests, policies and answers share."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from app.sealed import sealed

Text = dict[str, str]
"""A sentence by language: `{"en": ..., "es": ...}`; English is always there."""


@sealed(frozen=True, slots=True)
class Coding:
    """A code in a named system. `system` is the canonical URL, empty when the sender gave none."""

    system: str
    code: str
    display: str = ""


@sealed(frozen=True, slots=True)
class Concept:
    """What one thing is called in one or more code systems."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    def codes(self) -> frozenset[tuple[str, str]]:
        """All (system, code) pairs."""
        return frozenset((coding.system, coding.code) for coding in self.codings)

    def first(self) -> Coding | None:
        """The first coding, the one that the sender put foremost."""
        return self.codings[0] if self.codings else None


@sealed(frozen=True, slots=True)
class Quantity:
    """A number with its unit. `unit` is what people read, `code` in `system` what machines read."""

    value: Decimal
    unit: str = ""
    code: str = ""
    system: str = ""


@sealed(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217)."""

    value: Decimal
    currency: str = "USD"


@sealed(frozen=True, slots=True)
class Period:
    """Calendar days from `start` to `end`, both included; None is open."""

    start: date | None = None
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Whether `day` lies inside."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def overlaps(self, other: Period) -> bool:
        """Whether the two share at least one day."""
        starts_in_time = other.end is None or self.start is None or self.start <= other.end
        ends_late_enough = self.end is None or other.start is None or other.start <= self.end
        return starts_in_time and ends_late_enough


@sealed(frozen=True, slots=True)
class Identifier:
    """A business identifier; `kind` is the HL7 v2-0203 code (`MB`, `NPI`, ...) where given."""

    system: str
    value: str
    kind: str = ""


Scalar = bool | int | Decimal | str | date | datetime | Quantity | Concept
