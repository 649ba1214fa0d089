"""Bring the database to the shape that this program needs; safe to run again at any time."""

from __future__ import annotations

import argparse

from app.settings import Settings
from app.store import Store, is_current, migrate

EXAMPLES = """\
examples:
  forthwith migrate                                         the embedded database
  DATABASE_URL=postgresql://user@host/db forthwith migrate  a PostgreSQL database
  forthwith migrate --check                                 exit 1 when it has to be migrated
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--check", action="store_true", help="change nothing, only tell whether it is current"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Migrate, or tell whether that is needed."""
    store = Store(settings.database_url, settings.sqlite_sync)
    if args.check:
        current = is_current(store)
        print("The database is current." if current else "The database has to be migrated.")
        return 0 if current else 1
    migrate(store)
    print("The database is current.")
    return 0
