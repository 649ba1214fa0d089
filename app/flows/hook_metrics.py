"""What the records of hook calls add up to, by hook: the measures that CRD 2.2.1 suggests (metric-1)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.crd import Hook
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
    milliseconds: list[int] = field(default_factory=list)
    orders: int = 0
    covered: Counter[str] = field(default_factory=Counter)
    needed: Counter[str] = field(default_factory=Counter)
    with_form: int = 0
    token: Counter[str] = field(default_factory=Counter)

    def add(self, call: HookCall) -> None:
        """Count one call."""
        self.calls += 1
        self.refused += 400 <= call.status < 500
        self.failed += call.status >= 500
        self.in_time += call.milliseconds <= _LIMITS.get(call.hook, _LIMIT)
        self.milliseconds.append(call.milliseconds)
        self.token[str(call.record.get("tokenUse", ""))] += 1
        for asked in call.record.get("request", ()):
            self.orders += 1
            for said in asked.get("coverageInfo", ()):
                self.covered[said.get("covered", "")] += 1
                self.needed[said.get("paNeeded", "none")] += 1
                self.with_form += "questionnaire" in said

    def share_in_time(self) -> float:
        """From 0 to 1."""
        return self.in_time / self.calls if self.calls else 1.0

    def at_most(self, share: float) -> int:
        """The milliseconds within which this share of the calls was answered."""
        times = sorted(self.milliseconds)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0


def calls(store: Store, tenant: str, since: datetime) -> Iterator[HookCall]:
    """Every recorded call from `since` on, in pages."""
    after = _FIRST
    while True:
        with store.read(tenant) as look:
            page = look.hooks.since(since, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def measures(store: Store, tenant: str, since: datetime) -> dict[tuple[str, str], Measures]:
    """The measures by hook and CRD version."""
    found: dict[tuple[str, str], Measures] = {}
    for call in calls(store, tenant, since):
        found.setdefault((call.hook, call.guide.value), Measures()).add(call)
    return dict(sorted(found.items()))


def engagement(store: Store, tenant: str, since: datetime) -> Mapping[str, Counter[str]]:
    """How often cards of each service were accepted and overridden, as far as clients say."""
    with store.read(tenant) as look:
        return look.feedback.outcomes(since)
