"""The two sides of the eligibility door: the embedded member store, and the payer's own system.

Both find rows; one pure function chooses (`app.determine.eligibility`), so a payer who moves from
one to the other gets the same answers. Either is an `app.flows.judge.EligibilitySource`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from app.clients.eligibility import EligibilitySystem
from app.clients.guard import GuardedClient
from app.clients.policy import CallFailed, Origin, OutboundPolicy
from app.determine.eligibility import Payer, determine, numbers
from app.domain.coverage import Eligibility, Plan
from app.domain.request import PriorAuthRequest
from app.errors import BadSetting
from app.sealed import sealed
from app.settings import Settings
from app.store import Store

PlanOf = Callable[[str], Plan | None]


@sealed(frozen=True, slots=True)
class StoredMembers:
    """The members that `forthwith members import` loaded."""

    store: Store
    tenant: str
    plan_of: PlanOf

    def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
        """The member's coverage, or why there is none. Raises Unavailable."""
        return self.found(request, on)[0]

    def found(self, request: PriorAuthRequest, on: date) -> tuple[Eligibility, Sequence[Payer]]:
        """The same, and the payers that this server answers for, in no order. Raises Unavailable."""
        with self.store.read(self.tenant) as look:
            keys = [number.key for number in numbers(request)]
            candidates, payers = look.members.find(keys, self.plan_of)
        return determine(request, on, candidates, payers), payers


@dataclass(slots=True)
class Insurers:
    """The payers that this server answers for, by their key, as far as one call wants to know them:
    read when they are first asked for, unless the only one has come along with a member."""

    store: Store
    tenant: str
    known: Sequence[Payer] | None = None

    def learn(self, payers: Sequence[Payer]) -> None:
        """Take note of what came along with a member."""
        if len(payers) == 1:
            self.known = payers

    def __call__(self) -> Sequence[Payer]:
        """The payers. Raises Unavailable."""
        if self.known is None:
            with self.store.read(self.tenant) as look:
                self.known = look.members.payers()
        return self.known


@sealed(frozen=True, slots=True)
class AskedMembers:
    """The payer's own system."""

    system: EligibilitySystem

    def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
        """The member's coverage, or why there is none. Raises Unavailable when unclear."""
        found = self.system.ask(request, on)
        return determine(request, on, found.candidates, found.payers)


def eligibility_source(
    settings: Settings, store: Store, plan_of: PlanOf
) -> StoredMembers | AskedMembers:
    """The side of the door that the settings choose; BadSetting when its address cannot be used."""
    if not settings.eligibility_url:
        return StoredMembers(store, settings.tenant, plan_of)
    try:
        policy = OutboundPolicy.own_system(settings.eligibility_url)
        policy.check_origin(Origin.of(settings.eligibility_url))
    except CallFailed as refused:
        raise BadSetting(f"FORTHWITH_ELIGIBILITY_URL cannot be called: {refused}") from None
    system = EligibilitySystem(
        GuardedClient(policy),
        settings.eligibility_url,
        settings.eligibility_timeout,
        plan_of,
    )
    return AskedMembers(system)
