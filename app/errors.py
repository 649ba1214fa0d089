"""Every way a request can fail, in one tree, and the one shape of a finding about a document.

    ForthwithError
    ├── Refused                    the caller must change something            4xx
    │   ├── Malformed              not JSON, or not the JSON of FHIR           400
    │   ├── Invalid                FHIR, but breaks a rule of its profile      400
    │   ├── NotForHere             a valid document sent to the wrong door     422
    │   ├── Unprocessable          JSON that breaks the rules of its interface 422
    │   ├── Incomplete             what is needed was not sent nor to be had   412
    │   ├── NotAllowed             this caller may not do this                 403
    │   ├── Unauthenticated        we do not know the caller                   401
    │   ├── NotFound               no such thing for this caller               404
    │   ├── Conflict               at odds with what is stored here           409
    │   ├── TooLarge               over a size, depth or count limit           413
    │   └── WrongMediaType         a content type we do not read               415
    ├── CouldNotAnswer             we failed, the request may be fine          5xx
    │   ├── Unavailable            a system we need did not answer             503
    │   └── Broken                 a fault of ours                             500
    └── BadSetup                   the operator must change something          exit 2
        ├── BadSetting             a setting that cannot be used
        └── BadData                a rulebook, member file or fact file that cannot be used

A business "no" (not covered, not a member) is a value of `app.domain.decision`, never one of these.
A 5xx carries no OperationOutcome (PAS 2.2.1 specification, statement spec-39).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from app.sealed import sealed

Severity = Literal["fatal", "error", "warning", "information"]


@sealed(frozen=True, slots=True)
class Issue:
    """One finding about a document.

    `kind` is a FHIR issue type (`structure`, `required`, `value`, `invariant`, ...), `code` our own
    stable code (listed in docs/reference/issues.md), `at` a FHIRPath expression from the root of the
    document. `message` says what was found and what to do; it never repeats a person's data.
    """

    severity: Severity
    kind: str
    code: str
    at: str
    message: str
    profile: str = ""
    invariant: str = ""

    @property
    def is_error(self) -> bool:
        """True when the document cannot be accepted because of this issue."""
        return self.severity in ("fatal", "error")


class ForthwithError(Exception):
    """The root: one except clause at the edge is always enough."""

    status = 500


class Refused(ForthwithError):
    """The caller must change the request; `issues` say where and how."""

    status = 400
    kind = "processing"
    code = "refused"

    def __init__(self, message: str, issues: Iterable[Issue] = (), at: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.issues: tuple[Issue, ...] = tuple(issues) or (
            Issue("error", self.kind, self.code, at, message),
        )


class Malformed(Refused):
    """Not JSON, or JSON that no FHIR document can have."""

    kind, code = "structure", "malformed"


class Invalid(Refused):
    """A FHIR document that breaks rules of its type or profile; carries all issues."""

    kind, code = "invalid", "invalid"


class NotForHere(Refused):
    """A sound document that belongs to another operation or address."""

    status = 422
    kind, code = "not-supported", "not-for-here"


class Unprocessable(Refused):
    """Sound JSON that breaks the rules of the interface it was sent to (CRD 2.0.1)."""

    status = 422
    kind, code = "invalid", "unprocessable"


class Incomplete(Refused):
    """What is needed was neither sent along nor could be fetched (CDS Hooks, prefetch)."""

    status = 412
    kind, code = "incomplete", "incomplete"


class NotAllowed(Refused):
    """The caller is known, and may not do this."""

    status = 403
    kind, code = "forbidden", "not-allowed"


class Unauthenticated(Refused):
    """The caller is not known."""

    status = 401
    kind, code = "login", "unauthenticated"


class NotFound(Refused):
    """Nothing of that name that this caller may see."""

    status = 404
    kind, code = "not-found", "not-found"


class Conflict(Refused):
    """At odds with what is stored: an identifier with other content, or a state that forbids it."""

    status = 409
    kind, code = "conflict", "conflict"


class TooLarge(Refused):
    """Over a limit of size, depth or count; the message names the limit and its setting."""

    status = 413
    kind, code = "too-costly", "too-large"


class WrongMediaType(Refused):
    """A content type or encoding that this address does not read."""

    status = 415
    kind, code = "not-supported", "wrong-media-type"


class CouldNotAnswer(ForthwithError):
    """We failed; sending the same request again may work."""


class Unavailable(CouldNotAnswer):
    """A system that we need (database, eligibility) did not answer in time."""

    status = 503


class Broken(CouldNotAnswer):
    """A fault of ours."""


class BadSetup(ForthwithError):
    """The operator must change something before the program can run; the command exits with 2."""


class BadSetting(BadSetup):
    """A setting that cannot be used; the message is one sentence that names it."""


class BadData(BadSetup):
    """A data file that cannot be used; the message names file, line and what to do."""
