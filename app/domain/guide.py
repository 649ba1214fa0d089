"""The two live generations of the Da Vinci guides."""

from __future__ import annotations

from enum import StrEnum


class Guide(StrEnum):
    """A guide generation, named as in our addresses (`/fhir/2.2`, `/fhir/2.0`)."""

    V22 = "2.2"
    V20 = "2.0"
