"""Enter a request that the provider sent without a Claim: by fax, telephone, mail or a portal.

Somebody at the payer's writes it down as a request bundle, with the provider's and the member's
numbers as they stand on the paper. It is judged and kept like any other, and the provider finds it by
`Claim/$inquire`; the answer says that no Claim asked (PAS 2.2.1, spec-44).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from app.cli.decide import read_file
from app.clock import moment
from app.domain.guide import Guide
from app.domain.principal import Principal, Role
from app.errors import BadSetup, Refused
from app.factory import build_context
from app.flows.submit import submit
from app.settings import Settings
from app.store import is_current

EXAMPLES = """\
examples:
  forthwith enter fax-0412.json --by fax
  forthwith enter - --by phone --version 2.0 < call.json
"""
WAYS = ("fax", "mail", "phone", "portal")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a PAS request bundle; - is standard input")
    parser.add_argument("--by", required=True, choices=WAYS, help="how the request came")
    parser.add_argument(
        "--version",
        choices=[guide.value for guide in Guide],
        default=Guide.V22.value,
        help="PAS guide version",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: entered, and its number is printed; 1: refused, with every reason."""
    raw = read_file(args.file)
    context = build_context(settings)
    try:
        if not is_current(context.store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        caller = Principal("command-line", settings.tenant, frozenset({Role.SUBMITTER}))
        answer = submit(context, caller, raw, Guide(args.version), moment(), came_by=args.by)
    except Refused as refused:
        for issue in refused.issues:
            print(f"{issue.severity}: {issue.at or 'Bundle'}: {issue.message}", file=sys.stderr)
        return 1
    finally:
        context.store.close()
    response = orjson.loads(answer)["entry"][0]["resource"]
    print(f"ClaimResponse/{response['id']}: {response['outcome']} {response.get('preAuthRef', '')}")
    return 0
