"""Show how CRD calls were answered, and delete old records of them."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

import orjson

from app.clock import moment
from app.errors import BadSetup
from app.flows.hook_metrics import Measures, Wanted, engagement, measures, records
from app.flows.prune import Keep, prune
from app.settings import Settings
from app.store import Store, is_current

EXAMPLES = """\
examples:
  forthwith crd metrics               the last 30 days, by hook and version
  forthwith crd metrics --days 1      the last day
  forthwith crd metrics --by provider --hook order-sign
  forthwith crd prune                 delete what is older than the settings say (`work` does, too)
  forthwith crd metrics --records     one JSON record for each call (CRD metric model)
"""
_TARGET = 0.9
_BY = {"line": "businessLine", "provider": "providerId"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="metrics|prune")
    showing = actions.add_parser(
        "metrics", help="show what the calls add up to", allow_abbrev=False
    )
    actions.add_parser(
        "prune",
        help="delete records that are older than the settings say",
        allow_abbrev=False,
    )
    showing.add_argument("--days", type=int, default=30, help="how far back, 30 unless told")
    showing.add_argument("--hook", default="", help="calls of this hook alone")
    showing.add_argument("--provider", default="", help="calls by the provider with this NPI alone")
    showing.add_argument("--line", default="", help="calls about this line of business alone")
    showing.add_argument(
        "--by", choices=sorted(_BY), default="", help="apart for each provider or line of business"
    )
    showing.add_argument(
        "--records", action="store_true", help="print the record of each call as a line of JSON"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: done; for `metrics` 1: fewer than 90 % of the calls of some hook were answered in time."""
    store = Store(settings.database_url, settings.sqlite_sync)
    now = moment().now
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        if args.action == "prune":
            keep = Keep(settings.crd_record_days, settings.crd_context_days)
            gone = prune(store, settings.tenant, keep, now)
            print(f"{gone.calls} calls deleted, of {gone.contexts} what they read from the EHR.")
            return 0
        since = now - timedelta(days=args.days)
        wanted = Wanted(since, args.hook, args.provider, args.line)
        if args.records:
            for record in records(store, settings.tenant, settings.namespace, wanted):
                sys.stdout.write(orjson.dumps(record).decode() + "\n")
            return 0
        found = measures(store, settings.tenant, wanted, _BY.get(args.by, ""))
        cards = engagement(store, settings.tenant, since)
    finally:
        store.close()
    for (hook, version, group), each in found.items():
        print("\n".join(_lines(" ".join(filter(None, (hook, version, group))), each)))
    for hook, tally in cards.items():
        print(f"{hook}: cards {_counts(tally)}")
    if not found:
        print("No call was recorded in this time.")
    return int(any(each.share_in_time() < _TARGET for each in found.values()))


def _lines(title: str, found: Measures) -> list[str]:
    """One hook, in a few lines."""
    within = f"{found.within_5 / found.calls:.1%} within 5 s" if found.calls else ""
    in_time = f"{found.share_in_time():.1%} in time, {within}"
    speed = f"median {found.at_most(0.5)} ms, 90 % within {found.at_most(0.9)} ms"
    lines = [
        f"{title}: {found.calls} calls, {in_time} ({speed})",
        f"  refused {found.refused}, failed {found.failed}; token {_counts(found.token)}",
    ]
    if found.orders:
        lines.append(
            f"  orders {found.orders}, with coverage information {found.informed / found.orders:.1%}: "
            f"{_counts(found.covered)}"
        )
        lines.append(
            f"  authorization: {_counts(found.needed)}; needed and with a form {found.with_form}"
        )
        lines.append(
            f"  documents asked {found.documents}, with a form {found.documents_with_form}"
        )
    return lines


def _counts(tally: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(tally.items()))
