"""What a changed rulebook would do: the same requests under both, which answers differ, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from app.determine.book import Rulebook
from app.determine.decide import decide
from app.domain.coverage import Coverage
from app.domain.decision import Finding, Grant, ItemDecision, Outcome
from app.domain.facts import Fact
from app.domain.request import PriorAuthRequest
from app.domain.values import Quantity
from app.rulebook.trial import moment_at
from app.rulebook.words import shown
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Situation:
    """A request with the coverage and the instant under which it is judged again."""

    name: str
    request: PriorAuthRequest
    coverage: Coverage
    received: date | datetime


@sealed(frozen=True, slots=True)
class Verdict:
    """One line under both rulebooks. `why` is empty when the answer is the same."""

    situation: str
    sequence: int
    before: ItemDecision
    after: ItemDecision
    why: tuple[str, ...]

    @property
    def policy(self) -> str:
        """The policy that speaks, in the new rulebook if there is one."""
        ref = self.after.policy or self.before.policy
        return ref.id if ref else "none"


def simulate(
    before: Rulebook, after: Rulebook, situations: Iterable[Situation]
) -> Iterator[Verdict]:
    """Every line of every situation, judged by both."""
    for situation in situations:
        old, new = (
            decide(
                situation.request,
                situation.coverage,
                book,
                moment_at(situation.received, book.time_zone),
            )
            for book in (before, after)
        )
        for was, now in zip(old.items, new.items, strict=True):
            why = tuple(_why(was, now)) if _answer(was) != _answer(now) else ()
            yield Verdict(situation.name, was.sequence, was, now, why)


def _answer(line: ItemDecision) -> tuple[object, ...]:
    """What provider and member notice of a decision: not versions, not numbers."""
    grant = line.grant
    granted = (grant.units.value if grant.units else None, grant.period) if grant else None
    needed = tuple(sorted(need.fact for need in line.needed))
    told = line.pend_cause, line.benefit, granted, needed, line.delegate, line.penalty
    return line.outcome, *told


def _why(was: ItemDecision, now: ItemDecision) -> Iterator[str]:
    if was.outcome is not now.outcome:
        yield f"{_outcome(was)} becomes {_outcome(now)}"
    old, new = (ref.id if ref else "none" for ref in (was.policy, now.policy))
    if old != new:
        yield f"judged by {new} instead of {old}"
    elif was.policy and now.policy and was.policy.version != now.policy.version:
        yield f"version {now.policy.version} instead of {was.policy.version}"
    yield from _findings(was.finding, now.finding)
    if was.grant and now.grant:
        yield from _grants(was.grant, now.grant)
    asked = {need.fact for need in now.needed} ^ {need.fact for need in was.needed}
    if asked:
        yield f"asked for or no longer asked for: {', '.join(sorted(asked))}"
    if was.penalty != now.penalty:
        yield f"penalty {_penalty(now)} instead of {_penalty(was)}"
    codes = [reason.code for reason in now.reasons if reason not in was.reasons]
    if codes:
        yield f"because of {', '.join(codes)}"


def _penalty(line: ItemDecision) -> str:
    if line.penalty is None:
        return "none"
    percent = line.penalty.reduction
    return "without a number" if percent is None else f"of {shown(percent)} %"


def _outcome(line: ItemDecision) -> str:
    return f"{line.outcome} ({line.pend_cause})" if line.pend_cause else str(line.outcome)


def _findings(was: Finding | None, now: Finding | None) -> Iterator[str]:
    """The plain criteria that came out differently, with the facts that they looked at."""
    old = {each.rule: each for each in _leaves(was)} if was else {}
    new = {each.rule: each for each in _leaves(now)} if now else {}
    if not (old and new):
        return
    for rule, finding in new.items():
        facts = ", ".join(_fact(fact) for fact in finding.facts)
        if rule not in old:
            yield f"new criterion {rule} is {finding.truth} ({facts})"
        elif old[rule].truth is not finding.truth:
            yield f"criterion {rule} was {old[rule].truth}, is {finding.truth} ({facts})"
    for rule in old:
        if rule not in new:
            yield f"criterion {rule} is gone"


def _leaves(finding: Finding) -> Iterator[Finding]:
    if not finding.parts:
        yield finding
    for part in finding.parts:
        yield from _leaves(part)


def _fact(fact: Fact) -> str:
    return f"{fact.name} {'known' if fact.known else 'unknown'}"


def _grants(old: Grant, new: Grant) -> Iterator[str]:
    if _units(old.units) != _units(new.units):
        yield f"grants {_units(new.units)} instead of {_units(old.units)}"
    if old.period != new.period:
        yield f"granted to {new.period.end} instead of {old.period.end}"


def _units(units: Quantity | None) -> str:
    return shown(units.value) if units else "what was asked"


@sealed(frozen=True, slots=True)
class Tally:
    """How many lines of one policy had each outcome before and after, and how many changed."""

    policy: str
    lines: int
    changed: int
    before: dict[str, int]
    after: dict[str, int]


def tally(verdicts: Iterable[Verdict]) -> list[Tally]:
    """The verdicts by policy, most changed first."""
    grouped: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        grouped.setdefault(verdict.policy, []).append(verdict)
    tallies = [
        Tally(
            policy,
            len(own),
            sum(bool(verdict.why) for verdict in own),
            _counted(verdict.before for verdict in own),
            _counted(verdict.after for verdict in own),
        )
        for policy, own in grouped.items()
    ]
    return sorted(tallies, key=lambda each: (-each.changed, each.policy))


def _counted(lines: Iterable[ItemDecision]) -> dict[str, int]:
    counts = dict.fromkeys((str(outcome) for outcome in Outcome), 0)
    for line in lines:
        counts[str(line.outcome)] += 1
    return {name: count for name, count in counts.items() if count}
