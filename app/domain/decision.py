"""What was decided, why, by which policy and from which facts. Made once, written by each version.

A machine may approve, pend, or state a benefit fact; `DENIED` and clinical `MODIFIED` reductions
come only from a named medical director (`ItemDecision.adverse`).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.facts import Fact, Truth
from app.domain.npi import is_npi
from app.domain.principal import Role
from app.domain.values import Concept, Identifier, Period, Quantity, Text
from app.errors import Unprocessable
from app.sealed import sealed


class Outcome(StrEnum):
    """The answer for one item."""

    APPROVED = "approved"
    MODIFIED = "modified"
    PENDED = "pended"
    NOT_COVERED = "not-covered"
    NOT_REQUIRED = "not-required"
    DENIED = "denied"
    CANCELLED = "cancelled"


class ReviewKind(StrEnum):
    """Which review a service gets under a plan."""

    PRIOR_AUTHORIZATION = "prior-authorization"
    RECOMMENDED = "recommended-clinical-review"
    CONCURRENT = "concurrent"
    POST_SERVICE = "post-service"
    NONE = "none"
    NOT_COVERED = "not-covered"
    DELEGATED = "delegated"


class ReviewTime(StrEnum):
    """When a request is reviewed, seen from the service: before it, during it, or after it."""

    PROSPECTIVE = "prospective"
    CONCURRENT = "concurrent"
    POST_SERVICE = "post-service"


@sealed(frozen=True, slots=True)
class PolicyRef:
    """Exactly which text decided: id, version, the hash of its file and its public address path."""

    id: str
    version: str
    sha256: str
    title: Text
    path: str = ""


@sealed(frozen=True, slots=True)
class Citation:
    """Where a rule stands: `NCD 240.2 B.1`, with its URL."""

    title: str
    section: str = ""
    url: str = ""


@sealed(frozen=True, slots=True)
class Finding:
    """A criterion held against the facts: a tree. `rule` is its id within the policy."""

    rule: str
    label: Text
    truth: Truth
    facts: tuple[Fact, ...] = ()
    citations: tuple[Citation, ...] = ()
    parts: tuple[Finding, ...] = ()
    combination: str = "fact"


@sealed(frozen=True, slots=True)
class Reason:
    """One reason in words that provider and member can read; `code` is stable and ours."""

    code: str
    text: Text
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Penalty:
    """What the plan does about payment because a required authorization was not asked for in time.

    Says nothing about necessity and never changes an outcome. `reduction` is in percent of the
    payment, None where the plan names no number.
    """

    text: Text
    reduction: Decimal | None = None
    citations: tuple[Citation, ...] = ()


@sealed(frozen=True, slots=True)
class Needed:
    """Something that is missing: a document (LOINC type) or the answer to a question.

    `loinc` is the attachment type to ask for, `pwk` the X12 report type, `questionnaire` the
    form that asks it (`policy|version`), `modifier_loinc` which part of the record is meant, `fact` the
    policy's fact name.
    """

    fact: str
    question: Text
    loinc: str
    pwk: str = ""
    questionnaire: str = ""
    modifier_loinc: str = ""


@sealed(frozen=True, slots=True)
class Grant:
    """What is authorized. `units` None means as many as asked for.

    `revenue` is the revenue code of a stay, whose service may be no code at all. `next_review` is the
    day by which a stay or course is looked at again, `place` the setting where it differs from the
    one asked for.
    """

    number: str
    issued: date
    period: Period
    units: Quantity | None = None
    service: Concept | None = None
    service_period: Period | None = None
    next_review: date | None = None
    revenue: Concept | None = None
    place: Concept | None = None


@sealed(frozen=True, slots=True)
class HumanReview:
    """The clinician who decided; None on a Decision means that no person looked at it."""

    reviewer: str
    npi: str
    specialty: str
    at: datetime
    role: Role = Role.REVIEWER


@sealed(frozen=True, slots=True)
class FailedCriterion:
    """A criterion of the case's own finding that is not met, and where it is written."""

    rule: str
    label: Text
    citations: tuple[Citation, ...]


@sealed(frozen=True, slots=True)
class Adverse:
    """All that a denial or reduction for medical necessity must say; without it none can be made.

    `reason` says why and `would_change` what would change the decision, both in English and in the
    member's `language`. Raises Unprocessable when anything is missing (42 CFR 422.568(e), 438.404(b),
    438.210(b)(3); the NPI has a check digit).
    """

    by: HumanReview
    criteria: tuple[FailedCriterion, ...]
    reason: Text
    would_change: Text
    language: str

    def __post_init__(self) -> None:
        if self.by.role is not Role.MEDICAL_DIRECTOR:
            raise Unprocessable("Only a medical director denies or reduces for medical necessity.")
        if not is_npi(self.by.npi) or not self.by.specialty.strip():
            raise Unprocessable("Who denies or reduces signs with an NPI and a specialty.", at="by")
        if not self.criteria or not all(each.citations for each in self.criteria):
            raise Unprocessable(
                "Name at least one criterion that is not met and that cites its source.",
                at="why.criteria",
            )
        for name, text in (("reason", self.reason), ("would_change", self.would_change)):
            for language in dict.fromkeys(("en", self.language)):
                if not text.get(language, "").strip():
                    raise Unprocessable(
                        f"Say it in plain words in the language {language}, too.",
                        at=f"why.{name}.{language}",
                    )


class PendCause(StrEnum):
    """Why an item waits; each has its own clock and its own words."""

    CLINICAL_REVIEW = "clinical-review"
    MISSING_FACTS = "missing-facts"
    DELEGATE = "delegate"
    NO_POLICY = "no-policy"
    SYSTEM = "system"


@sealed(frozen=True, slots=True)
class ItemDecision:
    """The answer for the item with `sequence`, with everything needed to explain it.

    `review_reference` is the payer's number of a pending review (REF-NT), `trace` the payer's trace
    number. `clinical` and `benefit` are the two verdicts, kept apart; `penalty` is a third thing.
    `adverse` is who denied or reduced it for medical necessity, and why: DENIED cannot be without.
    `replaces` is the number of the authorization that the item had before an update; `earlier` is that
    authorization itself while the change waits, as it stays in force until the change is decided.
    """

    sequence: int
    outcome: Outcome
    review_kind: ReviewKind
    reasons: tuple[Reason, ...]
    policy: PolicyRef | None = None
    finding: Finding | None = None
    clinical: Truth | None = None
    benefit: str = "covered"
    grant: Grant | None = None
    needed: tuple[Needed, ...] = ()
    pend_cause: PendCause | None = None
    pathway: str = ""
    delegate: str = ""
    review_reference: str = ""
    trace: Identifier | None = None
    penalty: Penalty | None = None
    adverse: Adverse | None = None
    replaces: str = ""
    earlier: Grant | None = None

    def __post_init__(self) -> None:
        if self.outcome is Outcome.DENIED and self.adverse is None:
            raise Unprocessable(
                "An item is denied by a medical director who says why, or not at all."
            )

    @property
    def stands(self) -> Grant | None:
        """The authorization in force: what was granted, or granted before a change that waits."""
        return self.grant or self.earlier


class BusinessProblem(StrEnum):
    """Why the whole request has a business error (X12 AAA): an answer with 200, not a refusal."""

    MEMBER_NOT_FOUND = "member-not-found"
    MEMBER_MISMATCH = "member-mismatch"
    MEMBER_AMBIGUOUS = "member-ambiguous"
    COVERAGE_NOT_ACTIVE = "coverage-not-active"
    WRONG_PAYER = "wrong-payer"
    MISSING_MEMBER_ID = "missing-member-id"
    PROVIDER_NOT_IDENTIFIED = "provider-not-identified"
    REQUIRED_DATA_MISSING = "required-data-missing"
    INVALID_SERVICE_DATE = "invalid-service-date"
    UPDATE_AFTER_DENIAL = "update-after-denial"
    UPDATE_AFTER_CANCEL = "update-after-cancel"
    UPDATE_OUT_OF_DATE = "update-out-of-date"
    UPDATE_INCOMPLETE = "update-incomplete"
    PRIOR_UNKNOWN = "prior-unknown"


@sealed(frozen=True, slots=True)
class BusinessError:
    """A business error: which problem, at which element (FHIRPath from Bundle), and in words."""

    problem: BusinessProblem
    at: str
    text: Text


@sealed(frozen=True, slots=True)
class Protection:
    """A rule that protects the member: by when the payer must answer. `unit` is that of the rule
    (`hours`, `days`, `business-days`), `citation` the law or promise that says so.
    """

    rule: str
    amount: int
    unit: str
    citation: Citation


class AskedBy(StrEnum):
    """Who asks for more time to decide."""

    MEMBER = "member"
    PROVIDER = "provider"
    PAYER = "payer"


@sealed(frozen=True, slots=True)
class Extension:
    """More time, as the law of the deadline lets it be taken: `days` calendar days for the clocks of
    `rules`, added at `at`.

    `reason` is in English and in the member's language. `notice` is all that the member must be told in
    that language, "" where the law asks for no notice; `citations` say so.
    """

    at: datetime
    days: int
    rules: tuple[str, ...]
    asked_by: AskedBy
    reason: Text
    citations: tuple[Citation, ...]
    notice: str = ""


@sealed(frozen=True, slots=True)
class Decision:
    """The neutral answer to a whole request.

    `rulebook` is the hash of the rulebook in force, `number` the overall authorization number
    (given when at least one item is granted), `due` the instant by which pended items must be
    decided, by the rule `deadline_rule`; `paused_until` is until when at most its clock stands still
    for what was asked for, None while it runs; `extensions` are in `due` already. `protections` are all rules that protect this member in this
    request, the strictest first; where the funding of the plan is unknown, those of every funding.
    `member_id`, `plan` and `line` name the coverage that was used, `review` says when the request came,
    seen from its services.
    """

    items: tuple[ItemDecision, ...]
    errors: tuple[BusinessError, ...]
    made_at: datetime
    rulebook: str
    number: str = ""
    period: Period | None = None
    due: datetime | None = None
    deadline_rule: str = ""
    paused_until: datetime | None = None
    extensions: tuple[Extension, ...] = ()
    protections: tuple[Protection, ...] = ()
    human: HumanReview | None = None
    member_id: str = ""
    plan: str = ""
    line: str = ""
    language: str = "en"
    accumulated: tuple[tuple[str, Decimal], ...] = ()
    review: ReviewTime = ReviewTime.PROSPECTIVE
