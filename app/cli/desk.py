"""Review waiting cases: list, held, show, save, take, release, ask, approve, extend, modify, deny, overturn.

Whoever can run this command on the payer's machine says which role they act in and who they are; the
rules are those of `/desk/api`. A body for ask, extend, modify and deny is the JSON of docs/reference/api.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from app.clock import moment
from app.domain.principal import Principal, Role
from app.errors import BadSetup, Unprocessable
from app.factory import build_context
from app.flows.context import Context
from app.flows.papers import papers
from app.flows.review import review, sheet, waiting
from app.flows.unclaimed import unmatched
from app.settings import Settings
from app.store import is_current
from app.web.desk.acts import ACTS, act_of

EXAMPLES = """\
examples:
  forthwith desk list --role reviewer                                     who waits, due first
  forthwith desk held --role reviewer                                     documents without a request
  forthwith desk show FC-7K2M9QXH4RTC --role reviewer                     findings, and what failed
  forthwith desk save FC-7K2M9QXH4RTC --role reviewer --into papers       its documents, as files
  forthwith desk take FC-7K2M9QXH4RTC --role reviewer --by lee            work on it
  forthwith desk approve FC-7K2M9QXH4RTC --role reviewer --by lee         as asked for
  forthwith desk ask FC-7K2M9QXH4RTC --role reviewer --by lee --body ask.json
  forthwith desk deny FC-7K2M9QXH4RTC --role medical-director --by chen \\
      --npi 1234567893 --specialty 207RP1001X --body why.json
"""
_LOOKING = ("list", "held", "show", "save")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action", choices=(*_LOOKING, *ACTS), help="what to do")
    parser.add_argument("case", nargs="?", default="", help="case, authorization or review number")
    parser.add_argument(
        "--role",
        required=True,
        choices=(Role.REVIEWER.value, Role.MEDICAL_DIRECTOR.value),
        help="the role to act in",
    )
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where `save` writes to")
    parser.add_argument("--by", default="", metavar="ID", help="who acts")
    parser.add_argument("--npi", default="", help="the NPI that signs")
    parser.add_argument("--specialty", default="", help="NUCC taxonomy code, or in words")
    parser.add_argument(
        "--body", type=Path, metavar="FILE", help="the rest as JSON; without it only --by counts"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: done; 1: refused, and the sentence says why."""
    context = build_context(settings)
    try:
        if not is_current(context.store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        caller = Principal("command-line", settings.tenant, frozenset({Role(args.role)}))
        if args.action == "list":
            _list(context, caller)
        elif args.action == "held":
            _held(context, caller)
        elif args.action == "show":
            found = sheet(context, caller, args.case)
            print("\n".join(found.lines))
            for item, rules in found.failed.items():
                print(f"Not met and cited, item {item}: {', '.join(rules) or 'nothing'}")
            for each in papers(context, caller, args.case):
                print(f"Document {each.id}: {each.media}, {len(each.content)} bytes")
        elif args.action == "save":
            _save(context, caller, args)
        else:
            act, by = act_of(args.action, _document(args))
            case = review(context, caller, args.case, act, by, moment())
            print(f"{case.number}: {case.state}")
    finally:
        context.store.close()
    return 0


def _list(context: Context, caller: Principal) -> None:
    found = waiting(context, caller)
    for each in found:
        due = f"{each.case.due:%Y-%m-%d %H:%M} UTC" if each.case.due else "-"
        late = "  overdue" if each.escalated else ""
        print(
            f"{each.case.number}  {due}  {each.case.state}  {each.case.review}  {each.holder or '-'}{late}"
        )
    if not found:
        print("No case waits.", file=sys.stderr)


def _held(context: Context, caller: Principal) -> None:
    """What came before its request: how to find the sender, and until when it waits."""
    found = unmatched(context, caller, moment().now)
    for each in found:
        state = "unclaimed since" if each.is_unclaimed else "held until"
        day = f"{each.expires_at:%Y-%m-%d}"
        print(f"{each.tracking}  {state} {day}  from {each.submitter}  {' '.join(each.providers)}")
    if not found:
        print("Nothing waits for its request.", file=sys.stderr)


def _save(context: Context, caller: Principal, args: argparse.Namespace) -> None:
    """Each document as a file of its own, under a name of ours that only its owner can read."""
    if args.into is None:
        raise BadSetup("Say where to: --into FOLDER.")
    found = papers(context, caller, args.case)
    try:
        args.into.mkdir(parents=True, exist_ok=True)
        for each in found:
            path = args.into / f"document-{each.id}.{each.ending}"
            path.touch(0o600)
            path.write_bytes(each.content)
    except OSError as fault:
        raise BadSetup(f"{args.into} cannot be written to: {fault.strerror}.") from None
    print(f"{len(found)} documents saved.")


def _document(args: argparse.Namespace) -> dict[str, object]:
    signed = {"id": args.by, "npi": args.npi, "specialty": args.specialty}
    if args.body is None:
        return {"by": signed}
    try:
        told = orjson.loads(args.body.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise BadSetup(f"{args.body} cannot be read as JSON.") from None
    if not isinstance(told, dict):
        raise Unprocessable("The body is a JSON object.")
    return {"by": signed, **told}
