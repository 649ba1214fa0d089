"""Load members and coverages from a file: all of it, or nothing.

Formats: NDJSON or a Bundle of Patient, Coverage, Organization and ExplanationOfBenefit (what was
paid, which policies look back on), or CSV; gzip is understood. Every row that cannot be used is named with its line and reason on standard error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from app import resources
from app.domain.roster import Rejection
from app.flows.member_csv import COLUMNS, template
from app.flows.member_file import FORMATS
from app.flows.members_import import Import, Report, import_members
from app.rulebook import folder_in_force, load
from app.settings import Settings
from app.store import Store, migrate
from app.store.members import Change

EXAMPLES = """\
examples:
  forthwith members import roster.ndjson             load a file
  forthwith members import roster.csv.gz --dry-run   check it against the store, change nothing
  forthwith members import --template > roster.csv   a CSV file to start from
  forthwith members import --columns                 what each column of the CSV holds

A file with a row that cannot be used changes nothing (exit 1); --skip-rejected loads the rest.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="import")
    load_file = actions.add_parser("import", help="load a member file", allow_abbrev=False)
    load_file.add_argument("file", nargs="?", type=Path, help="the member file")
    load_file.add_argument("--format", choices=FORMATS, default="", help="when it is not seen")
    load_file.add_argument("--dry-run", action="store_true", help="do everything but store it")
    load_file.add_argument(
        "--skip-rejected", action="store_true", help="store the good rows of a file with bad ones"
    )
    load_file.add_argument("--template", action="store_true", help="print a CSV file to start from")
    load_file.add_argument("--columns", action="store_true", help="print what the columns hold")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: loaded or nothing to do; 1: rows were rejected."""
    if args.template:
        sys.stdout.write(template())
        return 0
    if args.columns:
        for column in COLUMNS:
            print(f"{column.name:<14} {'needed' if column.needed else '':<7} {column.says}")
        return 0
    if args.file is None:
        print("forthwith members import: name a file, or use --template.", file=sys.stderr)
        return 2
    plans = load(folder_in_force(settings.policies_dir or resources.data("policies"))).plans
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        migrate(store)
        with shown(Console(stderr=True)) as (progress, reject):
            how = Import(
                store,
                settings.tenant,
                plans.get,
                dry_run=args.dry_run,
                skip_rejected=args.skip_rejected,
                progress=progress,
                reject=reject,
            )
            report = import_members(how, args.file, args.format)
    finally:
        store.close()
    print(summary(report, dry_run=args.dry_run))
    return 1 if report.rejected else 0


def summary(report: Report, *, dry_run: bool = False) -> str:
    """The counts, one line for each kind, and what they mean."""
    lines = [f"{report.rows:,} rows read as {report.format}; {report.rejected:,} rejected."]
    if report.ignored:
        lines.append(f"{report.ignored:,} resources that are no member data were passed over.")
    for name, tally in report.changes.items():
        counts = ", ".join(f"{tally[change]:,} {change}" for change in Change if tally[change])
        if counts:
            lines.append(f"  {name:<11} {counts}")
    if report.written:
        lines.append("Stored." if report.changed else "The store has all of it already.")
    elif dry_run and report.changes:
        lines.append("Dry run: nothing was stored.")
    else:
        lines.append("Nothing was stored: mend the rejected rows, or use --skip-rejected.")
    return "\n".join(lines)


@contextmanager
def shown(
    console: Console,
) -> Iterator[tuple[Callable[[str, int, int], None], Callable[[Rejection], None]]]:
    """A progress bar on a terminal, a plain line for each step elsewhere; rejections above it."""
    bar = Progress(
        TextColumn("{task.description:<6}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def progress(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = bar.add_task(step, total=total)
            if not console.is_terminal:
                print(f"{step} ...", file=sys.stderr)
        bar.update(tasks[step], completed=done, total=total)

    def reject(rejection: Rejection) -> None:
        line = f"line {rejection.line}: {rejection.kind}: {rejection.reason}"
        if console.is_terminal:
            bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr)

    with bar:
        yield progress, reject
