"""Which role holds which scope; what the *state* of a case allows is `app.domain.case`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.auth.scopes import Scope
from app.domain.principal import Principal, Role
from app.domain.review import Act, Approve, Ask, Deny, Extend, Modify, Overturn, Release, Take
from app.errors import NotAllowed

HOLDS: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.SUBMITTER: frozenset(
            {
                Scope.SUBMIT,
                Scope.READ_OWN,
                Scope.INQUIRE,
                Scope.SUBSCRIBE,
                Scope.ATTACH,
                Scope.VALIDATE,
                Scope.DISCOVER,
            }
        ),
        Role.PAYER: frozenset({Scope.VALIDATE}),
        Role.REVIEWER: frozenset({Scope.VALIDATE, Scope.REVIEW}),
        Role.MEDICAL_DIRECTOR: frozenset({Scope.VALIDATE, Scope.REVIEW, Scope.DENY}),
        Role.DELEGATE: frozenset({Scope.DELEGATED}),
        Role.OPERATOR: frozenset({Scope.VALIDATE}),
    }
)
"""The truth table of roles and scopes; tests/unit/auth reads it row by row."""

ACTS: Mapping[type[Act], Scope] = MappingProxyType(
    {
        Take: Scope.REVIEW,
        Release: Scope.REVIEW,
        Ask: Scope.REVIEW,
        Approve: Scope.REVIEW,
        Extend: Scope.REVIEW,
        Modify: Scope.DENY,
        Deny: Scope.DENY,
        Overturn: Scope.DENY,
    }
)
"""Which scope each act of a review needs."""


def may(principal: Principal, scope: Scope) -> bool:
    """Whether one of the caller's roles holds the scope."""
    return any(scope in HOLDS[role] for role in principal.roles)


def check(principal: Principal, scope: Scope) -> None:
    """Raise NotAllowed with a sentence when the caller may not do this."""
    if not may(principal, scope):
        raise NotAllowed(f"This caller does not hold the scope {scope.value}.")
