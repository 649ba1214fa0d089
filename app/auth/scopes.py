"""What a caller can be allowed to do. Every route names exactly one scope, or is public."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One permission. The value is how it is written in settings, tokens and documentation."""

    SUBMIT = "request:submit"
    READ_OWN = "request:read"
    INQUIRE = "request:inquire"
    SUBSCRIBE = "request:subscribe"
    VALIDATE = "document:validate"
    ATTACH = "request:attach"
    DISCOVER = "coverage:discover"
    DELEGATED = "case:delegated"
    REVIEW = "case:review"
    DENY = "case:deny"
