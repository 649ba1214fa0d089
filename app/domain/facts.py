"""What is known about a request, and from where.

`Evidence` is what the request (or the payer's own records) carries, read once and not interpreted.
A policy names the facts that it needs and where each may be found; `app.determine.facts` picks them
from the evidence and gives a `Fact`: a value with its source, or *unknown*. Unknown never denies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from app.domain.values import Concept, Period, Scalar
from app.sealed import sealed


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    OBSERVATION = "observation"
    DIAGNOSIS = "diagnosis"
    PROCEDURE = "procedure"
    MEDICATION = "medication"
    ANSWER = "answer"
    DOCUMENT = "document"
    ORDER = "order"
    DEVICE = "device"
    ENCOUNTER = "encounter"
    REQUEST = "request"
    MEMBER = "member"
    HISTORY = "history"
    COVERAGE = "coverage"


@sealed(frozen=True, slots=True)
class Source:
    """Where a value was read: the resource's fullUrl and type, and the element within it."""

    where: str
    kind: str
    element: str = ""


@sealed(frozen=True, slots=True)
class Evidence:
    """One thing that a request or a record says.

    `concept` says what it is about (LOINC of an observation, ICD-10-CM of a diagnosis, linkId of an
    answer as a coding with the questionnaire's canonical as system, LOINC type of a document).
    `value` is what it says about it, None where being there is all. `attributes` holds qualifiers
    by name (`body-site`, `method`, `specimen`, `performer`, `status`, `laterality`, `component:CODE`
    ...), each a scalar. `entered_in_error`, `refuted` and cancelled resources are never evidence.
    """

    kind: EvidenceKind
    concept: Concept
    source: Source
    value: Scalar | None = None
    at: date | datetime | None = None
    period: Period | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))


class Truth(StrEnum):
    """Three-valued logic: what we do not know is neither met nor unmet."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


@sealed(frozen=True, slots=True)
class Fact:
    """A named fact of a policy as found, or not found (`known` False, `value` None).

    `unit` is the policy's unit (UCUM), `value` already converted into it. `why_unknown` is a short
    code when not known: `missing`, `too-old`, `in-future`, `no-date`, `no-time`, `no-unit`,
    `wrong-unit`, `implausible`, `not-an-option`, `conflict`.
    """

    name: str
    known: bool
    value: Scalar | None = None
    unit: str = ""
    at: date | datetime | None = None
    sources: tuple[Source, ...] = ()
    why_unknown: str = ""
