"""How a caller is known. Without authentication there is one caller, and only on loopback.

That caller is a submitter; who plays a reviewer names the role with each call, so that nobody
reviews by accident.

The operator's choice is the setting FORTHWITH_AUTH; `Settings.check_door` refuses to open a server
without authentication to anybody but this machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from app.domain.principal import Principal, Role
from app.errors import Unauthenticated
from app.settings import Settings

PLAYED = (Role.REVIEWER, Role.MEDICAL_DIRECTOR, Role.DELEGATE)
"""The roles that a caller may name where nobody logs in."""


class Door(Protocol):
    """From the Authorization header of a call, and the role that it names, to its caller."""

    def __call__(self, authorization: str, role: str = "", /) -> Principal:
        """The caller; raises Unauthenticated when nobody, or no such role, is named."""
        ...


def door(settings: Settings) -> Door:
    """The door that the settings choose."""
    caller = Principal(
        id="open-demo",
        tenant=settings.tenant,
        roles=frozenset({Role.SUBMITTER}),
        open_demo=True,
    )

    def open_door(_authorization: str, role: str = "") -> Principal:
        if not role:
            return caller
        if role not in PLAYED:
            raise Unauthenticated(f"Forthwith-Role must be one of {', '.join(PLAYED)}.")
        return replace(caller, roles=frozenset({Role(role)}))

    return open_door
