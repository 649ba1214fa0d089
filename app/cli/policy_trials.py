"""The actions that try a rulebook on many requests: simulate and stats."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import track

from app.clock import moment
from app.errors import BadSetup
from app.fhir.validate import Limits
from app.flows.replay import Past, past_cases
from app.rulebook import Rulebook, load
from app.rulebook.cases import cases
from app.rulebook.chart import svg, write_csv
from app.rulebook.simulate import Situation, Tally, Verdict, simulate, tally
from app.rulebook.stats import Share, stats
from app.rulebook.synthetic import synthetic
from app.settings import Settings
from app.store import Store, is_current

ACTIONS = ("simulate", "stats")


def configure(actions: Any) -> None:
    """Declare the actions; `actions` is what argparse's add_subparsers gives."""
    trial = actions.add_parser("simulate", help="which answers a changed rulebook would change")
    trial.add_argument("changed", type=Path, help="the changed rulebook")
    trial.add_argument(
        "--on",
        choices=("cases", "synthetic", "stored"),
        default="cases",
        help="the cases of both rulebooks, made-up requests, or the stored cases of DATABASE_URL",
    )
    trial.add_argument("--count", type=int, default=2000, help="how many made-up requests")
    trial.add_argument("--seed", type=int, default=1, help="the same seed gives the same requests")
    trial.add_argument("--csv", type=Path, help="write one row a line here")
    trial.add_argument("--svg", type=Path, help="write a chart here")
    trial.add_argument("--show", type=int, default=20, help="how many changes to print")
    share = actions.add_parser("stats", help="how often each policy says yes, from stored cases")
    share.add_argument("--folder", type=Path, default=argparse.SUPPRESS)
    trial.add_argument("--folder", type=Path, default=argparse.SUPPRESS)


def run(args: argparse.Namespace, settings: Settings, folder: Path, rulebook: Rulebook) -> int:
    """0 done."""
    if args.action == "stats":
        return _stats(settings, rulebook)
    after = load(args.changed)
    situations, total = _situations(args, settings, folder, rulebook, after)
    shown = track(
        simulate(rulebook, after, situations),
        "Judging twice",
        total=total,
        console=Console(stderr=True),
    )
    verdicts = list(shown)
    _print(verdicts, tally(verdicts), args.show)
    if args.csv:
        with args.csv.open("w", encoding="utf-8", newline="") as out:
            write_csv(verdicts, out)
    if args.svg:
        args.svg.write_text(svg(tally(verdicts)), encoding="utf-8")
    return 0


def _situations(
    args: argparse.Namespace,
    settings: Settings,
    folder: Path,
    before: Rulebook,
    after: Rulebook,
) -> tuple[Iterator[Situation], int | None]:
    if args.on == "cases":
        found = [*_of_cases(folder, before), *_of_cases(args.changed, after)]
        unique = {situation.name: situation for situation in found}
        return iter(unique.values()), len(unique)
    if args.on == "stored":
        return _stored(settings, (before, after)), None
    today, random = moment().now.date(), Random(args.seed)  # noqa: S311 - not for secrets
    endless = synthetic(after, list(after.policies.values()), today, random)
    return islice(endless, args.count), args.count


def _of_cases(folder: Path, rulebook: Rulebook) -> Iterator[Situation]:
    for policy in rulebook.policies.values():
        home = folder.parent / Path(policy.file).parent
        for case in cases(home, policy, rulebook.terms, rulebook.plans):
            name = f"{policy.id}: {case.name}"
            yield Situation(name, case.request, case.coverage, case.received)


def _stored(settings: Settings, rulebooks: tuple[Rulebook, ...]) -> Iterator[Situation]:
    for past in _past(settings, rulebooks):
        if past.situation is not None:
            yield past.situation


def _past(settings: Settings, rulebooks: tuple[Rulebook, ...] = ()) -> Iterator[Past]:
    limits = Limits(settings.max_depth, settings.max_entries, settings.max_body_bytes)
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        yield from past_cases(store, settings.tenant, limits, rulebooks)
    finally:
        store.close()


def _print(verdicts: list[Verdict], tallies: list[Tally], most: int) -> None:
    changed = [verdict for verdict in verdicts if verdict.why]
    for verdict in changed[:most]:
        print(f"{verdict.situation}, line {verdict.sequence} ({verdict.policy})")
        for why in verdict.why:
            print(f"    {why}")
    if len(changed) > most:
        print(f"… and {len(changed) - most} more")
    for each in tallies:
        share = 100 * each.changed / each.lines
        print(f"{each.policy}: {each.changed} of {each.lines} lines change ({share:.1f} %)")
        print(f"    before {_counts(each.before)}")
        print(f"    after  {_counts(each.after)}")
    print(f"{len(changed)} of {len(verdicts)} lines change")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _stats(settings: Settings, rulebook: Rulebook) -> int:
    shares = stats(past.decision for past in _past(settings))
    for share in shares:
        print(_line(share))
    unused = sorted(set(rulebook.policies) - {share.policy for share in shares})
    if unused:
        print(f"not asked for: {', '.join(unused)}")
    return 0


def _line(share: Share) -> str:
    drop = "; almost always granted: may be dropped" if share.may_be_dropped else ""
    return (
        f"{share.policy}: {share.lines} lines, {100 * share.granted_share:.1f} % granted of those "
        f"decided (granted {share.granted}, reduced {share.reduced}, not covered "
        f"{share.not_covered}, denied {share.denied}), with a person {share.with_a_person}, "
        f"waiting for information {share.asked}{drop}"
    )
