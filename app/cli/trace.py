"""Tell the story of one order: the hook calls about it, what was said, and the cases that followed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from app.errors import BadSetup
from app.flows.trace import Opened, Step, Trace, trace
from app.settings import Settings
from app.store import Store, is_current

EXAMPLES = """\
examples:
  forthwith trace DeviceRequest/o1                         an order as the EHR names it
  forthwith trace 3a8fcb94-cef8-4a3a-8aac-81368f660315     a coverage assertion id
  forthwith trace FA-7K2M9QXH4RTC                          an authorization number
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("order", help="order (Type/id), assertion id or authorization number")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: told; 1: nothing is recorded about it."""
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        found = trace(store, settings.tenant, args.order)
    finally:
        store.close()
    print("\n".join(lines(found)))
    return 0


def lines(found: Trace) -> Iterator[str]:
    """The story, oldest first; cases last, each with its log."""
    for step in found.steps:
        yield from _call(step)
    for opened in found.cases:
        yield from _case(opened)


def _call(step: Step) -> Iterator[str]:
    call = step.call
    by = f" by NPI {call.record['providerId']}" if "providerId" in call.record else ""
    yield (
        f"{call.at:%Y-%m-%d %H:%M:%S} {call.hook} (CRD {call.guide}){by}: "
        f"HTTP {call.status} in {call.milliseconds} ms"
    )
    for each in step.told:
        said = f"covered {each.covered}"
        if each.needed:
            said += f", authorization {each.needed}"
        if each.number:
            said += f" under {each.number}"
        yield f"  {each.order} {each.code}: {said}; assertion {each.assertion}"
        yield from (f"    form {form}" for form in each.forms)
    if not step.told:
        yield "  no coverage information about it"


def _case(opened: Opened) -> Iterator[str]:
    case = opened.case
    yield f"Case {case.number}: {case.state} (PAS {case.guide}, `forthwith explain {case.number}`)"
    for event in opened.events:
        yield f"  {event.at:%Y-%m-%d %H:%M:%S} {event.kind} by {event.actor}"
    for each in opened.disclosures:
        done = "shown to" if each.shown else "kept back from"
        yield f"  {each.at:%Y-%m-%d %H:%M:%S} {done} NPI {' '.join(each.npis)} by {each.caller}"
