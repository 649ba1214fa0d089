"""What this server claims: capability/ read once, with addresses and version filled in.

FHIR R4 CapabilityStatement of kind `instance`. Only what a route answers may stand in the files;
tests/house compares both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app import resources
from app.domain.guide import Guide
from app.fhir.urls import core
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Capability:
    """The documents of one guide version, ready to send; `types` can be validated."""

    statement: bytes
    operations: Mapping[str, bytes]
    types: frozenset[str]


def capability(guide: Guide, address: str, version: str) -> Capability:
    """Read and fill in the documents of `guide`.

    `address` is the base of all our addresses, `version` the program's.
    """
    base = f"{address}/fhir/{guide.value}"
    folder = resources.data("capability")
    types = frozenset(orjson.loads((folder / "types.json").read_bytes()))
    operations = {
        path.stem: orjson.dumps(_operation(orjson.loads(path.read_bytes()), base, version))
        for path in sorted((folder / "operations").glob("*.json"))
    }
    statement = orjson.loads((folder / f"{guide.value}.json").read_bytes())
    statement |= {
        "url": f"{base}/metadata",
        "version": version,
        "software": {"name": "Forthwith", "version": version},
        "implementation": {"description": "A Forthwith server", "url": base},
    }
    _place_own(statement["rest"][0]["resource"], base)
    _offer_validation(statement["rest"][0]["resource"], types)
    return Capability(orjson.dumps(statement), operations, types)


def _operation(definition: dict[str, Any], base: str, version: str) -> dict[str, Any]:
    address = f"{base}/OperationDefinition/{definition['id']}"
    return definition | {"url": address, "version": version}


def _place_own(listed: list[dict[str, Any]], base: str) -> None:
    """Give the operations that are ours their address; the files name them as `OperationDefinition/x`."""
    for entry in listed:
        for operation in entry.get("operation", []):
            if operation["definition"].startswith("OperationDefinition/"):
                operation["definition"] = f"{base}/{operation['definition']}"


def _offer_validation(listed: list[dict[str, Any]], types: frozenset[str]) -> None:
    """Say of each type that it can be validated, adding the types that only that can be done to."""
    by_type = {entry["type"]: entry for entry in listed}
    for name in sorted(types):
        if name not in by_type:
            by_type[name] = {"type": name}
            listed.append(by_type[name])
        by_type[name].setdefault("operation", []).append(
            {"name": "validate", "definition": core.RESOURCE_VALIDATE}
        )
