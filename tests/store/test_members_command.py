"""`forthwith members import`: what it prints, where, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from app.cli import run
from app.cli.members import shown, summary
from app.domain.roster import Rejection
from app.flows.members_import import Report
from app.resources import data

DEMO = data("examples") / "demo" / "fairwater.ndjson"


@pytest.fixture
def forthwith(database: str, capsys: pytest.CaptureFixture[str]):
    """Run a command line; gives its exit code, output and errors."""

    def command(*words: str) -> tuple[int, str, str]:
        code = run(["members", *words], {"DATABASE_URL": database})
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_the_demo_payer_is_imported_and_twice_is_once(forthwith) -> None:
    code, out, err = forthwith("import", str(DEMO))
    assert (code, "Stored." in out, "rejected" in err) == (0, True, False)
    assert "0 rejected" in out and "new" in out
    code, out, _ = forthwith("import", str(DEMO))
    assert code == 0 and "The store has all of it already." in out and "new" not in out


def test_a_rejected_row_is_named_on_standard_error_and_exits_with_1(forthwith, tmp_path) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_text(json.dumps({"resourceType": "Patient", "id": "1"}) + "\n")
    code, out, err = forthwith("import", str(path))
    assert code == 1 and "line 1: Patient: Patient.name.family is missing" in err
    assert "Nothing was stored" in out
    code, out, _ = forthwith("import", str(path), "--skip-rejected")
    assert code == 1 and "already" in out


def test_a_dry_run_says_so(forthwith) -> None:
    code, out, _ = forthwith("import", str(DEMO), "--dry-run")
    assert code == 0 and "Dry run: nothing was stored." in out
    assert "new" in forthwith("import", str(DEMO))[1]


def test_the_template_it_prints_can_be_imported(forthwith, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(forthwith("import", "--template")[1])
    assert forthwith("import", str(path))[0] == 0
    assert "member_id" in forthwith("import", "--columns")[1]


def test_a_file_that_is_not_there_or_not_named_is_a_usage_error(forthwith) -> None:
    assert forthwith("import", "nothing-here.csv")[0] == 2
    assert forthwith("import")[0] == 2


@pytest.mark.parametrize("terminal", [True, False])
def test_rejections_show_on_a_terminal_and_in_a_pipe(
    terminal: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = io.StringIO()
    with shown(Console(file=screen, force_terminal=terminal)) as (progress, reject):
        progress("read", 1, 2)
        progress("read", 2, 2)
        reject(Rejection(7, "Patient", "[bad]"))
    text = screen.getvalue() + capsys.readouterr().err
    assert text.count("line 7: Patient: [bad]") == 1 and "read" in text


def test_the_summary_counts_what_was_passed_over() -> None:
    assert "3 resources" in summary(Report("ndjson", rows=5, ignored=3))
