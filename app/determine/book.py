"""The rulebook in force: policies compiled and indexed by service code, plans, and shared tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.determine.codes import Codes
from app.determine.criteria import Judge, compiled
from app.determine.history import wants_authorizations, wants_paid_claims
from app.determine.sought import Sought
from app.determine.where import weight
from app.domain.coverage import Plan
from app.domain.crd import Guidance
from app.domain.decision import PolicyRef
from app.domain.disclosure import Sensitive
from app.domain.policy import (
    Benefits,
    Companion,
    DeadlineRule,
    Delegate,
    GoldCard,
    Pathway,
    PayerApp,
    Policy,
    Role,
    Rule,
    Scope,
    Technology,
    Terms,
    Version,
)
from app.sealed import sealed

POLICY_PATH = "/policies/"
MOST_ASKED = 4096
"""Combinations of codes and day whose entries are remembered."""


@sealed(frozen=True, slots=True)
class ReadyRule:
    """A rule with its compiled condition."""

    rule: Rule
    judge: Judge


@sealed(frozen=True, slots=True)
class ReadyPathway:
    """A pathway with its compiled criteria and its compiled condition."""

    pathway: Pathway
    judge: Judge
    when: Judge | None = None


@sealed(frozen=True, slots=True)
class ReadyCompanion:
    """A companion order with its compiled condition."""

    companion: Companion
    when: Judge | None


@sealed(frozen=True, slots=True)
class Ready:
    """A policy version that can be judged.

    `asks` is True when some fact may be asked of a person, which is what makes a form.
    `authorizations` is True when a fact may be found among the payer's own earlier authorizations,
    `paid_claims` when it may be found among the services that the payer paid before.
    """

    policy: Policy
    version: Version
    judge: Judge | None
    pathways: tuple[ReadyPathway, ...]
    never: tuple[ReadyRule, ...]
    clinician: tuple[ReadyRule, ...]
    exempt: tuple[ReadyRule, ...]
    companions: tuple[ReadyCompanion, ...]
    ref: PolicyRef
    sought: Sought
    asks: bool = False
    authorizations: bool = False
    paid_claims: bool = False


@sealed(frozen=True, slots=True)
class Entry:
    """A scope line in the index. `rank` sorts: the most specific first, then by a fixed order."""

    ready: Ready
    scope: Scope
    rank: tuple[int, int, int, str, str]

    def on(self, day: date) -> bool:
        """Whether both the version and the scope line are in force."""
        return self.ready.version.period.covers(day) and self.scope.period.covers(day)

    def guided(self, guidance: Guidance) -> bool:
        """Whether it counted for this guidance: its version for the policy that spoke, else its day."""
        if self.ready.policy.id != guidance.policy:
            return self.on(guidance.day)
        same = self.ready.version.version == guidance.version
        return same and self.scope.period.covers(guidance.day)


@sealed(frozen=True)
class Rulebook:
    """Everything that decides: never changed, replaced as a whole. `sha256` names its content.

    `_asked` remembers what `entries` found: a line is matched several times, and orders repeat.
    `hold_days`: how long an attachment that came before its request is kept for it, 0 not at all.
    """

    policies: Mapping[str, Policy]
    plans: Mapping[str, Plan]
    benefits: Mapping[str, Benefits]
    terms: Terms
    deadlines: tuple[DeadlineRule, ...] = ()
    delegates: Mapping[str, Delegate] = field(default_factory=lambda: MappingProxyType({}))
    apps: Mapping[str, PayerApp] = field(default_factory=lambda: MappingProxyType({}))
    gold_cards: tuple[GoldCard, ...] = ()
    technologies: tuple[Technology, ...] = ()
    sensitive: Sensitive = field(default_factory=Sensitive)
    time_zone: str = "America/New_York"
    hold_days: int = 0
    sha256: str = ""
    _exact: Mapping[tuple[str, str], tuple[Entry, ...]] = field(default_factory=dict, repr=False)
    _wide: tuple[Entry, ...] = field(default=(), repr=False)
    _asked: dict[tuple[Codes, date], tuple[Entry, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def today(self, now: datetime) -> date:
        """The payer's calendar day."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def plan(self, name: str) -> Plan:
        """A plan by its id; KeyError when the payer has no such plan."""
        return self.plans[name]

    def policy(self, name: str) -> Policy:
        """A policy by its id; KeyError when there is none."""
        return self.policies[name]

    def entries(self, codes: Codes, day: date, guidance: Guidance | None = None) -> Sequence[Entry]:
        """Every scope line for one of these codes in force on this day, most specific first.

        With `guidance` those that counted when it was given: of its day, and of its policy the
        version that spoke, as long as the rulebook has it.
        """
        if guidance is not None:
            spoke = guidance if self._has(guidance) else replace(guidance, policy="")
            return self._found(codes, lambda entry: entry.guided(spoke))
        found = self._asked.get((codes, day))
        if found is None:
            found = tuple(self._found(codes, lambda entry: entry.on(day)))
            if len(self._asked) >= MOST_ASKED:
                self._asked.clear()
            self._asked[codes, day] = found
        return found

    def _found(self, codes: Codes, counts: Callable[[Entry], bool]) -> list[Entry]:
        found = [e for code in codes for e in self._exact.get(code, ()) if counts(e)]
        found.extend(e for e in self._wide if counts(e) and _wide_fits(e, codes))
        found.sort(key=lambda entry: entry.rank)
        return found

    def keeping(self, policy: str, earlier: Rulebook) -> Rulebook:
        """This rulebook with one policy as it stood in an earlier one."""
        exact = {
            code: tuple(e for e in entries if e.ready.policy.id != policy)
            for code, entries in self._exact.items()
        }
        for code, entries in earlier._exact.items():
            own = tuple(e for e in entries if e.ready.policy.id == policy)
            if own:
                exact[code] = (*exact.get(code, ()), *own)
        wide = [e for e in self._wide if e.ready.policy.id != policy]
        wide += [e for e in earlier._wide if e.ready.policy.id == policy]
        kept = {**self.policies, policy: earlier.policies[policy]}
        return replace(
            self, policies=MappingProxyType(kept), _exact=exact, _wide=tuple(wide), _asked={}
        )

    def _has(self, guidance: Guidance) -> bool:
        policy = self.policies.get(guidance.policy)
        return policy is not None and any(v.version == guidance.version for v in policy.versions)


def build(policies: Iterable[Policy], **tables: object) -> Rulebook:
    """Compile and index policies; `tables` are the other fields of a Rulebook."""
    kept = {policy.id: policy for policy in sorted(policies, key=lambda each: each.id)}
    exact: dict[tuple[str, str], list[Entry]] = {}
    wide: list[Entry] = []
    for policy in kept.values():
        for version in policy.versions:
            ready = _ready(policy, version)
            for scope in version.scopes:
                _index(Entry(ready, scope, _rank(policy, version, scope)), exact, wide)
    return Rulebook(
        policies=MappingProxyType(kept),
        _exact={code: tuple(entries) for code, entries in exact.items()},
        _wide=tuple(wide),
        **tables,  # type: ignore[arg-type]
    )


def _index(entry: Entry, exact: dict[tuple[str, str], list[Entry]], wide: list[Entry]) -> None:
    services = entry.scope.services
    for code in services.codes.exact:
        exact.setdefault(code, []).append(entry)
    if services.any or services.codes.beginnings or services.codes.patterns:
        wide.append(entry)


def _wide_fits(entry: Entry, codes: Codes) -> bool:
    services = entry.scope.services
    if services.any:
        return True
    return any(
        code.startswith(beginning)
        for system, code in codes
        for name, beginning in services.codes.beginnings
        if name == system
    )


def _rank(policy: Policy, version: Version, scope: Scope) -> tuple[int, int, int, str, str]:
    order = {Role.EXEMPTION: 0, Role.EXCLUSION: 1, Role.COVERAGE: 2}[policy.role]
    newest = -(version.period.start or date.min).toordinal()
    special = weight(scope.where) - (1000 if scope.services.any else 0)
    return order, -special, newest, policy.id, scope.id


def _ready(policy: Policy, version: Version) -> Ready:
    facts = version.facts

    def rules(written: tuple[Rule, ...]) -> tuple[ReadyRule, ...]:
        return tuple(ReadyRule(rule, compiled(rule.criterion, facts)) for rule in written)

    return Ready(
        policy=policy,
        version=version,
        judge=compiled(version.criterion, facts) if version.criterion else None,
        pathways=tuple(
            ReadyPathway(
                each,
                compiled(each.criterion, facts),
                compiled(each.when, facts) if each.when else None,
            )
            for each in version.pathways
        ),
        never=rules(version.never),
        clinician=rules(version.clinician),
        exempt=rules(version.exempt),
        companions=tuple(
            ReadyCompanion(each, compiled(each.criterion, facts) if each.criterion else None)
            for each in version.companions
        ),
        ref=PolicyRef(
            policy.id, version.version, policy.sha256, policy.title, f"{POLICY_PATH}{policy.id}"
        ),
        sought=Sought(policy.id, facts),
        asks=any(spec.ask for spec in facts.values()),
        authorizations=any(
            wants_authorizations(place) for spec in facts.values() for place in spec.find
        ),
        paid_claims=any(wants_paid_claims(place) for spec in facts.values() for place in spec.find),
    )
