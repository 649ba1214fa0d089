"""How often each policy says yes: the share of approvals, and which reviews might be dropped."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.decision import Decision, ItemDecision, Outcome, PendCause
from app.sealed import sealed

ENOUGH, ALMOST_ALL = 20, 0.95
"""A review is a candidate to be dropped when at least so many lines were almost all granted."""


@sealed(frozen=True, slots=True)
class Share:
    """The answers of one policy: lines that it judged, and what became of them."""

    policy: str
    lines: int
    granted: int
    reduced: int
    with_a_person: int
    asked: int
    not_covered: int
    denied: int

    @property
    def granted_share(self) -> float:
        """Granted lines, whole or in part, out of all that are decided; 0 when none is."""
        decided = self.granted + self.reduced + self.not_covered + self.denied
        return (self.granted + self.reduced) / decided if decided else 0.0

    @property
    def may_be_dropped(self) -> bool:
        """Whether the review changed almost nothing."""
        settled = self.granted + self.reduced + self.not_covered + self.denied
        return settled >= ENOUGH and self.granted / settled >= ALMOST_ALL and not self.denied


def stats(decisions: Iterable[Decision]) -> list[Share]:
    """The shares by policy, most used first; lines that need no review are left out."""
    lines: dict[str, list[ItemDecision]] = {}
    for decision in decisions:
        for item in decision.items:
            if item.policy is not None and item.outcome is not Outcome.NOT_REQUIRED:
                lines.setdefault(item.policy.id, []).append(item)
    shares = [_share(policy, own) for policy, own in lines.items()]
    return sorted(shares, key=lambda share: (-share.lines, share.policy))


def _share(policy: str, lines: list[ItemDecision]) -> Share:
    def count(outcome: Outcome) -> int:
        return sum(line.outcome is outcome for line in lines)

    asked = sum(line.pend_cause is PendCause.MISSING_FACTS for line in lines)
    return Share(
        policy=policy,
        lines=len(lines),
        granted=count(Outcome.APPROVED),
        reduced=count(Outcome.MODIFIED),
        with_a_person=count(Outcome.PENDED) - asked,
        asked=asked,
        not_covered=count(Outcome.NOT_COVERED),
        denied=count(Outcome.DENIED),
    )
