"""What a payer tells us about its members: the entries of a member file, in any format.

`ref` is the payer's own key of an entry (Patient.id, a CSV row's number): the same `ref` in a later
file is the same person or coverage, changed. Dates are calendar days.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.domain.coverage import Used
from app.domain.values import Coding, Identifier, Period
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class PayerEntry:
    """An organization that this server answers for."""

    ref: str
    name: str
    identifiers: tuple[Identifier, ...]


@sealed(frozen=True, slots=True)
class PersonEntry:
    """A person; `numbers` name this person under every plan, `tags` are marks policies ask for."""

    ref: str
    family: str
    given: str
    birth_date: date
    gender: str = ""
    language: str = ""
    state: str = ""
    tags: tuple[str, ...] = ()
    numbers: tuple[Identifier, ...] = ()


@sealed(frozen=True, slots=True)
class CoverageEntry:
    """A person under a plan. `person` and `payer` are references; `payer` may be empty.

    `numbers` name the person under this plan alone. `withdrawn` takes an entry back that should
    never have been sent. `order` 1 pays first, 0 is not known.
    """

    ref: str
    person: str
    plan: str
    period: Period
    payer: str = ""
    member_id: str = ""
    numbers: tuple[Identifier, ...] = ()
    subscriber_id: str = ""
    dependent: bool = False
    group: str = ""
    order: int = 0
    used: tuple[Used, ...] = ()
    withdrawn: bool = False


@sealed(frozen=True, slots=True)
class PaidLine:
    """One line of a claim that the payer paid. `paid` is in US dollars, `npi` the one who served."""

    codings: tuple[Coding, ...]
    period: Period
    units: Decimal | None = None
    paid: Decimal | None = None
    npi: str = ""


@sealed(frozen=True, slots=True)
class PaidEntry:
    """The paid lines of one claim of a person. `withdrawn` takes back a claim that was reversed."""

    ref: str
    person: str
    services: tuple[PaidLine, ...]
    withdrawn: bool = False


Entry = PayerEntry | PersonEntry | CoverageEntry | PaidEntry


@sealed(frozen=True, slots=True)
class Placed:
    """An entry with where it stands in the file, and other names by which the file refers to it."""

    entry: Entry
    line: int
    aliases: tuple[str, ...] = ()


@sealed(frozen=True, slots=True)
class Rejection:
    """A row that cannot be used: its line, what it is, and why. Never a person's data."""

    line: int
    kind: str
    reason: str


class Unusable(ValueError):
    """One row cannot be used; its text is the reason, written for the payer's operator."""
