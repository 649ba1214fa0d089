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
_SHORT = 256
"""Characters; what is longer is not worth remembering."""
_LEVEL_TWO = re.compile(r"^[A-VX-Z]\d{4}$")
_LEVEL_ONE = re.compile(r"^\d{4}[0-9AFMTU]$")


def _bare(address: str) -> str:
    return _SCHEME.sub("", address).rstrip("/").lower()


def _known() -> dict[str, str]:
    named = [value for name, value in vars(system).items() if name.isupper()]
    revenue = [guide.revenue_system for guide in GUIDES.values()]
    return {_bare(value): value for value in [*named, *revenue]}


_BY_BARE = _known()


def canonical(raw: str) -> str:
    """The address that the guides use for what `raw` names; an unknown system stays as it is."""
    return _canonical(raw) if len(raw) < _SHORT else raw


@lru_cache(maxsize=2048)
def _canonical(raw: str) -> str:
    exact = _BY_BARE.get(_bare(raw))
    if exact is not None:
        return exact
    found = _X12.match(raw)
    return x12(int(found[1])) if found else raw


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


def _coded(where: str, code: str, display: str, is_service: bool) -> Concept:
    """A code by itself, with the canonical spelling of its system."""
    known = service_system(where, code) if is_service else canonical(where)
    return Concept((Coding(known, code, display),))


_kept = lru_cache(maxsize=4096)(_coded)
"""What many requests name is made once."""


def concept(node: Any, is_service: bool = False) -> Concept | None:
    """A CodeableConcept, or None when it holds neither code nor text."""
    if type(node) is not dict:
        return None
    codings, text = node.get("coding"), node.get("text")
    if type(text) is not str:
        text = ""
    if type(codings) is not list:
        return Concept((), text) if text else None
    read = []
    for each in codings:
        if type(each) is dict:
            where, code, display = each.get("system"), each.get("code"), each.get("display")
            where = where if type(where) is str else ""
            code = code if type(code) is str else ""
            display = display if type(display) is str else ""
            is_short = len(where) + len(code) + len(display) < _SHORT
            read.append((_kept if is_short else _coded)(where, code, display, is_service))
    if len(read) == 1:
        return Concept(read[0].codings, text) if text else read[0]
    return Concept(tuple([each.codings[0] for each in read]), text) if read or text else None


def service(node: Any) -> Concept | None:
    """A CodeableConcept that names a service: procedure codes get the system of their shape."""
    return concept(node, True)
