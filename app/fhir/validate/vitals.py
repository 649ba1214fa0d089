"""Vital signs: which base profile an Observation owes to its code (FHIR R4, "Vital Signs Profiles").

R4 binds them by LOINC code, whatever profiles the Observation claims.
"""

from __future__ import annotations

from typing import Any, Final

from app.fhir import urls

Json = dict[str, Any]

_NONE: Final[set[str]] = set()
_PROFILES: Final = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "59408-5": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}


def profiles(resource: Json) -> set[str]:
    """Canonicals of the vital-sign profiles that an Observation must conform to."""
    if resource.get("resourceType") != "Observation":
        return _NONE
    code = resource.get("code")
    listed = code.get("coding") if isinstance(code, dict) else None
    names = {
        _PROFILES[coding["code"]]
        for coding in (listed if isinstance(listed, list) else ())
        if isinstance(coding, dict)
        and coding.get("system") == urls.system.LOINC
        and isinstance(coding.get("code"), str)
        and coding["code"] in _PROFILES
    }
    return {urls.core_type(name) for name in names}
