"""The command line: help that shows examples, quick to start, one sentence for what is wrong."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from app import cli
from app.cli import COMMANDS, Command, command_parser

HEAVY = ("flask", "sqlalchemy", "granian", "fhir.resources", "rich", "requests", "pydantic")


def words(command: Command) -> str:
    return command.word


def loaded(*argv: str) -> set[str]:
    """Which of the heavy packages a command line has imported when it ends."""
    source = (
        "import sys\nfrom app.cli import main\n"
        f"try:\n    main({list(argv)!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    return set(eval(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("command", COMMANDS, ids=words)
def test_every_command_has_help_with_examples(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.run([command.word, "--help"], {})
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: forthwith {command.word}")
    assert f"forthwith {command.word}" in said.split("examples:")[1]


@pytest.mark.parametrize("command", COMMANDS, ids=words)
def test_every_argument_says_what_it_is(command: Command) -> None:
    parser = command_parser(command, importlib.import_module(command.module))
    silent = [action.dest for action in parser._actions if not action.help and action.dest]
    assert [dest for dest in silent if dest not in ("action", "command")] == []
    assert parser.description


def test_the_top_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.run(["--help"], {})
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert all(command.word in said and command.summary in said for command in COMMANDS)


def test_no_command_shows_the_help_and_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([], {}) == 2
    assert "commands:" in capsys.readouterr().err


def test_an_unknown_command_exits_with_2() -> None:
    with pytest.raises(SystemExit) as left:
        cli.run(["valdate"], {})
    assert left.value.code == 2


def test_a_bad_setting_is_one_sentence_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["migrate"], {"DATABASE_URL": "mysql://u:hunter2@h/d"}) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("forthwith: DATABASE_URL must")
    assert "hunter2" not in said


def test_a_mistyped_setting_is_warned_about(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"FORTHWITH_WORKER": "1", "DATABASE_URL": "nonsense"}
    assert cli.run(["migrate"], environ) == 2
    assert "Did you mean FORTHWITH_WORKERS?" in capsys.readouterr().err


def test_the_help_loads_nothing_heavy() -> None:
    assert loaded("--help") == set()


def test_validating_needs_neither_web_server_nor_database() -> None:
    assert loaded("validate", "/no/such/file.json") == set()


def test_serving_an_open_address_without_authentication_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["serve"], {"HOST": "0.0.0.0"}) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "loopback" in said
