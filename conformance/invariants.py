"""How to break an invariant: for each rule, values of its element that no longer keep it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

Json = dict[str, Any]

# Rules that come with a data type; other rules are listed on the element that has them.
OF_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "Period": ("per-1",),
    "ContactPoint": ("cpt-2",),
    "Quantity": ("qty-3",),
    "SimpleQuantity": ("qty-3",),
    "Range": ("rng-2",),
    "Ratio": ("rat-1",),
    "Attachment": ("att-1",),
    "Timing": ("tim-1", "tim-2", "tim-4", "tim-5", "tim-6", "tim-7"),
    "Reference": ("ref-1",),
    "Narrative": ("txt-1", "txt-2"),
}
_LEANED: Final = frozenset(
    {
        "MedicationRequest.requester",
        "CommunicationRequest.identifier",
        "PractitionerRole.telecom",
        "PractitionerRole.practitioner",
        "Coverage.subscriberId",
        "Coverage.relationship",
        "DocumentReference.content.attachment.data",
        "Claim.accident.date",
        "Organization.name",
        "Organization.identifier",
        "ServiceRequest.code",
        "Timing.repeat",
    }
)
_LEANED_ENDS: Final = ("telecom.system", "attachment.contentType")


def leaned_on(path: str) -> bool:
    """Whether an optional element is demanded by a rule, so that dropping it is not harmless."""
    return path in _LEANED or ".repeat." in path or path.endswith(_LEANED_ENDS)


def broken(rule: str, value: Any) -> Iterator[Any]:
    """Values that break `rule` at an element that now has `value`; none where we know no way."""
    breaker = _BREAKERS.get(rule)
    if breaker is not None:
        made = breaker(copy.deepcopy(value))
        if made is not None:
            yield made


def _without(*keys: str) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if not isinstance(value, dict) or not any(k in value for k in keys):
            return None
        left = {k: v for k, v in value.items() if k not in keys}
        return left or None

    return change


def _with(**parts: Any) -> Callable[[Any], Any]:
    return lambda value: {**value, **parts} if isinstance(value, dict) else None


def _repeat(**parts: Any) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if not isinstance(value, dict) or "repeat" not in value:
            return None
        kept = {k: v for k, v in value["repeat"].items() if k not in parts}
        kept.update({k: v for k, v in parts.items() if v is not None})
        return {**value, "repeat": kept}

    return change


def _code(text: str) -> Callable[[Any], Any]:
    return lambda value: {**value, "value": text} if isinstance(value, dict) else None


def _full_date(value: Any) -> Any:
    return "2026-11" if isinstance(value, str) else None


def _relationship(value: Any) -> Any:
    if not isinstance(value, dict) or "relationship" not in value:
        return None
    system = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
    left = {k: v for k, v in value.items() if k != "subscriber"}
    return {**left, "relationship": {"coding": [{"system": system, "code": "child"}]}}


_BREAKERS: Final[dict[str, Callable[[Any], Any]]] = {
    "FullDateRule": _full_date,
    "us-core-6": _without("family", "given"),
    "us-core-8": _without("family", "given"),
    "us-core-16": _code("190000300"),
    "us-core-17": _code("1900003008"),
    "us-core-18": _code("36X0123456"),
    "us-core-19": _code("9999"),
    "us-core-21": _without("requester"),
    "org-1": _without("name", "identifier"),
    "org-2": _with(use="home"),
    "org-3": _with(use="home"),
    "IdentifierUnlessVO": _without("identifier"),
    "self-beneficiary": _relationship,
    "per-1": _with(start="2026-12-01", end="2026-11-01"),
    "cpt-2": _without("system"),
    "qty-3": lambda v: {**{k: x for k, x in v.items() if k != "system"}, "code": "d"},
    "rng-2": lambda _: {"low": {"value": 3, "unit": "d"}, "high": {"value": 2, "unit": "d"}},
    "rat-1": _without("denominator"),
    "att-1": _without("contentType"),
    "tim-1": _repeat(duration=1.0, durationUnit=None),
    "tim-2": _repeat(periodUnit=None),
    "tim-4": _repeat(duration=-1.0, durationUnit="d"),
    "tim-5": _repeat(period=-1.0),
    "tim-6": _repeat(periodMax=2.0, period=None, frequency=1),
    "tim-7": _repeat(durationMax=2.0, duration=None),
    "ref-1": lambda _: {"reference": "#nowhere"},
    "txt-1": _with(div='<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>'),
    "txt-2": _with(div='<div xmlns="http://www.w3.org/1999/xhtml"></div>'),
    "pd-1": _without("telecom", "endpoint"),
    "nor-1": _without("oralDiet", "enteralFormula", "supplement"),
}
