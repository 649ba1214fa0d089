"""The command `forthwith`: one module per command, imported only when it is chosen.

Each module named in `COMMANDS` has

    EXAMPLES: str                                              shown under its --help
    def configure(parser: argparse.ArgumentParser) -> None     declares arguments
    def run(args: argparse.Namespace, settings: Settings) -> int

and its docstring's first line is the command's description. `run` returns an exit code: 0 done,
1 "the answer is no" (an invalid file, a failed check). A BadSetup raised anywhere is printed as one
sentence and exits with 2, like a usage error.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import ModuleType

from app.errors import BadSetup, Refused
from app.sealed import sealed
from app.settings import Settings, process_environ, unknown


@sealed(frozen=True, slots=True)
class Command:
    """A word after `forthwith`, the module that carries it out, and its line in the help."""

    word: str
    module: str
    summary: str


COMMANDS: tuple[Command, ...] = (
    Command("serve", "app.cli.serve", "answer requests over HTTP"),
    Command("work", "app.cli.work", "watch over deadlines in the background"),
    Command("prune", "app.cli.prune", "delete what is older than the settings say"),
    Command("migrate", "app.cli.migrate", "bring the database to this program's shape"),
    Command("validate", "app.cli.validate", "check FHIR files against the profiles"),
    Command("decide", "app.cli.decide", "decide a request bundle and show why"),
    Command("enter", "app.cli.enter", "enter a request that came by fax or telephone"),
    Command("explain", "app.cli.explain", "show a stored case's decision and why"),
    Command("desk", "app.cli.desk", "review waiting cases"),
    Command("demo-reviewer", "app.cli.demo_reviewer", "play the reviewer in a demo or a trial"),
    Command("trace", "app.cli.trace", "tell the story of one order"),
    Command("crd", "app.cli.crd", "show how CRD calls were answered"),
    Command("sandbox", "app.cli.sandbox", "put a demo back to its start"),
    Command("members", "app.cli.members", "load members and coverages"),
    Command("ehr", "app.cli.ehr", "say which EHR servers may be asked"),
    Command("policy", "app.cli.policy", "check and test the rulebook"),
    Command("profiles", "app.cli.profiles", "make or verify our facts of the official packages"),
)

EXAMPLES = """\
examples:
  forthwith serve                                  answer on 127.0.0.1:8080
  forthwith validate bundle.json --version 2.2     list every issue of a file
  forthwith decide bundle.json                     the decision and its finding tree
  forthwith COMMAND --help                         examples of one command
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The console script: what the shell sees is the exit code."""
    return run(sys.argv[1:] if argv is None else argv, process_environ())


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Carry out one command line; argparse itself exits with 2 on a usage error."""
    if not argv:
        top_parser().print_help(sys.stderr)
        return 2
    chosen = top_parser().parse_args(argv[:1]).command
    command = next(command for command in COMMANDS if command.word == chosen)
    module = importlib.import_module(command.module)
    args = command_parser(command, module).parse_args(argv[1:])
    try:
        for sentence in unknown(environ):
            print(f"forthwith: {sentence}", file=sys.stderr)
        return int(module.run(args, Settings.from_environ(environ)))
    except (BadSetup, Refused) as fault:
        print(f"forthwith: {fault}", file=sys.stderr)
        return 2 if isinstance(fault, BadSetup) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: not worth a traceback
        return 0


def command_parser(command: Command, module: ModuleType) -> argparse.ArgumentParser:
    """The parser of one command's own words; the module describes and declares them."""
    parser = _parser(f"forthwith {command.word}", (module.__doc__ or "").split("\n")[0])
    parser.epilog = module.EXAMPLES
    module.configure(parser)
    return parser


def top_parser() -> argparse.ArgumentParser:
    """The parser of the first word, with one line of help for each command."""
    width = max(len(command.word) for command in COMMANDS)
    lines = "\n".join(f"  {command.word:<{width}}  {command.summary}" for command in COMMANDS)
    parser = _parser("forthwith", "A FHIR prior-authorization server for health payers.")
    parser.usage = "forthwith [-h] [--version] COMMAND ..."
    parser.epilog = f"commands:\n{lines}\n\n{EXAMPLES}"
    parser.add_argument("--version", action="version", version=f"forthwith {version('forthwith')}")
    parser.add_argument(
        "command",
        choices=[command.word for command in COMMANDS],
        metavar="COMMAND",
        help="one of the commands below",
    )
    return parser


def _parser(prog: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=prog,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
