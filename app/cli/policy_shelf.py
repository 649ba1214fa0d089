"""The actions that bring a rulebook into force and take it back."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import Any

from app.clock import moment
from app.errors import BadData
from app.rulebook import Shelf
from app.settings import Settings

ACTIONS = ("activate", "rollback", "history")


def configure(actions: Any) -> None:
    """Declare the actions; `actions` is what argparse's add_subparsers gives."""
    activate = actions.add_parser("activate", help="check a rulebook and bring it into force")
    activate.add_argument("rulebook", type=Path, help="a folder of policies")
    back = actions.add_parser("rollback", help="bring back the rulebook before this one")
    history = actions.add_parser("history", help="which rulebook was in force since when")
    for each in (activate, back, history):
        each.add_argument(
            "--shelf", type=Path, help="where rulebooks are kept (default: FORTHWITH_POLICIES)"
        )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 done. BadData when the rulebook fails its cases or lint: the running one stays."""
    shelf, now, person = _shelf(args, settings), moment().now, getpass.getuser()
    if args.action == "activate":
        shelf.home.mkdir(parents=True, exist_ok=True)
        sha256 = shelf.put(args.rulebook, now.date())
        shelf.activate(sha256, now, person)
        print(f"rulebook {sha256[:16]} is in force")
    elif args.action == "rollback":
        print(f"rulebook {shelf.roll_back(now, person)} is in force again")
    else:
        for change in shelf.history():
            print(f"{change.at.isoformat(timespec='seconds')}  {change.rulebook}  {change.by}")
    return 0


def _shelf(args: argparse.Namespace, settings: Settings) -> Shelf:
    home = args.shelf or settings.policies_dir
    if home is None:
        raise BadData(
            "Name a folder that keeps rulebooks with --shelf, or in FORTHWITH_POLICIES: the shipped "
            "policies cannot be replaced."
        )
    if (home / "_terms.yaml").is_file():
        raise BadData(f"{home} is a single rulebook; name a folder that keeps rulebooks.")
    return Shelf(home)
