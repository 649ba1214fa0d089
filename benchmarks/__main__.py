"""`make bench`: run every chapter and write docs/benchmarks.md.

A chapter is a module `benchmarks/bench_*.py` with `TITLE` and `run(quick: bool) -> str` (Markdown).
`python -m benchmarks --only submit` runs one of them and prints it without touching the page.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks import machine

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"


def chapters() -> Iterator[str]:
    """The names of all chapters: `bench_submit.py` is `submit`."""
    for path in sorted(HERE.glob("bench_*.py")):
        yield path.stem.removeprefix("bench_")


def chapter(name: str, quick: bool) -> str:
    """One measured chapter as Markdown."""
    module = importlib.import_module(f"benchmarks.bench_{name}")
    return f"## {module.TITLE}\n\n{module.run(quick).strip()}\n"


def main() -> int:
    """Run what was asked for; the whole page is written only when all of it was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", choices=list(chapters()), help="one chapter, printed")
    parser.add_argument("--quick", action="store_true", help="short runs, to see that it works")
    args = parser.parse_args()
    if args.only:
        print(chapter(args.only, args.quick))
        return 0
    made = []
    for name in chapters():
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        made.append(chapter(name, args.quick))
    page = "\n".join([introduction(), *made])
    if args.quick:
        print(page)
    else:
        PAGE.write_text(page, "utf-8")
    return 0


def introduction() -> str:
    """What the page is, where and when it was measured, and how busy the machine was before."""
    busy = os.getloadavg()[0]
    return (
        "<!-- Written by `make bench`. Do not edit. -->\n\n# Benchmarks\n\n"
        f"Measured on {date.today().isoformat()} with `make bench` on this machine: "
        f"{machine.describe()}\nEverything runs on the same cores, load generator and database "
        f"included. The load average before was {busy:.1f}: numbers of a busy machine are those of what "
        "was left of it. Compare ratios.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
