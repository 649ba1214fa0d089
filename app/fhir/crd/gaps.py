"""What a call did not bring along, as queries to the EHR's FHIR server.

Two rounds: first what the context names, then what those resources refer to. Reads by id wherever
possible, as servers differ in the searches that they know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.domain.crd import Hook
from app.domain.ehr import Fetched, Fetching
from app.fhir.bundle import entries
from app.fhir.crd.call import Call
from app.fhir.crd.pool import Pool, local
from app.fhir.crd.targets import wanted
from app.fhir.read.values import part, parts, text

Json = dict[str, Any]

_REFERENCES = (
    "requester",
    "orderer",
    "prescriber",
    "performer",
    "codeReference",
    "medicationReference",
    "reasonReference",
    "payor",
    "practitioner",
    "organization",
)


def coverage_query(call: Call) -> str:
    """The search for the patient's active coverage."""
    return f"Coverage?patient={call.patient}&status=active"


def first_gaps(call: Call, pool: Pool) -> list[str]:
    """Patient, coverage, and the resources that the context only names."""
    needed = [f"Patient/{call.patient}"] if not pool.looked("patient") else []
    needed += [local(each) for each in wanted(call)]
    if call.hook is Hook.APPOINTMENT_BOOK:
        needed += _based_on(call)
    found = [each for each in needed if pool.get(each) is None]
    if not pool.of("Coverage") and not pool.looked("coverage"):
        found.append(coverage_query(call))
    return list(dict.fromkeys(found))


def second_gaps(call: Call, pool: Pool, resources: Sequence[Json]) -> list[str]:
    """What coverage and targets refer to and is not at hand: payer, people, devices, reasons."""
    named = [local(text(call.context, "performer")), local(call.user)]
    for resource in resources:
        named += [local(each) for each in _references(resource)]
    kept = [each for each in named if "/" in each and not each.startswith(("urn:", "http", "#"))]
    return list(dict.fromkeys(each for each in kept if pool.get(each) is None))


def take(pool: Pool, answers: Mapping[str, Fetching]) -> None:
    """Put what was fetched into the pool."""
    for answer in answers.values():
        if isinstance(answer, Fetched):
            for resource in (*answer.resources, *answer.included):
                pool.add(dict(resource))


def _based_on(call: Call) -> Iterator[str]:
    for _, _, appointment in entries(part(call.context, "appointments")):
        for reference in parts(appointment, "basedOn"):
            name = local(text(reference, "reference"))
            if name.startswith("ServiceRequest/"):
                yield name


def _references(resource: Json) -> Iterator[str]:
    for name in _REFERENCES:
        value = resource.get(name)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, dict) and text(each, "reference"):
                yield text(each, "reference")
