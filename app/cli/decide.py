"""Decide a request bundle and show why, without storing anything."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from app import resources
from app.clock import moment
from app.determine.explain import explain
from app.domain.coverage import Coverage, Eligibility
from app.domain.guide import Guide
from app.errors import BadSetup, Refused
from app.flows.decide_file import Judged, decide_file, members
from app.rulebook import folder_in_force, load
from app.settings import Settings

EXAMPLES = """\
examples:
  forthwith decide bundle.json                            with the members of DATABASE_URL
  forthwith decide bundle.json --members roster.ndjson    with the members of a file
  forthwith decide bundle.json --version 2.0 --language es
  forthwith decide bundle.json --json | jq '.decision.items[].outcome'

The bundle is validated first; every issue of an invalid one is listed (exit 1).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a PAS request bundle; - is standard input")
    parser.add_argument("--version", choices=[guide.value for guide in Guide], default="2.2",
                        help="PAS guide version")  # fmt: skip
    parser.add_argument(
        "--members", type=Path, metavar="FILE", help="a member file, not a database"
    )
    parser.add_argument("--language", choices=("en", "es"), default="en", help="of the explanation")
    parser.add_argument("--json", action="store_true", help="the decision as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: decided; 1: the bundle was refused. BadSetup (2) for a file that cannot be read."""
    raw = read_file(args.file)
    rulebook = load(folder_in_force(settings.policies_dir or resources.data("policies")))
    try:
        with members(settings, rulebook, args.members) as (source, history):
            guide, now = Guide(args.version), moment()
            judged = decide_file(raw, guide, source, rulebook, settings, now, history)
    except Refused as refused:
        for issue in refused.issues:
            print(f"{issue.severity}: {issue.at or 'Bundle'}: {issue.message}", file=sys.stderr)
        return 1
    print(as_json(judged) if args.json else as_text(judged, args.language))
    return 0


def read_file(path: Path) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises BadSetup with one sentence."""
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as fault:
        raise BadSetup(f"{path} cannot be read: {fault.strerror}.") from None


def as_text(judged: Judged, language: str) -> str:
    """Coverage in one line, then the decision with its finding tree."""
    return "\n".join((_coverage(judged.eligibility), *explain(judged.decision, language)))


def _coverage(eligibility: Eligibility | None) -> str:
    if eligibility is None:
        return "Coverage: the eligibility system did not answer"
    if isinstance(eligibility, Coverage):
        plan = eligibility.plan
        return f"Coverage: {plan.name} ({plan.id}, {plan.line})"
    return f"Coverage: none ({eligibility.problem})"


def as_json(judged: Judged) -> str:
    """The decision whole; of the coverage only what names no person."""
    coverage = judged.eligibility
    plan = coverage.plan.id if isinstance(coverage, Coverage) else None
    document = {"plan": plan, "decision": judged.decision}
    return orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2).decode()
