"""Put a demo back to its start: withdraw what is open, restore the members of the demo's file.

Only cases and rows of the demo payer's own members are touched. Cases are not deleted: their log keeps
what happened and says that it was reset.
"""

from __future__ import annotations

import argparse

from app.clock import moment
from app.errors import BadSetup
from app.factory import build_context
from app.flows.sandbox.start_again import start_again
from app.settings import Settings
from app.store import is_current

EXAMPLES = """\
examples:
  FORTHWITH_DEMO=on forthwith sandbox reset      start again, as after `make run`
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="reset")
    actions.add_parser("reset", help="put the demo back to its start", allow_abbrev=False)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: done. Raises BadSetup without a demo."""
    del args
    if not settings.demo:
        raise BadSetup("There is nothing to reset: FORTHWITH_DEMO is off.")
    context = build_context(settings)
    try:
        if not is_current(context.store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        done = start_again(context, moment())
    finally:
        context.store.close()
    print(
        f"{done.cases} cases withdrawn, {done.members} member rows restored, "
        f"{done.arrivals} arrivals forgotten."
    )
    return 0
