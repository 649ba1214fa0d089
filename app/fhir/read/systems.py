"""One spelling for each code system, however the sender wrote its address.

Systems arrive with `http` for `https`, with a slash at the end, or with the address of an X12 value
set where its code system belongs. X12 systems are told by their last number (pas guide: value sets
and code systems both end in the data element's number).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from app.domain.values import Coding, Concept
from app.fhir.urls import GUIDES, system, x12

_X12 = re.compile(r"^https?://(?:codesystem|valueset)\.x12\.org/(?:.*/)?(\d{1,5})/?$")
_SCHEME = re.compile(r"^https?://")
_LEVEL_TWO = re.compile(r"^[A-VX-Z]\d{4}$")
_LEVEL_ONE = re.compile(r"^\d{4}[0-9AFMTU]$")


def _bare(address: str) -> str:
    return _SCHEME.sub("", address).rstrip("/").lower()


def _known() -> dict[str, str]:
    named = [value for name, value in vars(system).items() if name.isupper()]
    revenue = [guide.revenue_system for guide in GUIDES.values()]
    return {_bare(value): value for value in [*named, *revenue]}


_BY_BARE = _known()


@lru_cache(maxsize=2048)
def canonical(raw: str) -> str:
    """The address that the guides use for what `raw` names; an unknown system stays as it is."""
    exact = _BY_BARE.get(_bare(raw))
    if exact is not None:
        return exact
    found = _X12.match(raw)
    return x12(int(found[1])) if found else raw


@lru_cache(maxsize=4096)
def service_system(raw: str, code: str) -> str:
    """The system of a procedure code: CPT (level I) and HCPCS (level II) are told by their shape.

    Both lists may be sent under either address (value set of requested services), and HCPCS codes
    are seen under the X12 service type system; the shapes do not overlap with service types.
    """
    known = canonical(raw)
    if known not in (system.HCPCS, system.CPT, system.X12_SERVICE_TYPE, ""):
        return known
    if _LEVEL_TWO.match(code):
        return system.HCPCS
    if _LEVEL_ONE.match(code):
        return system.CPT
    return known


def concept(node: Any) -> Concept | None:
    """A CodeableConcept, or None when it holds neither code nor text."""
    if not isinstance(node, dict):
        return None
    codings = node.get("coding")
    read = tuple(
        [coding(each) for each in codings if isinstance(each, dict)]
        if isinstance(codings, list)
        else []
    )
    text = node.get("text")
    if not isinstance(text, str):
        text = ""
    return Concept(read, text) if read or text else None


def coding(node: dict[str, Any]) -> Coding:
    """A Coding with the canonical spelling of its system."""
    where, code, display = node.get("system"), node.get("code"), node.get("display")
    return Coding(
        canonical(where) if isinstance(where, str) else "",
        code if isinstance(code, str) else "",
        display if isinstance(display, str) else "",
    )


def service(node: Any) -> Concept | None:
    """A CodeableConcept that names a service: procedure codes get the system of their shape."""
    read = concept(node)
    if read is None:
        return None
    return Concept(
        tuple(
            [
                Coding(service_system(each.system, each.code), each.code, each.display)
                for each in read.codings
            ]
        ),
        read.text,
    )
