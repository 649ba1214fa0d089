"""An order that leaves open who performs it, or where: what is said when the choice decides.

FHIR reads several performers or places of an order as alternatives. Where the answer is the same for all
of them it is said once; where it differs, what is awaited is the choice (CRD 2.2.1 info-needed).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from app.determine.assertion_words import SAID
from app.domain.crd import (
    About,
    Assertion,
    Awaited,
    Because,
    Covered,
    PriorAuth,
    Said,
)
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Choice:
    """What would be said if this performer did it at this place ("" where the order names one)."""

    performer: str
    place: str
    said: Assertion


def differ(choices: Sequence[Choice]) -> bool:
    """Whether the choice changes the answer."""
    return len({_answer(each) for each in choices}) > 1


def chosen_later(said: Assertion, choices: Sequence[Choice]) -> Assertion:
    """What is said before anybody has chosen between `choices` that differ.

    They hold each performer with each place, so that one of the two makes the difference.
    """
    awaited: list[Awaited] = []
    reasons: list[Said] = []
    if _differs(choices, lambda each: each.place):
        awaited.append(Awaited.PERFORMER)
        reasons.append(Said(Because.PLAIN, SAID["which-performer"]))
    if _differs(choices, lambda each: each.performer):
        awaited.append(Awaited.LOCATION)
        reasons.append(Said(Because.PLAIN, SAID["which-place"]))
    covered = {each.said.covered for each in choices}
    return replace(
        said,
        covered=covered.pop() if len(covered) == 1 else Covered.CONDITIONAL,
        authorization=PriorAuth.CONDITIONAL,
        reasons=tuple(reasons),
        documentation=(),
        purposes=(),
        awaited=tuple(awaited),
        details=tuple(each for each in said.details if each.about is About.POLICY),
        form=None,
        contact=None,
        alternative=None,
    )


def _answer(choice: Choice) -> tuple[Covered, PriorAuth | None]:
    return choice.said.covered, choice.said.authorization


def _differs(choices: Sequence[Choice], fixed: Callable[[Choice], Hashable]) -> bool:
    """Whether the answer changes although `fixed` stays the same."""
    answers: dict[Hashable, set[tuple[Covered, PriorAuth | None]]] = {}
    for each in choices:
        answers.setdefault(fixed(each), set()).add(_answer(each))
    return any(len(found) > 1 for found in answers.values())
