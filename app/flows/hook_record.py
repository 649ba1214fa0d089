"""The record of a hook call: its metric, the audit record of what was asked and answered, its trail.

CRD 2.2.1 found-37 (logs of every call and response, for disputes), metric-1, sec-6 (nothing else is
kept). The access token is struck out before anything is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.clock import Moment
from app.domain.crd import Hook
from app.domain.ehr import EhrAccess, Fetching
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Refused, Unavailable
from app.fhir.crd.metric import Exchange, metric, names
from app.flows.context import Context
from app.flows.hook import Fetch
from app.store import DocumentKind, HookCall

Json = dict[str, Any]
_TYPE = "application/json"


@dataclass(slots=True)
class Recording:
    """One call under way. `document` is set as soon as the envelope was read."""

    context: Context
    caller: Principal
    guide: Guide
    hook: Hook
    moment: Moment
    asks: Fetch
    document: Json = field(default_factory=dict)
    fetched: dict[str, Fetching] = field(default_factory=dict)

    def fetch(
        self, access: EhrAccess | None, queries: Sequence[str], seconds: float
    ) -> Mapping[str, Fetching]:
        """Ask the EHR, and remember what came of it."""
        answers = self.asks(access, queries, seconds)
        self.fetched |= answers
        return answers

    def answered(self, answer: bytes) -> None:
        """Record an answer. Raises Unavailable: guidance that is not on record is not given."""
        self._store(200, orjson.loads(answer), answer, None)

    def failed(self, fault: Exception) -> None:
        """Record a refusal or a failure; what went wrong is told even when this fails, too."""
        with suppress(Unavailable):
            self._store(getattr(fault, "status", 500), {}, b"", fault)

    def _store(self, status: int, answer: Json, raw: bytes, fault: Exception | None) -> None:
        began, ended = self.moment.now, self.context.moment().now
        exchange = Exchange(
            hook=self.hook,
            document=self.document,
            fetched=self.fetched,
            answer=answer,
            status=status,
            issues=fault.issues if isinstance(fault, Refused) else (),
            began=began,
            ended=ended,
            payer=self.caller.tenant,
        )
        record = metric(exchange)
        asked = orjson.dumps(_without_token(self.document)) if self.document else b""
        documents = {
            kind: (self.moment.new_id(), content)
            for kind, content in ((DocumentKind.RECEIVED, asked), (DocumentKind.SENT, raw))
            if content
        }
        ids = {kind: document for kind, (document, _) in documents.items()}
        call = HookCall(
            id=self.moment.new_id(),
            at=began,
            guide=self.guide,
            hook=self.hook.value,
            milliseconds=max(0, round((ended - began).total_seconds() * 1000)),
            status=status,
            record=record,
            request=ids.get(DocumentKind.RECEIVED),
            answer=ids.get(DocumentKind.SENT),
        )
        with self.context.store.write(self.caller.tenant) as work:
            for kind, (document, content) in documents.items():
                work.documents.put(document, content, kind, _TYPE)
            work.hooks.add(call, names(record, self.document))


def _without_token(document: Json) -> Json:
    granted = document.get("fhirAuthorization")
    if not isinstance(granted, dict):
        return document
    kept = {name: value for name, value in granted.items() if name != "access_token"}
    return {**document, "fhirAuthorization": kept}
