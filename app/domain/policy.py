"""The nouns of a rulebook: a policy as its owner wrote it, read and checked, not yet compiled.

`app.rulebook` makes these from `policies/<topic>/policy.yaml`; `app.determine` judges with them. All
are frozen and hold no clock. Units are UCUM codes, days are the calendar days of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from app.domain.decision import Citation, Penalty, ReviewKind
from app.domain.facts import EvidenceKind
from app.domain.values import Period, Scalar, Text
from app.sealed import sealed

ALWAYS = Period()


@sealed(frozen=True, slots=True)
class Unverified:
    """A rule that was not checked against its source's text; `where` is its path in the file."""

    where: str
    reason: str


@sealed(frozen=True, slots=True)
class PolicySource:
    """A public text that a policy rests on, and when somebody last read it."""

    id: str
    title: str
    kind: str
    url: str
    section: str = ""
    reviewed: date | None = None
    next_review: date | None = None


@sealed(frozen=True, slots=True)
class Span:
    """A length of time: calendar months, calendar days and hours, added in this order."""

    months: int = 0
    days: int = 0
    hours: int = 0


@sealed(frozen=True, slots=True)
class CodeSet:
    """Codes by the short name of their system: exact ones, beginnings (`J44.-`), patterns (`L89.xx3`).

    Short names stand in `policies/_terms.yaml`. ICD-10 codes are kept without their dot. `requested`
    adds the service code that is asked for; `written` is the list as its author wrote it.
    """

    exact: frozenset[tuple[str, str]] = frozenset()
    beginnings: tuple[tuple[str, str], ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()
    requested: bool = False
    written: tuple[str, ...] = ()


class FactType(StrEnum):
    """What kind of value a fact has, hence which answer its question takes."""

    NUMBER = "number"
    YES_NO = "yes-no"
    DATE = "date"
    INSTANT = "instant"
    CHOICE = "choice"
    TEXT = "text"
    CODE = "code"


class Answerer(StrEnum):
    """Who can answer the question of a fact."""

    CLINICIAN = "clinician"
    OFFICE = "office"
    PATIENT = "patient"


class Asker(StrEnum):
    """Who asks for an authorization."""

    ORDERER = "orderer"
    PERFORMER = "performer"


class Take(StrEnum):
    """Which value counts when there are several."""

    LATEST = "latest"
    FIRST = "first"
    LOWEST = "lowest"
    HIGHEST = "highest"
    COUNT = "count"
    SUM = "sum"
    DURATION = "duration"


@sealed(frozen=True, slots=True)
class Option:
    """An answer of a choice: its code, its words, and codes of others that mean the same.

    `patterns` are regular expressions of codes written with an end open (`J44.-`, `L89.xx3`).
    """

    code: str
    label: Text
    synonyms: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()


@sealed(frozen=True, slots=True)
class Reading:
    """A place in evidence where a qualifier may stand; `means` maps codes found to its values.

    `number` with `value` says which value a measured number (21 %) means, `other` what any other
    number means.
    """

    attribute: str
    means: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    number: Decimal | None = None
    value: str = ""
    other: str = ""


@sealed(frozen=True, slots=True)
class Qualifier:
    """A condition on evidence: attribute or named qualifier `name` has one of `values`."""

    name: str
    values: frozenset[str]
    readings: tuple[Reading, ...]
    optional: bool = False


@sealed(frozen=True, slots=True)
class Bound:
    """A plain comparison of one number: used to count only events beyond a value."""

    operator: str
    value: Decimal


@sealed(frozen=True, slots=True)
class Find:
    """One place where a fact may be found.

    `value` is what to take from the evidence: `value`, `present`, `date`, `start`, `end`, `code`,
    or the name of an attribute. For requests, members and coverages `field` names the element.
    `look_back` holds for this place instead of the fact's own.
    """

    kind: EvidenceKind
    codes: CodeSet = CodeSet()
    field: str = ""
    value: str = "value"
    where: tuple[Qualifier, ...] = ()
    excluding: tuple[Qualifier, ...] = ()
    only: Bound | None = None
    look_back: Span | None = None


@sealed(frozen=True, slots=True)
class Conversion:
    """How a value in `unit` becomes one in the fact's unit: value × times + plus."""

    unit: str
    times: Decimal
    plus: Decimal = Decimal(0)


@sealed(frozen=True, slots=True)
class Expression:
    """A value computed from facts: a fact name, a number, or an operation on expressions."""

    operation: str
    operands: tuple[Expression, ...] = ()
    fact: str = ""
    number: Decimal | None = None


@sealed(frozen=True, slots=True)
class FactSpec:
    """What a policy must know: where it may be found, and the question when it is not.

    `look_back` counts back from the fact or request day named by `look_back_from`. `otherwise` is
    the value when no place has anything; only for what the payer's own records must hold.
    """

    name: str
    label: Text
    type: FactType
    unit: str = ""
    find: tuple[Find, ...] = ()
    derive: Expression | None = None
    look_back: Span | None = None
    look_back_from: str = "service-day"
    take: Take = Take.LATEST
    ask: Text | None = None
    hint: Text | None = None
    answered_by: Answerer = Answerer.CLINICIAN
    options: tuple[Option, ...] = ()
    document: str = ""
    otherwise: Scalar | None = None
    conversions: tuple[Conversion, ...] = ()
    plausible: tuple[Decimal, Decimal] | None = None


@sealed(frozen=True, slots=True)
class Where:
    """Who and what a rule is for; an empty part does not restrict. Ages are years on the day."""

    lines: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    funding: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    specialties: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()
    without_modifiers: frozenset[str] = frozenset()
    accompanied_by: frozenset[str] = frozenset()
    sex: str = ""
    age_from: int | None = None
    age_below: int | None = None


EVERYWHERE = Where()
"""No restriction: the one that rules without any share."""


@sealed(frozen=True, slots=True)
class Operand:
    """What a fact is compared with: a value, codes, or another fact times a number plus a number.

    It holds for service days in `period` and the places of `where`; the first that holds counts.
    """

    value: Scalar | tuple[Scalar, ...] | None = None
    fact: str = ""
    times: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)
    codes: CodeSet | None = None
    period: Period = ALWAYS
    where: Where = EVERYWHERE


@sealed(frozen=True, slots=True)
class Window:
    """Days or hours around another date fact: from `start` to `end`, both included; None is open."""

    of: str
    start: Span | None
    end: Span | None


@sealed(frozen=True, slots=True)
class Test:
    """One fact held against an operand or a window."""

    fact: str
    operator: str
    operands: tuple[Operand, ...] = ()
    window: Window | None = None


@sealed(frozen=True, slots=True)
class Criterion:
    """A node of a criteria tree.

    `kind` is `all`, `any`, `none`, `at-least` (of `parts`, `minimum`), `if` (parts: condition,
    consequence) or `fact` (then `test`). Outside `period` the node is left out of its parent.
    """

    id: str
    kind: str
    label: Text
    parts: tuple[Criterion, ...] = ()
    minimum: int = 0
    test: Test | None = None
    citations: tuple[Citation, ...] = ()
    period: Period = ALWAYS


@sealed(frozen=True, slots=True)
class Offer:
    """What may be had instead of what was asked for: a service code and why."""

    service: str
    text: Text


@sealed(frozen=True, slots=True)
class GrantRule:
    """What is authorized when the criteria are met.

    `units` is the most that is granted, in `unit` as people say it; `units_from` names the fact that
    gives this number instead. `beyond` says what happens when more is asked for: `clinician`, or
    `reduce` where a cited coverage rule fixes the number.
    `next_review` is when a stay or course is looked at again.
    """

    period: Span
    units: Decimal | None = None
    units_from: str = ""
    unit: Text | None = None
    beyond: str = "clinician"
    per: Text | None = None
    next_review: Span | None = None
    text: Text | None = None
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Pathway:
    """One of several ways to qualify; the first one met names the grant.

    The way is closed (unmet, nothing is asked) unless `when` is met: a test was done at all.
    """

    id: str
    label: Text
    criterion: Criterion
    grant: GrantRule | None = None
    when: Criterion | None = None


@sealed(frozen=True, slots=True)
class Rule:
    """A sentence with a condition: a benefit fact (`never`) or a route to a person (`clinician`).

    `signed` means that a clinician must sign even though the fact is a benefit fact. `always`
    means that the route holds although all criteria are met. `technology` is an entry of the
    register whose missing evidence the answer names.
    """

    id: str
    criterion: Criterion
    text: Text
    citations: tuple[Citation, ...] = ()
    signed: bool = False
    always: bool = False
    offer: Offer | None = None
    technology: str = ""


class OrderKind(StrEnum):
    """As what a service is ordered."""

    SERVICE = "service"
    DEVICE = "device"


@sealed(frozen=True, slots=True)
class Companion:
    """An order that a clinician may want beside the one at hand: a visit, a test, supplies.

    Proposed while ordering and never a condition of anything. `codes` are those of which any counts
    as ordered already, the proposed one included. `criterion` None: always.
    """

    id: str
    service: str
    kind: OrderKind
    codes: CodeSet
    text: Text
    criterion: Criterion | None = None
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Document:
    """A paper that shows facts: LOINC attachment type and X12 report type (PWK01)."""

    id: str
    label: Text
    loinc: str
    pwk: str = ""
    when: str = "always"


@sealed(frozen=True, slots=True)
class Outcomes:
    """What the three truths lead to: met → approve | clinician | not-required, unmet → clinician |
    not-covered, unknown → ask | clinician."""

    met: str = "approve"
    unmet: str = "clinician"
    unknown: str = "ask"


@sealed(frozen=True, slots=True)
class Services:
    """Which services a scope line is for: codes by system, a named list, or any service."""

    codes: CodeSet = CodeSet()
    any: bool = False


@sealed(frozen=True, slots=True)
class Scope:
    """One line of a policy's scope: these services, for these members, on these days, are reviewed so.

    `grant` is what these services get, unless the pathway met has its own. `delegate` names who reviews instead of the payer,
    `asked_by` who has to send the request. `urgency` is the class when the request does
    not say more: `standard`, `expedited`, or `drug` (shorter clocks for drugs).
    """

    id: str
    review: ReviewKind
    services: Services
    where: Where = EVERYWHERE
    period: Period = ALWAYS
    delegate: str = ""
    asked_by: Asker = Asker.ORDERER
    urgency: str = "standard"
    text: Text | None = None
    citations: tuple[Citation, ...] = ()
    grant: GrantRule | None = None
    listed: str = ""


@sealed(frozen=True, slots=True)
class Version:
    """The text of a policy in force for services on the days of `period`."""

    version: str
    period: Period
    scopes: tuple[Scope, ...]
    facts: Mapping[str, FactSpec]
    criterion: Criterion | None
    pathways: tuple[Pathway, ...]
    never: tuple[Rule, ...]
    clinician: tuple[Rule, ...]
    exempt: tuple[Rule, ...]
    outcomes: Outcomes
    grant: GrantRule | None
    documents: tuple[Document, ...]
    tell: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    companions: tuple[Companion, ...] = ()
    apps: tuple[str, ...] = ()
    unverified: tuple[Unverified, ...] = ()


class Role(StrEnum):
    """What a policy does with an item that it matches."""

    COVERAGE = "coverage"
    EXEMPTION = "exemption"
    EXCLUSION = "exclusion"


@sealed(frozen=True, slots=True)
class Policy:
    """A policy with all its versions. `sha256` is the hash of its content, `path` its public address."""

    id: str
    role: Role
    owner: str
    title: Text
    summary: Text
    sources: tuple[PolicySource, ...]
    versions: tuple[Version, ...]
    sha256: str = ""
    topic: str = ""
    file: str = ""


@sealed(frozen=True, slots=True)
class Limit:
    """A benefit limit: so many `unit` (visits, days, USD) of these services in a calendar year.

    `id` is the accumulator's name in `Coverage.used`.
    """

    id: str
    label: Text
    codes: CodeSet
    amount: Decimal
    unit: str
    period: Period = ALWAYS
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Exclusion:
    """A service that the plan's certificate leaves out, with its section."""

    id: str
    text: Text
    codes: CodeSet
    period: Period = ALWAYS
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Waiting:
    """A service that is covered only so many months after the member's coverage began."""

    id: str
    text: Text
    codes: CodeSet
    months: int
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Benefits:
    """What a plan's certificate says beside the clinical policies.

    `unlisted` is what happens to a service that no policy names: `none` (no authorization needed) or
    `review` (a person looks). `networks` maps an NPI to its tier; `other_network` is the tier of
    everybody else. `missed` is the penalty for a required authorization not asked for in time.
    """

    plan: str
    unlisted: str
    exclusions: tuple[Exclusion, ...] = ()
    limits: tuple[Limit, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    networks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    other_network: str = ""
    missed: Penalty | None = None
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Delegate:
    """A company that reviews for the payer, with the words that disclose it to members.

    After `hours` without its decision a case goes back to the payer's own people; 0: when it is due.
    """

    id: str
    name: str
    phone: str
    url: str
    text: Text
    hours: int = 0


class AppTopic(StrEnum):
    """What an app of the payer is about, as CRD calls it."""

    APPROPRIATE_USE = "appropriate-use"
    COST = "cost"
    NETWORK = "network"


@sealed(frozen=True, slots=True)
class PayerApp:
    """A SMART app of the payer that an ordering screen may open; `launch` is its launch address."""

    id: str
    topic: AppTopic
    label: Text
    launch: str
    text: Text


@sealed(frozen=True, slots=True)
class EvidenceSlot:
    """One of: government-rule, technology-assessment, fda, literature.

    `status` is `supports`, `does-not-support`, `developing` or `missing`.
    """

    name: str
    status: str
    source: str = ""
    dated: date | None = None


@sealed(frozen=True, slots=True)
class Technology:
    """An entry of the new-technology register: four evidence slots, each with status and date."""

    id: str
    label: Text
    codes: CodeSet
    slots: tuple[EvidenceSlot, ...]
    requested: date | None = None


@sealed(frozen=True, slots=True)
class GoldCard:
    """An exemption of one provider from review of some services under some plans.

    `approved` of `requests` is what it was given for; with these counts an exemption policy may
    judge it again.
    """

    npi: str
    codes: CodeSet
    period: Period
    plans: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    approved: int = 0
    requests: int = 0
    citation: Citation | None = None


@sealed(frozen=True, slots=True)
class Terms:
    """Names that policies use: code systems by URL, qualifiers with the places to read them."""

    systems: Mapping[str, str]
    qualifiers: Mapping[str, tuple[Reading, ...]]


@sealed(frozen=True, slots=True)
class ClockPause:
    """That a clock stands still while what was asked for has not come, and where that is written.

    For at most `most` of `unit` (`hours` or `days`); `then` is how much time there is afterwards, in
    the unit of the rule, 0 for what was left.
    """

    most: int
    unit: str
    citations: tuple[Citation, ...]
    then: int = 0


@sealed(frozen=True, slots=True)
class ClockExtension:
    """That a deadline may be put off, who may ask for it, and where that is written.

    By `days` calendar days in all, in `times` steps at most. `asked_by` holds `member`, `provider` and
    `payer`. `notice` is what the member must be told besides the reason, None where the law asks for no
    notice.
    """

    days: int
    times: int
    asked_by: frozenset[str]
    citations: tuple[Citation, ...]
    notice: Text | None = None


class LapseEffect(StrEnum):
    """What a law makes of a deadline that the payer missed."""

    COUNTS_AS_DENIAL = "counts-as-denial"
    DEEMED_APPROVED = "deemed-approved"


@sealed(frozen=True, slots=True)
class Lapse:
    """The effect of a missed deadline, and where that is written.

    `counts-as-denial` opens the ways of appeal and makes a notice due; nobody is denied by it here.
    `deemed-approved` authorizes what was complete.
    """

    effect: LapseEffect
    citations: tuple[Citation, ...]


@sealed(frozen=True, slots=True)
class DeadlineRule:
    """By when a decision is due: dated, cited, by line, funding, state, review kind and urgency.

    `unit` is `hours`, `days` (calendar) or `business-days`. Empty sets do not restrict. `pause` None:
    the clock never stands still. `extension` None: nobody may add time. `restarts`: an update gives a
    changed item the whole time again.
    `lapse` None: the law says nothing of a missed deadline that would change the request.
    """

    id: str
    amount: int
    unit: str
    citation: Citation
    lines: frozenset[str] = frozenset()
    funding: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    reviews: frozenset[str] = frozenset()
    urgencies: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    period: Period = ALWAYS
    pause: ClockPause | None = None
    extension: ClockExtension | None = None
    restarts: bool = False
    lapse: Lapse | None = None
