"""The request that these orders would become: a Claim, drafted from what the EHR told us.

The draft is read, judged and, when it is granted at once, stored exactly like a request that came to
`$submit`. So CRD and PAS cannot disagree, and a grant of CRD can be replayed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.fhir.crd.pool import Pool, name_of
from app.fhir.read.values import part, parts, text
from app.fhir.urls import ext, system, x12
from app.sealed import sealed

Json = dict[str, Any]
_ORDERING, _RENDERING = "DK", "SJ"
_MOST_PERFORMERS, _MOST_PLACES = 4, 3

Team = dict[tuple[str, str], int]
"""Reference and role → sequence."""

_ASKERS = ("requester", "orderer", "prescriber", "sender")


@sealed(frozen=True, slots=True)
class Line:
    """One service of one target: `sequence` is its item in the draft, `concept` what is ordered.

    `performer` (a reference) and `place` narrow an order that names several to one of them.
    """

    sequence: int
    target: int
    resource: Json
    concept: Json
    performer: str = ""
    place: Json | None = None


@sealed(frozen=True, slots=True)
class Asked:
    """Who and what a draft is about, beside its lines."""

    patient: str
    coverage: Json
    user: str
    performer: str
    created: datetime


def draft_claim(asked: Asked, lines: Sequence[Line], pool: Pool, key: uuid.UUID) -> Json:
    """A request bundle with one item for each line and everything that came along."""
    team: Team = {}
    diagnoses: dict[str, Json] = {}
    items = [_item(line, asked, team, diagnoses) for line in lines]
    asker = _asker(lines[0].resource if lines else {}, asked)
    claim: Json = {
        "resourceType": "Claim",
        "id": str(key),
        "status": "draft",
        "use": "preauthorization",
        "patient": {"reference": f"Patient/{asked.patient}"},
        "created": asked.created.isoformat(),
        "insurer": _payer(asked.coverage),
        "provider": _submitter(asker, pool),
        "priority": {"coding": [{"system": system.PROCESS_PRIORITY, "code": _urgency(lines)}]},
        "careTeam": [_member(each, number) for each, number in team.items()],
        "diagnosis": list(diagnoses.values()),
        "insurance": [
            {"sequence": 1, "focal": True, "coverage": {"reference": name_of(asked.coverage)}}
        ],
        "item": items,
    }
    base = pool.server or "https://ehr.invalid"
    url = f"{base}/Claim/{key}"
    return {
        "resourceType": "Bundle",
        "identifier": {"system": system.UUID, "value": f"urn:uuid:{key}"},
        "type": "collection",
        "entry": [
            {"fullUrl": url, "resource": {name: v for name, v in claim.items() if v}},
            *pool.entries(),
        ],
    }


def _item(line: Line, asked: Asked, team: Team, diagnoses: dict[str, Json]) -> Json:
    resource = line.resource
    item: Json = {
        "extension": [
            {
                "url": ext.REQUESTED_SERVICE,
                "valueReference": {"reference": name_of(resource)},
            }
        ],
        "sequence": line.sequence,
        "productOrService": line.concept,
        "careTeamSequence": [team.setdefault(each, len(team) + 1) for each in _people(line, asked)],
        "diagnosisSequence": [_diagnosed(each, diagnoses) for each in _reasons(resource)],
    }
    amount = _amount(resource)
    if amount:
        item["quantity"] = amount
    place = line.place or next(iter(parts(resource, "locationCode")), None)
    if place:
        item["locationCodeableConcept"] = place
    item |= _when(resource)
    return {name: value for name, value in item.items() if value != []}


def _asker(resource: Mapping[str, Any], asked: Asked) -> str:
    for name in _ASKERS:
        reference = text(part(resource, name), "reference")
        if reference:
            return reference
    return asked.user


def _people(line: Line, asked: Asked) -> Iterator[tuple[str, str]]:
    """Who orders, then who performs, each with the role; one who does both is there twice."""
    asker = _asker(line.resource, asked)
    if asker:
        yield asker, _ORDERING
    narrowed = [line.performer] if line.performer else _performers(line.resource, asked)
    for performer in narrowed:
        yield performer, _RENDERING


def _performers(resource: Json, asked: Asked) -> Iterator[str]:
    if asked.performer:
        yield asked.performer
        return
    named = resource.get("performer")
    listed = [*named] if isinstance(named, list) else [named]
    listed += [part(part(resource, "dispenseRequest"), "performer")]
    listed += [part(each, "actor") for each in parts(resource, "participant")]
    listed += [part(each, "individual") for each in parts(resource, "participant")]
    for reference in listed:
        address = text(reference, "reference") if isinstance(reference, dict) else ""
        if address and "Patient/" not in address and "Location/" not in address:
            yield address


def choices(line: Line, asked: Asked) -> list[Line]:
    """The line once for each performer and place between which its order leaves the choice, the
    first few of each; empty when there is none."""
    named = line.resource.get("performer")
    performers = list(_performers(line.resource, asked)) if isinstance(named, list) else []
    performers = list(dict.fromkeys(performers)) if len(set(performers)) > 1 else [""]
    places = parts(line.resource, "locationCode")
    if len(places) < 2 and len(performers) < 2:
        return []
    return [
        replace(line, performer=performer, place=place)
        for place in (places[:_MOST_PLACES] if len(places) > 1 else [None])
        for performer in performers[:_MOST_PERFORMERS]
    ]


def _member(who: tuple[str, str], number: int) -> Json:
    reference, role = who
    return {
        "extension": [{"url": ext.CARE_TEAM_CLAIM_SCOPE, "valueBoolean": False}],
        "sequence": number,
        "provider": {"reference": reference},
        "role": {"coding": [{"system": x12(98), "code": role}]},
    }


def _submitter(asker: str, pool: Pool) -> Json:
    """The organization of who asks, else who asks."""
    role = pool.get(asker) if asker else None
    organization = text(part(role or {}, "organization"), "reference")
    return {"reference": organization or asker} if organization or asker else {}


def _payer(coverage: Json) -> Json:
    """The payor of the coverage; one that stands inside the coverage is read from there."""
    payor = next(iter(parts(coverage, "payor")), {})
    return {} if text(payor, "reference").startswith("#") else payor


def _reasons(resource: Json) -> list[Json]:
    """The diagnoses of an order, at most twelve as on a claim."""
    coded = [{"diagnosisCodeableConcept": each} for each in parts(resource, "reasonCode")]
    coded += [
        {"diagnosisReference": each}
        for each in parts(resource, "reasonReference")
        if text(each, "reference")
    ]
    coded += [
        {"diagnosisReference": part(each, "condition")} for each in parts(resource, "diagnosis")
    ]
    return coded[:12]


def _diagnosed(told: Json, diagnoses: dict[str, Json]) -> int:
    entry = diagnoses.setdefault(repr(told), {"sequence": len(diagnoses) + 1, **told})
    number: int = entry["sequence"]
    return number


def _amount(resource: Json) -> Json:
    dispensed = part(part(resource, "dispenseRequest"), "quantity")
    return part(resource, "quantityQuantity") or dispensed


def _urgency(lines: Sequence[Line]) -> str:
    urgent = any(text(line.resource, "priority") in ("stat", "asap") for line in lines)
    return "stat" if urgent else "normal"


def _when(resource: Json) -> Json:
    """The days of the service: occurrence, appointment or stay."""
    for name in ("occurrencePeriod", "period"):
        if part(resource, name):
            return {"servicedPeriod": part(resource, name)}
    if text(resource, "occurrenceDateTime"):
        return {"servicedDate": text(resource, "occurrenceDateTime")}
    bounds = part(part(part(resource, "occurrenceTiming"), "repeat"), "boundsPeriod")
    if bounds:
        return {"servicedPeriod": bounds}
    asked = next(iter(parts(resource, "requestedPeriod")), {})
    span = {
        name: text(resource, name) or text(asked, name)
        for name in ("start", "end")
        if text(resource, name) or text(asked, name)
    }
    return {"servicedPeriod": span} if span else {}
