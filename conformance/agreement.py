"""Our verdicts beside the engine's, and for every difference who is right and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from app.fhir.validate import Validator
from conformance import mutations, verdicts
from conformance.mutations import Mutation

KINDS: Final = (
    "remove",
    "exceed",
    "array",
    "type",
    "foreign",
    "primitive",
    "empty",
    "null",
    "fixed",
    "slice",
    "code",
    "system",
    "no",
    "target",
    "misplaced",
    "ext",
    "choice",
    "rule",
    "bundle",
    "script",
    "nothing",
    "drop",
    "reorder",
    "id",
    "extend",
    "contain",
    "tag",
    "narrate",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A mutation on which the two differ; `reason` says who is right and why."""

    id: str
    ours_valid: bool
    engine: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The result for one guide."""

    guide: str
    asked: int
    differences: tuple[Difference, ...]

    @property
    def share(self) -> float:
        """The part of the verdicts that agree."""
        return 1 - len(self.differences) / self.asked


def points_to(at: str, expected: str) -> bool:
    """Whether an issue's place is the expected element, an element in it, or its parent."""
    if at == expected or at.startswith((expected + ".", expected + "[")):
        return True
    parent = re.sub(r"(\.ofType\([A-Za-z]+\)|\[\d+\])+$", "", expected).rpartition(".")[0]
    around = re.sub(r"\[\d+\]$", "", expected)
    return at in (parent, around) or expected.startswith(at + ".ofType(")


def compare(guide: str) -> Compared:
    """Our verdict on every mutation that the engine was asked about."""
    known = verdicts.read(guide)
    validator = Validator.load(guide)
    wanted = {m.id: m for m in mutations.all_of(guide) if m.id in known}
    out = []
    for name, mutation in wanted.items():
        engine_valid, told = known[name]
        ours_valid = not any(i.is_error for i in validator.resource(mutation.build()))
        if ours_valid != engine_valid:
            out.append(Difference(name, ours_valid, told, why(mutation, told)))
    return Compared(guide, len(wanted), tuple(out))


def why(mutation: Mutation, told: str) -> str:
    """The explanation of a difference, empty when there is none yet."""
    return next(
        (reason for kind, text, reason in REASONS if re.search(kind, mutation.id) and text in told),
        "",
    )


REASONS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        ":empty-list:",
        "",
        "ours: in FHIR's JSON an array is never empty; the engine lets empty arrays of primitive "
        "values pass",
    ),
    (
        r"^2\.0/.*:code:.*dentifier.*extension\.1\.valueCodeableConcept",
        "",
        "ours: the jurisdiction's set lists every state by its code; the engine has no definition "
        "of the postal code system and lets any code of it pass",
    ),
)
"""Pattern of the mutation id, part of the engine's message, and who is right and why."""
