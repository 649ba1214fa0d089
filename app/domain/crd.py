"""Coverage discovery at the moment of ordering: what is asked, and what is said about each order.

CRD 2.2.1 and 2.0.1 over CDS Hooks. An `Assertion` is the neutral form of coverage-information: it is
made once and written by each guide version in the codes that this version has.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from app.domain.policy import Companion
from app.domain.values import Coding, Period, Quantity, Text
from app.sealed import sealed


class Hook(StrEnum):
    """The six hooks of the guide, named as in CDS Hooks."""

    APPOINTMENT_BOOK = "appointment-book"
    ENCOUNTER_START = "encounter-start"
    ENCOUNTER_DISCHARGE = "encounter-discharge"
    ORDER_SELECT = "order-select"
    ORDER_DISPATCH = "order-dispatch"
    ORDER_SIGN = "order-sign"

    @property
    def is_primary(self) -> bool:
        """Primary hooks always get coverage information (CRD 2.2.1 hook-16)."""
        return self in (Hook.APPOINTMENT_BOOK, Hook.ORDER_DISPATCH, Hook.ORDER_SIGN)

    @property
    def orders(self) -> bool:
        """Whether the call is about orders that somebody writes now."""
        return self in (Hook.ORDER_SELECT, Hook.ORDER_SIGN)

    @property
    def is_for_office(self) -> bool:
        """Whether the people before the screen rather run the office than treat (resp-70)."""
        return not self.orders and self is not Hook.ORDER_DISPATCH


class Covered(StrEnum):
    """Whether the plan covers the service; limits and deductibles still apply."""

    COVERED = "covered"
    NOT_COVERED = "not-covered"
    CONDITIONAL = "conditional"
    INDETERMINATE = "indeterminate"


class PriorAuth(StrEnum):
    """Whether the service must be authorized beforehand."""

    NO_AUTH = "no-auth"
    NEEDED = "auth-needed"
    PERFORMER = "performpa"
    SATISFIED = "satisfied"
    CONDITIONAL = "conditional"
    INDETERMINATE = "indeterminate"


class Documentation(StrEnum):
    """Who can answer what is asked for now."""

    CLINICAL = "clinical"
    ADMIN = "admin"
    PATIENT = "patient"


class Purpose(StrEnum):
    """What the documentation is for."""

    WITH_AUTHORIZATION = "withpa"
    WITH_CLAIM = "withclaim"
    RETAIN = "retain-doc"


class Awaited(StrEnum):
    """What only a later step of the workflow can tell."""

    PERFORMER = "performer"
    LOCATION = "location"
    TIMEFRAME = "timeframe"
    DETAIL_CODE = "detail-code"
    OTHER = "OTH"


class Because(StrEnum):
    """Reasons that a guide or this program has a code for; the sentence stands beside it."""

    GOLD_CARD = "gold-card"
    NO_MEMBER = "no-member-found"
    NO_COVERAGE = "coverage-not-found"
    NOT_ACTIVE = "no-active-coverage"
    OUT_OF_NETWORK = "auth-out-network"
    TECHNICAL = "technical"
    DETAIL_CODE = "detail-code"
    RECOMMENDED = "recommended-clinical-review"
    REVIEW_MET = "clinical-review-met"
    POST_SERVICE = "post-service-review"
    PLAIN = ""


class About(StrEnum):
    """What a detail says."""

    QUANTITY = "allowed-quantity"
    PERIOD = "allowed-period"
    CLAIM_REVIEW = "concurrent-review"
    POLICY = "policy-link"
    INSTRUCTIONS = "instructions"


@sealed(frozen=True, slots=True)
class Detail:
    """One limit or rule. `value` is as its meaning demands: for a policy the address of its page."""

    about: About
    value: bool | Text | str | Quantity | Period
    qualification: Text | None = None


@sealed(frozen=True, slots=True)
class Said:
    """One reason: a code where there is one, and always a sentence."""

    because: Because
    text: Text


@sealed(frozen=True, slots=True)
class Contact:
    """Whom to ask about this service when it is not the payer itself."""

    name: str
    phone: str = ""
    url: str = ""


@sealed(frozen=True, slots=True)
class Alternative:
    """A service (HCPCS or CPT code) that may be had instead, and why; `required` when what was
    ordered is not covered at all."""

    service: str
    text: Text
    required: bool


@sealed(frozen=True, slots=True)
class Assertion:
    """What the payer says about one order under one coverage, for some billing codes.

    `form` is (policy id, policy version) of the questionnaire that asks what is missing, `number`
    the authorization number when satisfied, `dependencies` the positions of the orders that the
    answer hangs on, `policy`, `policy_version` and `policy_sha256` the text that spoke, `judged_on`
    the day whose rules counted, `companions` the orders that it proposes besides.
    """

    covered: Covered
    authorization: PriorAuth | None
    reasons: tuple[Said, ...] = ()
    documentation: tuple[Documentation, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    billing: tuple[Coding, ...] = ()
    details: tuple[Detail, ...] = ()
    dependencies: tuple[int, ...] = ()
    form: tuple[str, str] | None = None
    number: str = ""
    contact: Contact | None = None
    expires: date | None = None
    policy: str = ""
    policy_version: str = ""
    policy_sha256: str = ""
    judged_on: date | None = None
    policy_title: Text | None = None
    policy_path: str = ""
    alternative: Alternative | None = None
    companions: tuple[Companion, ...] = ()


@sealed(frozen=True, slots=True)
class Guidance:
    """By what one line of a hook call was judged: kept with the call, and honoured when the order is
    submitted under its assertion id (CRD 2.2.1 found-11).

    `key` is that id, `order` the order as the EHR names it, `codes` are `system|code` of the service,
    `policy`, `version` and `sha256` the text that spoke ("" when none knows the service), `day` the
    day of service whose rules counted, `rulebook` the hash of the rulebook in force then.
    """

    key: str
    order: str
    codes: tuple[str, ...]
    policy: str
    version: str
    sha256: str
    day: date
    rulebook: str = ""
