"""Where we read a published definition otherwise than it is written, each with its reason.

Applied when facts are merged into a structure, so that everything made from facts (checks, the
mutation suite, docs) sees the same reading. docs/validator.md lists them.
"""

from __future__ import annotations

from typing import Any, Final

from app.fhir import urls

Json = dict[str, Any]

# structure|version -> element id -> facts that replace the published ones
AMENDED: Final[dict[str, dict[str, Json]]] = {
    # An update must bring its prior Claim (PAS 2.0.1 specification, "Updating Authorization
    # Requests"), but the slice of the bundle takes one Claim only; 2.2.1 corrected it to 1..2.
    urls.PAS_20.versioned(urls.profile.REQUEST_BUNDLE): {"Bundle.entry:Claim": {"max": "2"}},
}


def amended(structure: str, elements: dict[str, Json]) -> dict[str, Json]:
    """Elements of a structure (with version) as we read them."""
    for element_id, facts in AMENDED.get(structure, {}).items():
        elements[element_id] = {**elements[element_id], **facts}
    return elements


# Required in every vital sign of base R4, and broken by the flow rate that US Core's pulse oximetry
# asks for in litres a minute: a unit outside the set is a warning there.
_SOFTENED: Final = {("ucum-vitals-common", "Observation.component.value[x]")}


def strength(binding: Json, path: str) -> str:
    """The strength of a binding as we read it."""
    name = binding["values"].partition("|")[0].rpartition("/")[2]
    return "extensible" if (name, path) in _SOFTENED else str(binding["strength"])
