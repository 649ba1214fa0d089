"""Which orders a policy proposes beside the one at hand (CRD, Identify Additional Orders)."""

from __future__ import annotations

from collections.abc import Iterator

from app.determine.book import Ready
from app.determine.facts import Facts
from app.determine.subject import Subject
from app.domain.decision import Finding
from app.domain.facts import Truth
from app.domain.policy import Companion


def proposed(ready: Ready, subject: Subject) -> tuple[Companion, ...]:
    """The companions whose condition is met; one that nobody can tell proposes nothing."""
    return tuple(
        companion
        for companion, finding in weighed(ready, subject)
        if finding is None or finding.truth is Truth.MET
    )


def weighed(ready: Ready, subject: Subject) -> Iterator[tuple[Companion, Finding | None]]:
    """Each companion in force with the finding of its condition, None where it has none."""
    if not ready.companions:
        return
    facts = Facts(subject, ready.sought)
    for each in ready.companions:
        finding = each.when(facts) if each.when else None
        if each.when is None or finding is not None:
            yield each.companion, finding
