"""How an EHR's server spells our searches, as its CapabilityStatement says.

CRD lets a client rename search parameters, and the server has to translate (FHIR R4, search: a parameter
is what its definition says, whatever its name). US Core 3.1.1, 6.1 and 7.0 differ in which they know:
one that a server does not list is left out, and what comes back is looked through again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from app.sealed import sealed

Json = Mapping[str, Any]

_PERSON = ("subject", "beneficiary")
"""What a server may search by instead of `patient`; both take a typed reference."""


@sealed(frozen=True, slots=True)
class Dialect:
    """Of each type, the server's name for each standard name. Types that it does not describe keep
    ours."""

    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def spelled(self, query: str) -> str:
        """A search of ours (`Coverage?patient=1&status=active`) in the server's names."""
        kind, mark, rest = query.partition("?")
        known = self.names.get(kind)
        if not mark or not known:
            return query
        said = [part for each in rest.split("&") for part in _spelled(each, known)]
        return f"{kind}?{'&'.join(said)}" if said else query


def _spelled(part: str, known: Mapping[str, str]) -> Iterator[str]:
    name, _, value = part.partition("=")
    if name in known:
        yield f"{known[name]}={value}"
    elif name == "patient":
        person = next((each for each in _PERSON if each in known), "")
        yield f"{known[person]}=Patient/{value}" if person else part


def dialect_of(statement: Any) -> Dialect:
    """The dialect of a CapabilityStatement; the standard one for anything else."""
    names: dict[str, Mapping[str, str]] = {}
    for rest in _objects(statement, "rest"):
        if rest.get("mode") != "server":
            continue
        for described in _objects(rest, "resource"):
            listed = _objects(described, "searchParam")
            if listed and isinstance(described.get("type"), str):
                names[described["type"]] = _names(listed)
    return Dialect(names)


def _names(listed: list[Json]) -> dict[str, str]:
    """Standard name → name here, by the last part of each definition's address (`clinical-patient`,
    `us-core-coverage-patient`); a parameter without a definition is what its name says."""
    found: dict[str, str] = {}
    for each in listed:
        name = each.get("name")
        if not isinstance(name, str) or not name:
            continue
        definition = str(each.get("definition") or "").partition("|")[0].rpartition("/")[2]
        standard = definition.rpartition("-")[2] if definition else name
        found.setdefault(standard, name)
    return found


def _objects(holder: Any, name: str) -> list[Json]:
    listed = holder.get(name) if isinstance(holder, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
