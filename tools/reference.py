"""Write the pages of docs/ that are made from the code: settings, errors, commands and the like.

`python -m tools.reference` writes them; a house test compares each of `PAGES`.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path

from app import errors
from app.cli import COMMANDS, Command, command_parser
from app.domain.case import CLOCK, TRANSITIONS, CaseState, ClockState
from app.fhir.outcome import CODES as CODE_SYSTEM
from app.fhir.validate.codes import CODES
from app.settings import ELSEWHERE, Settings
from tools import requirements
from tools.invariants import invariants_page

FOLDER = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- Made by `make docs` from the code. Do not edit. -->\n\n"


def settings_page() -> str:
    """One row for each variable that `Settings` declares."""
    rows = []
    for declared in fields(Settings):
        about = declared.metadata
        default = about["shown"] or _plain(declared.default)
        rows.append(f"| `{about['name']}` | {about['kind']} | {default} | {about['says']} |")
    return (
        MADE
        + "# Settings\n\n"
        + "Every setting is an environment variable, read once when a command starts. An empty\n"
        + "variable counts as not set. A value that cannot be used is one sentence on standard\n"
        + "error and exit code 2; a `FORTHWITH_` variable that is not in this table is named in a\n"
        + "warning, with the nearest name that exists.\n\n"
        + "| variable | value | default | what it is |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\nTests and tools read these; the program does not.\n\n"
        + "| variable | read by |\n|---|---|\n"
        + "\n".join(f"| `{name}` | {says} |" for name, says in ELSEWHERE.items())
        + "\n"
    )


def _plain(default: object) -> str:
    if default is MISSING or default is None or default == "":
        return ""
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"`{default}`"


def errors_page() -> str:
    """The exception tree, and the code and status of each thing that can be refused."""
    tree = (errors.__doc__ or "").split("\n\n")[1]
    rows = [
        f"| `{kind.code}` | {kind.status} | `{kind.kind}` | {_sentence(kind)} |"
        for kind in refusals()
    ]
    failures = [
        f"| {kind.status} | {_sentence(kind)} |"
        for kind in _tree(errors.CouldNotAnswer)
        if kind is not errors.CouldNotAnswer
    ]
    return (
        MADE
        + "# Errors\n\n"
        + "A FHIR address answers a refused request with one OperationOutcome that holds every\n"
        + "issue: `issue.code` is FHIR's issue type, `issue.details.coding` our own stable code.\n"
        + 'A business "no" (not covered, not a member) is not an error: it is a ClaimResponse\n'
        + "with status 200.\n\n"
        + "| code | status | issue type | meaning |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\nWhen we fail, the answer has no OperationOutcome, but a correlation id to tell us.\n"
        + "Sending the same request again is safe: it is never processed twice.\n\n"
        + "| status | meaning |\n|---|---|\n"
        + "\n".join(failures)
        + "\n\nThe exceptions behind them, in `app/errors.py`:\n\n"
        + f"```\n{inspect.cleandoc(tree)}\n```\n"
    )


def refusals() -> list[type[errors.Refused]]:
    """Every class of refusal that a caller can meet, in the order of the tree."""
    return [
        kind
        for kind in _tree(errors.Refused)
        if issubclass(kind, errors.Refused) and kind is not errors.Refused
    ]


def _tree(root: type[errors.ForthwithError]) -> Iterator[type[errors.ForthwithError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


def _sentence(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").split("\n")[0]


def commands_page() -> str:
    """Each command with its arguments and examples."""
    parts = [
        MADE + "# Commands\n",
        "Exit codes: 0 done, 1 the answer is no (an invalid file, a failed check), 2 a wrong "
        "command line or setting.\n",
    ]
    for command in COMMANDS:
        parts.append("\n".join(_command(command)))
    return "\n".join(parts)


def _command(command: Command) -> Iterator[str]:
    module = importlib.import_module(command.module)
    parser = command_parser(command, module)
    yield f"## forthwith {command.word}\n\n{parser.description}\n"
    yield from _arguments(parser)
    yield f"```\n{module.EXAMPLES.strip()}\n```\n"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = []
    nested: list[tuple[str, str, argparse.ArgumentParser]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            says = {each.dest: each.help or "" for each in action._choices_actions}
            nested += [(word, says.get(word, ""), child) for word, child in action.choices.items()]
        elif action.help and not isinstance(action, argparse._HelpAction):
            rows.append(f"| `{_shape(action)}` | {action.help.replace('|', '/')} |")
    if rows:
        yield "| argument | what it is |\n|---|---|\n" + "\n".join(rows) + "\n"
    for word, about, child in nested:
        yield f"### {parser.prog} {word}\n\n{about[:1].upper()}{about[1:]}.\n"
        yield from _arguments(child)


def _shape(action: argparse.Action) -> str:
    """How an argument is written: `--version 2.2|2.0`, `FILE ...`, `extract|verify`."""
    value = "/".join(map(str, action.choices or ())) or str(action.metavar or action.dest)
    if not action.option_strings:
        return f"{value} ..." if action.nargs in ("+", "*") else value
    name = ", ".join(action.option_strings)
    return name if action.nargs == 0 else f"{name} {value if action.choices else value.upper()}"


def issues_page() -> str:
    """Our stable issue codes, from the table of the validator."""
    rows = [f"| `{code}` | `{kind}` | {todo} |" for code, (kind, todo) in CODES.items()]
    return (
        MADE
        + "# Issues of a document\n\n"
        + "What `$validate`, `forthwith validate` and a refused submission can find. Each issue\n"
        + "carries one of these codes (`details.coding`, system `"
        + CODE_SYSTEM
        + "`), a FHIR issue\n"
        + "type, a FHIRPath expression, the profile and, where there is one, the invariant. A code\n"
        + "never changes its meaning. What refuses a request as a whole is in [errors](errors.md).\n\n"
        + "| code | issue type | what to do |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def states_page() -> str:
    """The states of a case and which may follow which, drawn from `app.domain.case`."""
    arrows = [
        f"    {_node(state)} --> {_node(after)}"
        for state, followers in TRANSITIONS.items()
        for after in CaseState
        if after in followers
    ]
    rows = [
        f"| `{state}` | {', '.join(f'`{each}`' for each in CaseState if each in followers) or '-'} |"
        for state, followers in TRANSITIONS.items()
    ]
    nodes = [f"    {_node(state)}: {state}" for state in CaseState]
    return (
        MADE
        + "# States of a case\n\n"
        + "```mermaid\nstateDiagram-v2\n"
        + "\n".join([*nodes, f"    [*] --> {_node(CaseState.RECEIVED)}", *arrows])
        + "\n```\n\n| state | may become |\n|---|---|\n"
        + "\n".join(rows)
        + "\n\nWho may make a change is decided by roles, in `app/auth/roles.py`.\n"
        + "\n## Its clock\n\n"
        + "A case that waits has a clock; each change of it is an event in the log.\n\n"
        + "```mermaid\nstateDiagram-v2\n"
        + "\n".join([f"    [*] --> {ClockState.STOPPED}", *_clock_arrows()])
        + "\n```\n\nNobody adds time to a deadline that was missed. How far and how often time may be added "
        + "is in\n`policies/_deadlines.yaml`.\n"
    )


def _clock_arrows() -> Iterator[str]:
    for state, events in CLOCK.items():
        for event, after in events.items():
            yield f"    {state} --> {after}: {event}"


def _node(state: CaseState) -> str:
    return state.replace("-", "_")


def decisions_page() -> str:
    """The index of docs/adr, from the title of each record."""
    lines = []
    for path in sorted((FOLDER / "adr").glob("[0-9]*.md")):
        number, _, title = (
            path.read_text("utf-8").split("\n", 1)[0].removeprefix("# ").partition(" ")
        )
        lines.append(f"- {number.rstrip('.')}: [{title}]({path.name})")
    return (
        MADE
        + "# Decisions\n\n"
        + "Half a page each: what was decided, why, and what follows. A decision that was replaced\n"
        + "stays here and says so.\n\n"
        + "\n".join(lines)
        + "\n"
    )


PAGES: dict[str, Callable[[], str]] = {
    "adr/README.md": decisions_page,
    "reference/settings.md": settings_page,
    "reference/errors.md": errors_page,
    "reference/issues.md": issues_page,
    "reference/invariants.md": lambda: MADE + invariants_page(),
    "reference/requirements.md": lambda: MADE + requirements.page(),
    "reference/states.md": states_page,
    "reference/cli.md": commands_page,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")
