"""`forthwith policy …`: each action says what it did, with the right exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.cli import run


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run one command line; its exit code and what it printed."""

    def ran(*argv: object, **environ: object) -> tuple[int, str, str]:
        code = run(["policy", *map(str, argv)], {key: str(value) for key, value in environ.items()})
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def test_lint_counts_errors_and_unverified_rules(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = said("lint", "--folder", folder)
    assert code == 0 and "1 policies, 0 errors, 0 unverified rules" in out
    path = folder / "made-up" / "policy.yaml"
    path.write_text(path.read_text().replace(", cite: rule 3", ""))
    code, out, _ = said("lint", "made-up", "--folder", folder)
    assert code == 1 and "error: made-up: 1 heavy: needs `cite:`" in out


def test_test_runs_cases_and_names_what_fails(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = said("test", "--folder", folder)
    assert (code, out) == (0, "1 cases, 0 wrong, 4 branches without a case\n")
    code, out, _ = said("test", "--uncovered", "--folder", folder)
    assert code == 1 and "made-up 1: no case where heavy is unknown" in out
    path = folder / "made-up" / "cases.yaml"
    path.write_text(path.read_text().replace("approved", "pended"))
    code, out, _ = said("test", "--folder", folder)
    assert (
        code == 1
        and "made-up/cases.yaml:4: ill and heavy\n    outcome: approved, not pended" in out
    )
    path.unlink()
    assert "made-up: has no cases" in said("test", "--folder", folder)[1]


def test_show_prints_a_page_in_a_language(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    assert said("show", "made-up", "--folder", folder)[1].startswith("Made up\n")
    assert said("show", "made-up", "--language", "es", "--folder", folder)[1].startswith(
        "Inventada\n"
    )


def test_an_unknown_policy_or_a_broken_file_is_one_sentence_and_exit_2(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    code, _, err = said("show", "nothing", "--folder", folder)
    assert code == 2 and "no policy 'nothing' (there are made-up)" in err
    (folder / "made-up" / "policy.yaml").write_text("id: made-up\n")
    code, _, err = said("lint", "--folder", folder)
    assert code == 2 and "policies/made-up/policy.yaml:1: a policy needs `sources:`" in err


def test_new_writes_a_draft_that_loads_and_passes(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = said("new", "seat-lift", "--service", "E0627", "--folder", folder)
    assert code == 0 and out.strip() == str(folder / "seat-lift")
    assert said("lint", "seat-lift", "--folder", folder)[0] == 0
    assert said("test", "seat-lift", "--uncovered", "--folder", folder)[0] == 0
    code, _, err = said("new", "seat-lift", "--folder", folder)
    assert code == 2 and "something stands there already" in err


def test_diff_and_simulate_compare_two_rulebooks(said, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    other = tmp_path / "other" / "policies"
    shutil.copytree(folder, other)
    path = other / "made-up" / "policy.yaml"
    path.write_text(path.read_text().replace("at_least: 50", "at_least: 70"))
    code, out, _ = said("diff", folder, other)
    assert code == 0 and out.endswith("1 differences\n")
    code, out, _ = said("--folder", folder, "simulate", other)
    assert code == 0 and "criterion heavy was met, is unmet" in out
    assert out.endswith("1 of 1 lines change\n")
    rows, chart = tmp_path / "rows.csv", tmp_path / "chart.svg"
    made = ["simulate", other, "--folder", folder, "--on", "synthetic", "--count", 40, "--show", 0]
    code, out, _ = said(*made, "--csv", rows, "--svg", chart)
    assert code == 0 and "… and" in out and out.endswith("of 40 lines change\n")
    assert len(rows.read_text().splitlines()) == 41
    assert chart.read_text().startswith("<svg ")


def test_activate_history_and_rollback(said, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    code, out, _ = said("activate", folder, FORTHWITH_POLICIES=shelf)
    assert code == 0 and out.endswith("is in force\n")
    assert said("show", "made-up", FORTHWITH_POLICIES=shelf)[1].startswith("Made up")
    path = folder / "made-up" / "policy.yaml"
    path.write_text(path.read_text().replace("Made up", "Changed"))
    said("activate", folder, "--shelf", shelf)
    assert said("show", "made-up", FORTHWITH_POLICIES=shelf)[1].startswith("Changed")
    code, out, _ = said("rollback", FORTHWITH_POLICIES=shelf)
    assert code == 0 and out.endswith("is in force again\n")
    assert said("show", "made-up", FORTHWITH_POLICIES=shelf)[1].startswith("Made up")
    assert len(said("history", "--shelf", shelf)[1].splitlines()) == 3


def test_a_shelf_must_be_named_and_not_be_a_rulebook(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    code, _, err = said("activate", folder)
    assert code == 2 and "Name a folder that keeps rulebooks" in err
    code, _, err = said("activate", folder, "--shelf", folder)
    assert code == 2 and "is a single rulebook" in err


def test_stored_cases_need_a_database(said, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = f"sqlite:///{tmp_path / 'none.sqlite3'}"
    code, _, err = said("stats", "--folder", folder, DATABASE_URL=url)
    assert code == 2 and "forthwith migrate" in err


def test_protects_names_the_rules_of_a_plan(said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = said("protects", "FW-FI-01", "--folder", folder)
    assert code == 0
    assert (
        "3 days: concurrent, delegated, prior-authorization; drug-standard, standard [Texas" in out
    )
    assert "Medicare" not in out
    code, _, err = said("protects", "FW-XX-01", "--folder", folder)
    assert code == 2 and "no plan 'FW-XX-01'" in err
