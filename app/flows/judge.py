"""Cover, match, judge, decide: from a neutral request to its decision. Nothing is stored.

Shared by `$submit` and by the command `decide`, so both can only give the same decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from app.clock import Moment
from app.determine.decide import Weighed, decide
from app.determine.unreached import unreached
from app.domain.coverage import Eligibility, NotEligible
from app.domain.decision import Decision
from app.domain.request import PriorAuthRequest
from app.errors import Unavailable
from app.fhir.read import expression
from app.flows.history import HistorySource, asks_history, with_history
from app.rulebook import Rulebook


class EligibilitySource(Protocol):
    """Where coverages are found: the embedded member store, or the payer's own system."""

    def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
        """The member's coverage on the service days, or why there is none.

        Raises Unavailable when the payer's system does not answer.
        """
        ...


def judge(
    request: PriorAuthRequest,
    bundle: Mapping[str, Any],
    source: EligibilitySource,
    rulebook: Rulebook,
    namespace: str,
    moment: Moment,
    history: HistorySource | None = None,
    weighed: Weighed | None = None,
) -> tuple[Eligibility | None, Decision]:
    """The coverage that was used and the decision. Without an answer on coverage (None) every item
    pends for a person, as what we do not know is never a no. `namespace` is the base of the
    payer's number systems; trace numbers get theirs. `history` is asked only for policies that
    want to know what was authorized or paid before. What was judged is put into `weighed`.
    """
    traces = f"{namespace}/trace"
    today = rulebook.today(moment.now)
    try:
        eligibility = source.find(request, today)
    except Unavailable:
        return None, unreached(request, rulebook, moment, traces)
    if isinstance(eligibility, NotEligible):
        full_url, _, element = eligibility.at.partition("#")
        eligibility = replace(eligibility, at=expression(bundle, full_url, element))
    elif history is not None:
        asked = asks_history(request, rulebook, today)
        request = with_history(request, *asked.of(history, eligibility, moment.now))
    return eligibility, decide(request, eligibility, rulebook, moment, weighed, traces)
