"""What an inquiry keeps back, and how long things stay to be found: data of the payer."""

from __future__ import annotations

from app.domain.decision import Citation
from app.domain.policy import CodeSet
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class SensitiveCategory:
    """A kind of care that only the provider who asked for it is told about.

    `by_number`: another provider of the request who names its number is told all the same.
    """

    id: str
    services: CodeSet
    diagnoses: CodeSet
    citation: Citation
    by_number: bool = True


@sealed(frozen=True, slots=True)
class Sensitive:
    """All such kinds, and where to ask about what was kept back."""

    categories: tuple[SensitiveCategory, ...] = ()
    phone: str = ""
