"""Runs the cases of policies: which answers differ from the expected ones, which branches no case reaches."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from app.clock import Moment
from app.determine.book import Rulebook
from app.determine.companions import proposed, weighed
from app.determine.dates import day_of
from app.determine.decide import decide
from app.determine.judge import judge
from app.determine.match import match
from app.determine.subject import Subject, gather, subject
from app.domain.decision import Decision, Finding, ItemDecision
from app.domain.facts import Truth
from app.domain.policy import Criterion, Policy, Role, Version
from app.rulebook.cases import Case, cases
from app.rulebook.tree import Node
from app.rulebook.words import shown
from app.sealed import sealed

_NOON = time(12)
ALWAYS_GIVEN = frozenset(
    {
        "service",
        "service-day",
        "request-day",
        "modifiers",
        "other-services",
        "urgency",
        "line",
        "plan",
    }
    | {"funding", "gold-card"}
)
"""Given facts that no request lacks."""


@sealed(frozen=True, slots=True)
class Result:
    """What one case gave: `wrong` is empty when it is as expected.

    `beside` is what an exemption or exclusion policy found although another policy decided, with
    the version that found it.
    """

    policy: str
    case: Case
    decision: Decision
    wrong: tuple[str, ...]
    beside: tuple[tuple[str, Finding], ...] = ()


@sealed(frozen=True, slots=True)
class Uncovered:
    """A branch that no case of the policy reaches."""

    policy: str
    version: str
    criterion: str
    truth: Truth


def moment_at(received: date | datetime, zone: str) -> Moment:
    """A moment with numbers that can be repeated: what cases, simulations and replays use."""
    if not isinstance(received, datetime):
        received = datetime.combine(received, _NOON, ZoneInfo(zone))
    numbers = count(1)
    return Moment(
        received.astimezone(UTC),
        lambda: uuid.UUID(int=next(numbers)),
        lambda: uuid.UUID(int=next(numbers)),
        lambda prefix: f"{prefix}-{next(numbers):012d}",
    )


def run(folder: Path, rulebook: Rulebook, policies: Iterable[Policy]) -> Iterator[Result]:
    """Run every case of these policies, in file order."""
    for policy in policies:
        home = folder.parent / Path(policy.file).parent
        for case in cases(home, policy, rulebook.terms, rulebook.plans):
            decision = decided(case, rulebook)
            wrong = (
                *_differences(case, decision, rulebook.time_zone),
                *_companions(case, rulebook),
            )
            beside = tuple(_beside(case, policy, rulebook))
            yield Result(policy.id, case, decision, wrong, beside)


def decided(case: Case, rulebook: Rulebook) -> Decision:
    """The decision on a case's request."""
    moment = moment_at(case.received, rulebook.time_zone)
    return decide(case.request, case.coverage, _with_card(case, rulebook), moment)


def _with_card(case: Case, rulebook: Rulebook) -> Rulebook:
    if case.gold_card is None:
        return rulebook
    return replace(rulebook, gold_cards=(case.gold_card, *rulebook.gold_cards))


def _beside(case: Case, policy: Policy, rulebook: Rulebook) -> Iterator[tuple[str, Finding]]:
    """What a policy finds on line 1 beside the decision: one that is asked before others, whoever
    decides in the end; any other about the orders that it proposes besides."""
    book = _with_card(case, rulebook)
    line = _line(case, book)
    found = match(line, book)
    if policy.role is Role.COVERAGE:
        ready = found.entry.ready if found.entry else None
        if ready is not None and ready.policy.id == policy.id:
            for _, finding in weighed(ready, line):
                if finding is not None:
                    yield ready.version.version, finding
        return
    for entry in (*found.exemptions, *found.exclusions):
        if entry.ready.policy.id == policy.id:
            yield entry.ready.version.version, judge(entry.ready, line).finding


def _line(case: Case, book: Rulebook) -> Subject:
    request = case.request
    return subject(
        request,
        request.items[0],
        case.coverage,
        day_of(case.received),
        book.terms,
        gather(request, book.terms),
        book.benefits.get(case.coverage.plan.id),
        book.gold_cards,
    )


def _companions(case: Case, rulebook: Rulebook) -> Iterator[str]:
    """What is wrong about the orders that are proposed besides."""
    wanted = case.expect.get("companions")
    if wanted is None:
        return
    line = _line(case, rulebook)
    entry = match(line, rulebook).entry
    found = [each.id for each in proposed(entry.ready, line)] if entry else []
    if sorted(found) != sorted(wanted.words()):
        yield f"companions: {', '.join(found) or 'none'}, not {', '.join(wanted.words()) or 'none'}"


def _differences(case: Case, decision: Decision, zone: str) -> Iterator[str]:
    line = next(item for item in decision.items if item.sequence == 1)
    for name, wanted in case.expect.items():
        if name == "companions":
            continue
        found = _found(name, wanted, line, decision, zone)
        if found:
            yield f"{name}: {found}"


def _found(name: str, wanted: Node, line: ItemDecision, decision: Decision, zone: str) -> str:
    """Empty when as expected, else what was found instead."""
    if name in ("needed", "not_needed", "reasons"):
        return _collection(name, wanted, line)
    if name == "findings":
        truths = dict(truths_of(line.finding)) if line.finding else {}
        odd = [
            f"{rule} is {truths.get(rule, 'not there')}"
            for rule, truth in wanted.mapped().items()
            if str(truths.get(rule, "")) != truth.word()
        ]
        return ", ".join(odd)
    grant = line.grant
    due = decision.due.astimezone(ZoneInfo(zone)).date() if decision.due else None
    plain: Mapping[str, object] = {
        "outcome": line.outcome,
        "pathway": line.pathway or "none",
        "cause": line.pend_cause or "none",
        "review": line.review_kind,
        "units": shown(grant.units.value) if grant and grant.units else "none",
        "until": grant.period.end if grant else "none",
        "next_review": (grant.next_review if grant else None) or "none",
        "clinical": line.clinical or "none",
        "benefit": line.benefit,
        "delegate": line.delegate or "none",
        "policy": line.policy.id if line.policy else "none",
        "due": due or "none",
        "deadline": decision.deadline_rule or "none",
        "penalty": _penalty(line),
    }
    return "" if str(plain[name]) == wanted.word() else f"{plain[name]}, not {wanted.word()}"


def _penalty(line: ItemDecision) -> str:
    """`none`, `told`, or its reduction in percent."""
    if line.penalty is None:
        return "none"
    return "told" if line.penalty.reduction is None else shown(line.penalty.reduction)


def _collection(name: str, wanted: Node, line: ItemDecision) -> str:
    if name == "reasons":
        there = {reason.code for reason in line.reasons}
    else:
        there = {need.fact for need in line.needed}
    asked = set(wanted.words())
    odd = asked & there if name == "not_needed" else asked - there
    if not odd:
        return ""
    what = "there although not expected" if name == "not_needed" else "not there"
    return f"{', '.join(sorted(odd))} {what} (there: {', '.join(sorted(there)) or 'nothing'})"


def truths_of(finding: Finding) -> Iterator[tuple[str, Truth]]:
    """Every rule of a tree with its truth."""
    yield finding.rule, finding.truth
    for part in finding.parts:
        yield from truths_of(part)


def uncovered(policy: Policy, results: Iterable[Result]) -> Iterator[Uncovered]:
    """The truths of each plain criterion that no case of this policy shows."""
    seen: dict[tuple[str, str], set[Truth]] = {}
    for result in results:
        for item in result.decision.items:
            if item.policy is None or item.policy.id != policy.id or item.finding is None:
                continue
            for rule, truth in truths_of(item.finding):
                seen.setdefault((item.policy.version, rule), set()).add(truth)
        for version_name, finding in result.beside:
            for rule, truth in truths_of(finding):
                seen.setdefault((version_name, rule), set()).add(truth)
    for version in policy.versions:
        for criterion in leaves(version):
            for truth in _possible(criterion, version):
                if truth not in seen.get((version.version, criterion.id), set()):
                    yield Uncovered(policy.id, version.version, criterion.id, truth)


def leaves(version: Version) -> Iterator[Criterion]:
    """Every plain criterion of a version: of its tree, its pathways and its rules."""
    roots = [version.criterion] if version.criterion else []
    roots += [each for way in version.pathways for each in (way.when, way.criterion) if each]
    for rules in (version.never, version.clinician, version.exempt):
        roots += [rule.criterion for rule in rules]
    roots += [each.criterion for each in version.companions if each.criterion]
    for root in roots:
        yield from _plain(root)


def _plain(criterion: Criterion) -> Iterator[Criterion]:
    if criterion.test is not None:
        yield criterion
    for part in criterion.parts:
        yield from _plain(part)


def _possible(criterion: Criterion, version: Version) -> tuple[Truth, ...]:
    """Unknown cannot be shown of a fact that is always known where its criterion is looked at."""
    test = criterion.test
    if test is None or test.operator == "known" or _always_known(test.fact, version):
        return (Truth.MET, Truth.UNMET)
    for way in version.pathways:
        guard = way.when.test if way.when else None
        if guard is not None and guard.fact == test.fact and criterion in _plain(way.criterion):
            return (Truth.MET, Truth.UNMET)
    return (Truth.MET, Truth.UNMET, Truth.UNKNOWN)


def _always_known(name: str, version: Version) -> bool:
    spec = version.facts[name]
    if spec.derive is not None and spec.derive.operation == "first-known":
        return any(each.fact and _always_known(each.fact, version) for each in spec.derive.operands)
    field = spec.find[0].field if spec.find else ""
    given = field in ALWAYS_GIVEN or field.startswith(("used/", "tag/"))
    return spec.otherwise is not None or given
