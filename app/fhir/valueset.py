"""The public lists as FHIR: ValueSet, its expansion, and whether a code is on it (FHIR R4 4.9).

Only codes are written, never the words of a licensed code system; what a line means stands on the
page of its policy.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from app.determine.listing import Listed
from app.domain.values import Text
from app.fhir.urls import system
from app.sealed import sealed

Json = dict[str, Any]

_SYSTEMS = {
    "ICD10CM": system.ICD_10_CM,
    "ICD10PCS": system.ICD_10_PCS,
    "LOINC": system.LOINC,
    "NDC": system.NDC,
    "RXNORM": system.RXNORM,
    "REVENUE": system.REVENUE,
    "X12SERVICE": system.X12_SERVICE_TYPE,
}


@sealed(frozen=True, slots=True)
class Named:
    """What a list is called as a ValueSet: its id, canonical, words, version and day."""

    id: str
    url: str
    title: Text
    about: Text
    version: str
    day: date
    owner: str


def system_of(line: Listed) -> str:
    """The address of a line's code system; HCPCS level I is CPT, whose codes begin with a digit."""
    if line.system == "HCPCS":
        return system.CPT if line.code[:1].isdigit() else system.HCPCS
    return _SYSTEMS.get(line.system, line.system)


def value_set(named: Named, lines: Iterable[Listed]) -> Json:
    """The list as a definition: every code, by system."""
    by_system: dict[str, list[str]] = {}
    for where, code in codes(lines):
        by_system.setdefault(where, []).append(code)
    written = _head(named)
    if by_system:
        written["compose"] = {
            "lockedDate": named.day.isoformat(),
            "include": [
                {"system": where, "concept": [{"code": code} for code in found]}
                for where, found in by_system.items()
            ],
        }
    return written


def expansion(
    named: Named, lines: Iterable[Listed], at: datetime, offset: int, count: int | None, like: str
) -> Json:
    """The list as an expansion: `count` codes from `offset` on of those that contain `like`."""
    found = [each for each in codes(lines) if like.lower() in each[1].lower()]
    page = found[offset:] if count is None else found[offset : offset + count]
    told: list[Json] = [{"name": "date", "valueDateTime": named.day.isoformat()}]
    told.append({"name": "offset", "valueInteger": offset})
    if count is not None:
        told.append({"name": "count", "valueInteger": count})
    if like:
        told.append({"name": "filter", "valueString": like})
    unfolded: Json = {
        "identifier": uuid.uuid5(
            uuid.NAMESPACE_URL, f"{named.url}|{named.version}|{named.day}"
        ).urn,
        "timestamp": at.isoformat(),
        "total": len(found),
        "offset": offset,
        "parameter": told,
    }
    if page:
        unfolded["contains"] = [{"system": where, "code": code} for where, code in page]
    return {**_head(named), "expansion": unfolded}


def validated(named: Named, found: Sequence[Listed], address: str) -> Json:
    """The answer of `$validate-code`: whether the code is on the list, and by which policies."""
    if found:
        told = "; ".join(dict.fromkeys(_by(line, address) for line in found))
        message = f"On the list on {named.day}: {told}."
    else:
        message = f"Not on the list on {named.day}."
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "result", "valueBoolean": bool(found)},
            {"name": "message", "valueString": message},
        ],
    }


def searchset(value_sets: Sequence[Json], address: str) -> Json:
    """A Bundle of what a search found; `address` is the base of the guide."""
    written: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(value_sets)}
    if value_sets:
        written["entry"] = [
            {
                "fullUrl": f"{address}/ValueSet/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in value_sets
        ]
    return written


def codes(lines: Iterable[Listed]) -> list[tuple[str, str]]:
    """(system, code) of the lines, each once."""
    return list(dict.fromkeys((system_of(line), line.code) for line in lines))


def _head(named: Named) -> Json:
    return {
        "resourceType": "ValueSet",
        "id": named.id,
        "url": named.url,
        "version": named.version,
        "name": "".join(part.capitalize() for part in named.id.replace(".", "-").split("-")),
        "title": named.title["en"],
        "status": "active",
        "experimental": False,
        "date": named.day.isoformat(),
        "publisher": named.owner,
        "description": named.about["en"],
    }


def _by(line: Listed, address: str) -> str:
    rule = ", ".join(f"{each.title} {each.section}".strip() for each in line.citations)
    page = f"{address}{line.path}" if line.path else ""
    return " ".join(filter(None, (str(line.review), rule and f"({rule})", page)))
