"""Show a stored case: what happened to it, and each decision with its findings."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import orjson

from app.determine.explain import explain
from app.errors import BadSetup
from app.flows.explain_case import Story, explain_case
from app.settings import Settings
from app.store import Store, is_current

EXAMPLES = """\
examples:
  forthwith explain FC-7K2M9QXH4RTC                         by case number
  forthwith explain FA-7K2M9QXH4RTC --language es           by authorization number, in Spanish
  forthwith explain 3a8fcb94-cef8-4a3a-8aac-81368f660315    by the id of the ClaimResponse
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "case", help="case, authorization or review number, or the id of a ClaimResponse"
    )
    parser.add_argument("--language", choices=("en", "es"), default="en", help="of the explanation")
    parser.add_argument("--json", action="store_true", help="everything as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: shown; 1: no such case."""
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        story = explain_case(store, settings.tenant, args.case)
    finally:
        store.close()
    print(as_json(story) if args.json else "\n".join(lines(story, args.language)))
    return 0


def lines(story: Story, language: str) -> Iterator[str]:
    """Head, log and decisions as text."""
    case = story.case
    yield f"Case {case.number}: {case.state} (PAS {case.guide}, received {case.received_at:%Y-%m-%d %H:%M} UTC)"
    if case.plan:
        yield f"Plan: {case.plan} ({case.line})"
    yield "Log:"
    for event in story.events:
        yield f"  {event.at:%Y-%m-%d %H:%M:%S} {event.kind} by {event.actor}"
    for stored in story.decisions:
        yield f"Decision of {stored.decision.made_at:%Y-%m-%d %H:%M:%S} UTC:"
        yield from (f"  {line}" for line in explain(stored.decision, language))


def as_json(story: Story) -> str:
    """The case, its log and its decisions; coverages are left out, as they name a person."""
    document = {
        "case": story.case,
        "events": story.events,
        "decisions": [stored.decision for stored in story.decisions],
    }
    return orjson.dumps(document, default=_plain, option=orjson.OPT_INDENT_2).decode()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, dict) else str(value)
