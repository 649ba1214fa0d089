"""Domain to FHIR: one decision, written for each guide version.

    write_response(decision, request, received, envelope) -> dict

`envelope` (`Envelope`) carries ids, addresses and the instant; nothing here reads a clock or draws
a random number, so the same input gives the same bytes (`orjson.dumps` of the result).
"""

from __future__ import annotations

from app.fhir.write.envelope import Envelope
from app.fhir.write.response import write_response

__all__ = ["Envelope", "write_response"]
