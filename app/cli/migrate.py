"""Bring the database to this program's shape; safe when several processes start at once."""

from __future__ import annotations

import argparse

from app.settings import Settings
from app.store import Store, is_current, migrate

EXAMPLES = """\
examples:
  forthwith migrate            run the missing steps on DATABASE_URL
  forthwith migrate --check    only tell: exits with 1 when steps are missing
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 when steps are missing"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Say in one line what was found or done."""
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        return _check(store) if args.check else _migrate(store)
    finally:
        store.close()


def _check(store: Store) -> int:
    current = is_current(store)
    print("The database is current." if current else "The database needs `forthwith migrate`.")
    return 0 if current else 1


def _migrate(store: Store) -> int:
    before, now = migrate(store)
    if before == now:
        print(f"The database is current (step {now}).")
    else:
        print(f"The database went from {f'step {before}' if before else 'empty'} to step {now}.")
    return 0
