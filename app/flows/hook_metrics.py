"""What the records of hook calls add up to: the measures that CRD 2.2.1 suggests (metric-1), and the
records themselves in the form of the metric model.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.crd import Hook
from app.domain.values import Identifier
from app.fhir.crd.metric_model import model
from app.sealed import sealed
from app.store import HookCall, Store

PAGE = 500
_FIRST = uuid.UUID(int=0)
_LIMITS = {Hook.APPOINTMENT_BOOK.value: 10_000}
_LIMIT = 5_000
"""Milliseconds in which 90 % of the calls must be answered (found-2); one hook has more time."""


@dataclass(slots=True)
class Measures:
    """The calls of one hook. `covered` and `needed` count assertions by their code."""

    calls: int = 0
    refused: int = 0
    failed: int = 0
    in_time: int = 0
    within_5: int = 0
    milliseconds: list[int] = field(default_factory=list)
    orders: int = 0
    covered: Counter[str] = field(default_factory=Counter)
    needed: Counter[str] = field(default_factory=Counter)
    informed: int = 0
    with_form: int = 0
    documents: int = 0
    documents_with_form: int = 0
    token: Counter[str] = field(default_factory=Counter)

    def add(self, call: HookCall) -> None:
        """Count one call."""
        self.calls += 1
        self.within_5 += call.milliseconds <= _LIMIT
        self.refused += 400 <= call.status < 500
        self.failed += call.status >= 500
        self.in_time += call.milliseconds <= _LIMITS.get(call.hook, _LIMIT)
        self.milliseconds.append(call.milliseconds)
        self.token[str(call.record.get("tokenUse", ""))] += 1
        for asked in call.record.get("request", ()):
            self.orders += 1
            self.informed += bool(asked.get("coverageInfo"))
            for said in asked.get("coverageInfo", ()):
                has_form = "questionnaire" in said
                self.covered[said.get("covered", "")] += 1
                self.needed[said.get("paNeeded", "none")] += 1
                self.with_form += has_form and said.get("paNeeded") == "auth-needed"
                self.documents += "docNeeded" in said
                self.documents_with_form += has_form and "docNeeded" in said

    def share_in_time(self) -> float:
        """From 0 to 1."""
        return self.in_time / self.calls if self.calls else 1.0

    def at_most(self, share: float) -> int:
        """The milliseconds within which this share of the calls was answered."""
        times = sorted(self.milliseconds)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0


@sealed(frozen=True, slots=True)
class Wanted:
    """Which calls: from `since` on; of one hook, one provider (NPI) or one line of business, where
    that is not empty."""

    since: datetime
    hook: str = ""
    provider: str = ""
    line: str = ""

    def fits(self, call: HookCall) -> bool:
        """Whether this call is wanted."""
        record = call.record
        return (
            self.hook in ("", call.hook)
            and self.provider in ("", record.get("providerId"))
            and self.line in ("", record.get("businessLine"))
        )


def calls(store: Store, tenant: str, wanted: Wanted) -> Iterator[HookCall]:
    """Every recorded call that is wanted, in pages."""
    after = _FIRST
    while True:
        with store.read(tenant) as look:
            page = look.hooks.since(wanted.since, after, PAGE)
        yield from filter(wanted.fits, page)
        if len(page) < PAGE:
            return
        after = page[-1].id


def measures(
    store: Store, tenant: str, wanted: Wanted, by: str = ""
) -> dict[tuple[str, str, str], Measures]:
    """The measures by hook and CRD version, and by a member of the record (`providerId`,
    `businessLine`) where `by` names one."""
    found: dict[tuple[str, str, str], Measures] = {}
    for call in calls(store, tenant, wanted):
        group = str(call.record.get(by, "")) if by else ""
        found.setdefault((call.hook, call.guide.value, group), Measures()).add(call)
    return dict(sorted(found.items()))


def records(store: Store, tenant: str, namespace: str, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """The record of each call in the form of the metric model of its version."""
    for call in calls(store, tenant, wanted):
        with store.read(tenant) as look:
            payer = next((each for p in look.members.payers() for each in p.identifiers), None)
            told = [
                each
                for card in call.record.get("cards", ())
                for each in look.feedback.of(card["uuid"])
            ]
        outcomes = {each.card: each.outcome for each in told}
        own = payer or Identifier(f"{namespace}/payer", tenant)
        yield model(dict(call.record), call.guide, own, outcomes)


def engagement(store: Store, tenant: str, since: datetime) -> Mapping[str, Counter[str]]:
    """How often cards of each service were accepted and overridden, as far as clients say."""
    with store.read(tenant) as look:
        return look.feedback.outcomes(since)
