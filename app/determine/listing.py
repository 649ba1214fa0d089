"""The public, dated lists: what needs authorization on a day, what may be reviewed, what changed since.

They are read from the same scope lines that decide, so a list and a decision cannot disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from app.determine.book import POLICY_PATH, Rulebook
from app.determine.where import weight
from app.domain.coverage import Plan
from app.domain.decision import Citation, ReviewKind
from app.domain.policy import Role, Scope, Version, Where
from app.domain.values import Period, Text
from app.sealed import sealed

ASKED = frozenset({ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT, ReviewKind.DELEGATED})
"""The reviews for which somebody must ask before the service."""


@sealed(frozen=True, slots=True)
class Listed:
    """A service on a list: its code (system by short name), its review, for whom, by which policy.

    `period` are the days on which this line of the list holds; `path` is the policy's page. What a
    plan's certificate leaves out has neither policy nor page; `where` then names the plan.
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


@sealed(frozen=True, slots=True)
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


def listed_for(
    rulebook: Rulebook, day: date, plan: Plan, reviews: Collection[ReviewKind] = ASKED
) -> list[Listed]:
    """The lines in force on `day` under one plan.

    As in a decision the most specific line speaks: one that holds for the whole plan hides the more
    general ones about the same code, so a code that the plan exempts is not on its list.
    """
    by_code: dict[tuple[str, str], list[Listed]] = {}
    for line in listed(rulebook, day, frozenset(ReviewKind)):
        if _of_plan(line.where, plan):
            by_code.setdefault((line.system, line.code), []).append(line)
    return [
        line for lines in by_code.values() for line in _speaking(lines) if line.review in reviews
    ]


def _of_plan(where: Where, plan: Plan) -> bool:
    asked = (
        (where.lines, str(plan.line)),
        (where.plans, plan.id),
        (where.products, plan.product),
        (where.states, plan.state),
        (where.funding, str(plan.funding)),
    )
    return all(not wanted or found in wanted for wanted, found in asked)


def _speaking(lines: list[Listed]) -> list[Listed]:
    most = max((weight(line.where) for line in lines if _is_whole(line.where)), default=0)
    return [line for line in lines if weight(line.where) >= most]


def _is_whole(where: Where) -> bool:
    """Whether a condition asks for nothing but the plan and what belongs to it."""
    plain = Where(
        lines=where.lines,
        plans=where.plans,
        products=where.products,
        states=where.states,
        funding=where.funding,
    )
    return where == plain


def list_changes(
    rulebook: Rulebook,
    since: date,
    until: date,
    reviews: Collection[ReviewKind] = ASKED,
    plan: Plan | None = None,
) -> list[ListChange]:
    """What came onto the list or left it after `since`, up to `until`, in the order of days.

    A line that a new version of the same policy carries on has not changed.
    """
    lines = [
        line for line in _lines(rulebook, reviews) if plan is None or _of_plan(line.where, plan)
    ]
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
    if ReviewKind.NOT_COVERED in reviews:
        yield from _left_out(rulebook)
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


def _left_out(rulebook: Rulebook) -> Iterator[Listed]:
    """What the plans' certificates leave out, whatever the policies say."""
    for plan, book in rulebook.benefits.items():
        for exclusion in book.exclusions:
            for system, code in sorted(exclusion.codes.exact):
                yield Listed(
                    system=system,
                    code=code,
                    review=ReviewKind.NOT_COVERED,
                    policy="",
                    title=exclusion.text,
                    where=Where(plans=frozenset({plan})),
                    period=exclusion.period,
                    citations=exclusion.citations,
                    delegate="",
                    path="",
                )


def _both(version: Version, scope: Scope) -> Period | None:
    """The days on which version and scope line are both in force; None when there is none."""
    if not version.period.overlaps(scope.period):
        return None
    starts = [day for day in (version.period.start, scope.period.start) if day]
    ends = [day for day in (version.period.end, scope.period.end) if day]
    return Period(max(starts, default=None), min(ends, default=None))
