"""Which resources of a hook call are refused, and with which status (CRD 2.2.1 hook-13, hook-14).

| what an order breaks | 2.2 | 2.0 |
|---|---|---|
| FHIR itself: types, values, what FHIR demands, codes that FHIR fixes | 400 | 422 |
| its CRD profile, by what it says | 422 | 422 |

The second line counts on primary hooks alone, as the others must not stop anybody's work. It is read
leniently where the guides say so, or contradict themselves: what is left out is no error (conf-12), what
is not known is ignored (found-33); orders are signed again when they are active, although 2.0.1 fixes
`draft`; references and value sets are judged by what we need of them (an official example breaks both).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.domain.crd import Hook
from app.domain.guide import Guide
from app.errors import Issue, Malformed, Unprocessable
from app.fhir.crd.extension import without_ours
from app.fhir.read.values import text
from app.fhir.urls import crd
from app.fhir.validate import Validator

Json = dict[str, Any]

_BROKEN = frozenset(
    {
        "not-object",
        "not-array",
        "not-single",
        "wrong-json-type",
        "bad-value",
        "unknown-type",
        "missing",
        "two-choices",
        "code-not-in-set",
    }
)
"""What breaks FHIR itself, when it is found without any profile."""
_SAID = frozenset({"not-allowed", "too-many", "type-not-allowed", "not-fixed", "not-pattern"})
"""What contradicts a profile, unlike what is left out of it (as many invariants mind)."""
_WEAK = frozenset({"CommunicationRequest"})
"""Types whose profile and extension definitions contradict each other: only FHIR itself counts."""


def check(validator: Validator, aims: Sequence[Json], guide: Guide, hook: Hook) -> None:
    """Raise Malformed (400) or Unprocessable (422) with every fault of the resources in question."""
    broken: list[Issue] = []
    odd: list[Issue] = []
    for aim in aims:
        bare = without_ours({name: value for name, value in aim.items() if name != "meta"})
        kind = text(aim, "resourceType")
        profile = crd.PROFILES.get(kind) if hook.is_primary and kind not in _WEAK else None
        if profile is None or _errors(validator, bare, profile):
            plain = _errors(validator, bare, None)
            broken += (each for each in plain if each.code in _BROKEN)
            if profile is not None:
                odd += _beyond(_errors(validator, bare, profile), plain)
    if broken:
        refused = Malformed if guide is Guide.V22 else Unprocessable
        raise refused("A resource of the call is not FHIR.", broken)
    if odd:
        raise Unprocessable("A resource of the call breaks its CRD profile.", odd)


def _errors(validator: Validator, resource: Json, profile: str | None) -> list[Issue]:
    return [each for each in validator.resource(resource, profile) if each.is_error]


def _beyond(found: Sequence[Issue], plain: Sequence[Issue]) -> Iterator[Issue]:
    """What only the profile minds."""
    known = {(each.code, each.at, each.invariant) for each in plain}
    for each in found:
        is_status = each.code == "not-fixed" and each.at.endswith(".status")
        if (
            each.code in _SAID
            and not is_status
            and (each.code, each.at, each.invariant) not in known
        ):
            yield each
