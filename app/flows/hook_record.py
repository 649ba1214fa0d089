"""The record of a hook call: its metric, the audit record of what was asked and answered, its trail.

CRD 2.2.1 found-37 (logs of every call and response, for disputes), metric-1, sec-6 (nothing else is
kept). The access token is struck out before anything is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson

from app.clock import Moment
from app.domain.crd import Hook
from app.domain.ehr import EhrAccess, Fetched, Fetching
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Refused, Unavailable
from app.fhir.crd.metric import Exchange, metric, names
from app.flows.context import Context
from app.flows.hook import Answer, Fetch
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

    def answered(self, answer: Answer, sent: bytes) -> None:
        """Record an answer, `sent` as it travels.

        Raises Unavailable: guidance that is not on record is not given.
        """
        self._store(200, answer, sent, None)

    def failed(self, fault: Exception) -> None:
        """Record a refusal or a failure; what went wrong is told even when this fails, too."""
        with suppress(Unavailable):
            self._store(getattr(fault, "status", 500), Answer({}), b"", fault)

    def _store(self, status: int, answer: Answer, raw: bytes, fault: Exception | None) -> None:
        began, ended = self.moment.now, self.context.moment().now
        exchange = Exchange(
            hook=self.hook,
            document=self.document,
            fetched=self.fetched,
            answer=answer.body,
            status=status,
            issues=fault.issues if isinstance(fault, Refused) else (),
            began=began,
            ended=ended,
            payer=self.caller.tenant,
            client=self.caller.id,
            line=answer.line,
        )
        record = metric(exchange)
        asked = orjson.dumps(_without_token(self.document)) if self.document else b""
        documents = [
            (self.moment.new_id() if content else None, content, kind)
            for kind, content in (
                (DocumentKind.RECEIVED, asked),
                (DocumentKind.SENT, raw),
                (DocumentKind.RECEIVED, self._read_besides()),
            )
        ]
        request, sent, fetched = (name for name, _, _ in documents)
        call = HookCall(
            id=self.moment.new_id(),
            at=began,
            guide=self.guide,
            hook=self.hook.value,
            milliseconds=max(0, round((ended - began).total_seconds() * 1000)),
            status=status,
            record=record,
            request=request,
            answer=sent,
            fetched=fetched,
            guidance=answer.guidance,
        )
        with self.context.store.write(self.caller.tenant) as work:
            for name, content, kind in documents:
                if name is not None:
                    work.documents.put(name, content, kind, _TYPE)
            keys = (each.key for each in answer.guidance)
            work.hooks.add(call, chain(names(record, self.document), keys))

    def _read_besides(self) -> bytes:
        """What the EHR was asked for besides, as a Bundle: the context in which the answer was given."""
        entries = [
            {"resource": resource}
            for each in self.fetched.values()
            if isinstance(each, Fetched)
            for resource in (*each.resources, *each.included)
        ]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        return orjson.dumps(bundle) if entries else b""


def _without_token(document: Json) -> Json:
    granted = document.get("fhirAuthorization")
    if not isinstance(granted, dict):
        return document
    kept = {name: value for name, value in granted.items() if name != "access_token"}
    return {**document, "fhirAuthorization": kept}
