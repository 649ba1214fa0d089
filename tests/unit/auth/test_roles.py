"""Who may do what: the truth table of roles and scopes, row by row."""

from __future__ import annotations

import pytest

from app.auth.roles import HOLDS, check, may
from app.auth.scopes import Scope
from app.domain.principal import Principal, Role
from app.errors import NotAllowed

TABLE = {
    Role.SUBMITTER: {
        Scope.SUBMIT,
        Scope.READ_OWN,
        Scope.INQUIRE,
        Scope.SUBSCRIBE,
        Scope.ATTACH,
        Scope.VALIDATE,
        Scope.DISCOVER,
    },
    Role.PAYER: {Scope.VALIDATE},
    Role.REVIEWER: {Scope.VALIDATE, Scope.REVIEW},
    Role.MEDICAL_DIRECTOR: {Scope.VALIDATE, Scope.REVIEW, Scope.DENY},
    Role.DELEGATE: {Scope.DELEGATED},
    Role.OPERATOR: {Scope.VALIDATE},
}


def holding(*roles: Role) -> Principal:
    return Principal("someone", "demo", frozenset(roles))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(Scope))
def test_each_role_holds_what_the_table_says(role: Role, scope: Scope) -> None:
    assert may(holding(role), scope) == (scope in TABLE[role])


def test_every_role_has_a_row() -> None:
    assert set(HOLDS) == set(Role) == set(TABLE)


def test_a_caller_without_roles_may_do_nothing() -> None:
    assert not any(may(holding(), scope) for scope in Scope)


def test_a_refusal_names_the_scope() -> None:
    with pytest.raises(NotAllowed, match="request:submit"):
        check(holding(Role.REVIEWER), Scope.SUBMIT)
