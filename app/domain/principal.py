"""Who is calling."""

from __future__ import annotations

from enum import StrEnum

from app.sealed import sealed


class Role(StrEnum):
    """What a caller is to us; what each may do is `app.auth.roles`."""

    SUBMITTER = "submitter"
    PAYER = "payer"
    REVIEWER = "reviewer"
    MEDICAL_DIRECTOR = "medical-director"
    DELEGATE = "delegate"
    OPERATOR = "operator"


@sealed(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `id` is stable, `tenant` the payer whose data the caller reaches.

    `open_demo` is the one caller of a server without authentication (loopback only): there every
    request counts as this submitter, and may read what was submitted at this server.
    """

    id: str
    tenant: str
    roles: frozenset[Role]
    open_demo: bool = False
