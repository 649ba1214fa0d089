"""The public, dated lists: what needs authorization on a day, what may be reviewed, what changed since.

They are read from the same scope lines that decide, so a list and a decision cannot disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.determine.book import POLICY_PATH, Rulebook
from app.domain.decision import Citation, ReviewKind
from app.domain.policy import Role, Scope, Version, Where
from app.domain.values import Period, Text

ASKED = frozenset({ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT, ReviewKind.DELEGATED})
"""The reviews for which somebody must ask before the service."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A service on a list: its code (system by short name), its review, for whom, by which policy.

    `period` are the days on which this line of the list holds; `path` is the policy's page.
    """

    system: str
    code: str
    review: ReviewKind
    policy: str
    title: Text
    where: Where
    period: Period
    citations: tuple[Citation, ...]
    delegate: str
    path: str

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same line although a policy has a new version."""
        return self.system, self.code, self.review, self.policy, self.where, self.delegate


@dataclass(frozen=True, slots=True)
class ListChange:
    """A line that came onto a list or left it, with the first day of the change."""

    day: date
    added: bool
    line: Listed


def listed(rulebook: Rulebook, day: date, reviews: Collection[ReviewKind] = ASKED) -> list[Listed]:
    """The lines in force on `day`, by code; `any service` scopes and exemptions are not lines."""
    return sorted(
        (line for line in _lines(rulebook, reviews) if line.period.covers(day)),
        key=lambda line: (line.system, line.code, line.policy, str(line.period.start)),
    )


def on_list(
    rulebook: Rulebook,
    day: date,
    system: str,
    code: str,
    reviews: Collection[ReviewKind] = ASKED,
) -> list[Listed]:
    """The lines of one code (system by its URL or short name) on `day`; empty when it is on none."""
    name = rulebook.terms.systems.get(system, system)
    return [
        line for line in listed(rulebook, day, reviews) if (line.system, line.code) == (name, code)
    ]


def list_changes(
    rulebook: Rulebook, since: date, until: date, reviews: Collection[ReviewKind] = ASKED
) -> list[ListChange]:
    """What came onto the list or left it after `since`, up to `until`, in the order of days.

    A line that a new version of the same policy carries on has not changed.
    """
    lines = list(_lines(rulebook, reviews))
    days = sorted({day for line in lines for day in _edges(line.period) if since < day <= until})
    before = {line.key: line for line in lines if line.period.covers(since)}
    found: list[ListChange] = []
    for day in days:
        after = {line.key: line for line in lines if line.period.covers(day)}
        found += [ListChange(day, True, after[key]) for key in after if key not in before]
        found += [ListChange(day, False, before[key]) for key in before if key not in after]
        before = after
    return sorted(found, key=lambda each: (each.day, each.line.system, each.line.code))


def _edges(period: Period) -> Iterator[date]:
    if period.start is not None:
        yield period.start
    if period.end is not None:
        yield period.end + timedelta(days=1)


def _lines(rulebook: Rulebook, reviews: Collection[ReviewKind]) -> Iterator[Listed]:
    for policy in rulebook.policies.values():
        if policy.role is not Role.COVERAGE:
            continue
        for version in policy.versions:
            for scope in version.scopes:
                period = _both(version, scope)
                if scope.review not in reviews or period is None:
                    continue
                for system, code in sorted(scope.services.codes.exact):
                    yield Listed(
                        system=system,
                        code=code,
                        review=scope.review,
                        policy=policy.id,
                        title=policy.title,
                        where=scope.where,
                        period=period,
                        citations=scope.citations,
                        delegate=scope.delegate,
                        path=f"{POLICY_PATH}{policy.id}",
                    )


def _both(version: Version, scope: Scope) -> Period | None:
    """The days on which version and scope line are both in force; None when there is none."""
    if not version.period.overlaps(scope.period):
        return None
    starts = [day for day in (version.period.start, scope.period.start) if day]
    ends = [day for day in (version.period.end, scope.period.end) if day]
    return Period(max(starts, default=None), min(ends, default=None))
