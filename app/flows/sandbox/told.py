"""The decision behind an answer, in words: the finding tree of each request that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.determine.explain import explain
from app.errors import NotFound
from app.flows.context import Context
from app.flows.explain_case import explain_case

MOST = 3
"""Requests that are explained in full."""


def told(context: Context, answer: Any, language: str) -> list[str]:
    """Lines of text about the decisions in force behind the ClaimResponses of an answer."""
    lines: list[str] = []
    names = list(dict.fromkeys(_responses(answer)))
    for name in names[:MOST]:
        try:
            story = explain_case(context.store, context.settings.tenant, name)
        except NotFound:
            continue
        lines.append(f"{story.case.number}: {story.case.state}")
        for decision in story.decisions[-1:]:
            lines += explain(decision.decision, language)
    return lines


def _responses(found: Any) -> Iterator[str]:
    """The ids of all ClaimResponses in an answer."""
    if isinstance(found, list):
        for each in found:
            yield from _responses(each)
    elif isinstance(found, dict):
        if found.get("resourceType") == "ClaimResponse":
            yield str(found.get("id", ""))
        for name in ("entry", "resource", "parameter"):
            yield from _responses(found.get(name))
