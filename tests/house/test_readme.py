"""The README's commands run as they stand there, and the answers it shows are the answers."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator

import orjson
import pytest

from tests.house.live import COMMAND, ROOT, Live, serving

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NOT_RUN_HERE = {
    "make run": "tried by test_make_run_is_serve_with_the_demo_payer: it takes a port of its own",
    "docker build -t forthwith .": "there is no container engine in CI",
}


def commands() -> list[str]:
    """Every command of the README, a line that ends with a backslash joined with the next."""
    text = (ROOT / "README.md").read_text("utf-8")
    joined = [body.replace("\\\n", " ") for kind, body in BLOCK.findall(text) if kind == "sh"]
    return [line.strip() for body in joined for line in body.splitlines() if line.strip()]


def shown(block: str) -> list[str]:
    """The lines of the README's `json` or `text` blocks, without those that leave something out."""
    text = (ROOT / "README.md").read_text("utf-8")
    lines = [
        line.strip().rstrip(",")
        for kind, body in BLOCK.findall(text)
        if kind == block
        for line in body.splitlines()
    ]
    return [line for line in lines if re.search(r"[\w\"]", line) and "…" not in line]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("readme")) as server:
        yield server


def carry_out(command: str, live: Live) -> str:
    """Run one command of the README against the live server; its output."""
    line = command.replace("http://127.0.0.1:8080", live.address)
    line = line.replace(".venv/bin/forthwith", str(COMMAND))
    environ = live.environ | {"PATH": f"{COMMAND.parent}{os.pathsep}{live.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", [each for each in commands() if each not in NOT_RUN_HERE])
def test_the_command_runs(command: str, live: Live) -> None:
    carry_out(command, live)


def outputs(program: str, live: Live) -> str:
    """What all commands of the README print that start with `program`; JSON is spread out."""
    printed = ""
    for command in commands():
        if command.startswith(program):
            answer = carry_out(command, live)
            with contextlib.suppress(orjson.JSONDecodeError):
                answer = orjson.dumps(orjson.loads(answer), option=orjson.OPT_INDENT_2).decode()
            printed += answer
    return printed


@pytest.mark.parametrize(("block", "program"), [("json", "curl"), ("text", ".venv/bin/forthwith")])
def test_the_answers_that_are_shown_are_the_answers(block: str, program: str, live: Live) -> None:
    lines = {line.strip().rstrip(",") for line in outputs(program, live).splitlines()}
    assert shown(block), "the README shows an answer"
    assert [line for line in shown(block) if line not in lines] == []


def test_there_is_a_request_that_a_newcomer_can_send() -> None:
    assert any("curl" in command and "$submit" in command for command in commands())


def test_the_line_to_try_that_the_server_prints_gets_an_answer(live: Live) -> None:
    line = re.search(r"^ +(curl .*)$", live.printed, re.M)
    assert line, live.printed
    answer = orjson.loads(carry_out(line[1], live))
    assert answer["resourceType"] == "Bundle"
    assert answer["entry"][0]["resource"]["resourceType"] == "ClaimResponse"


def test_every_make_target_that_is_named_in_a_document_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(r"(?:`|^|&& )make ([a-z-]+)", path.read_text("utf-8"), re.M):
            assert name in targets, f"{path.name} names make {name}"


def test_make_run_is_serve_with_the_demo_payer() -> None:
    done = subprocess.run(
        ["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "FORTHWITH_DEMO=${FORTHWITH_DEMO:-on} exec .venv/bin/forthwith serve" in done.stdout


def test_the_program_named_in_the_documents_has_the_commands_they_use() -> None:
    words = re.findall(r"`?forthwith ([a-z]+)", (ROOT / "README.md").read_text("utf-8"))
    known = subprocess.run([COMMAND, "--help"], capture_output=True, text=True).stdout
    assert words
    assert [word for word in words if f"  {word} " not in known] == []


def test_paths_named_in_the_documents_exist() -> None:
    gone = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(
            r"`((?:app|tests|docs|profiles|policies|examples|tools)/[\w./-]*)`",
            path.read_text("utf-8"),
        ):
            if name != "app/_data" and not (ROOT / name).exists():
                gone.append(f"{path.relative_to(ROOT)} → {name}")
    assert gone == []
