"""`decide` and `explain` show the decision that the wire gives, with its finding tree."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import orjson
import pytest

from app import resources
from app.cli import run
from app.domain.guide import Guide
from tests.spec.reading import action, items, number, response_of
from tests.world import World, claim_of, example, examples

MEMBERS = str(resources.data("examples") / "demo" / "fairwater.ndjson")
OUTCOMES = {
    "approved": "A1",
    "not-required": "A1",
    "modified": "A6",
    "pended": "A4",
    "not-covered": "A3",
}
ALL = [(guide, name) for guide in Guide for name in examples(guide)]


def path_of(name: str, guide: Guide) -> str:
    return str(resources.data("examples") / "pas" / guide.value / f"{name}.json")


def environ(world: World) -> dict[str, str]:
    return {"DATABASE_URL": world.context.settings.database_url}


@pytest.mark.parametrize(("guide", "name"), ALL, ids=[f"{g.value}-{n}" for g, n in ALL])
def test_decide_gives_the_decision_of_the_wire(
    world: World, guide: Guide, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = world.answer(example(name, guide), guide)
    words = ["decide", path_of(name, guide), "--version", guide.value, "--json"]
    assert run(words, environ(world)) == 0
    decided = orjson.loads(capsys.readouterr().out)["decision"]
    by_sequence = {item["sequence"]: OUTCOMES[item["outcome"]] for item in decided["items"]}
    assert by_sequence == {sequence: action(item) for sequence, item in items(answer).items()}
    assert bool(decided["errors"]) == ("error" in response_of(answer))


def test_decide_needs_no_database_when_a_member_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = {"DATABASE_URL": f"sqlite:///{tmp_path}/none/none.sqlite3"}
    words = ["decide", path_of("oxygen-approved", Guide.V22), "--members", MEMBERS]
    assert run(words, nowhere) == 0
    shown = capsys.readouterr().out
    assert "Line 1: approved" in shown
    assert "NCD 240.2" in shown
    assert "spo2-rest = 86 %" in shown
    assert not (tmp_path / "none").exists()


def test_decide_speaks_spanish(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["decide", path_of("oxygen-approved", Guide.V22), "--language", "es"]
    assert run(words, environ(world)) == 0
    assert "Línea 1" in capsys.readouterr().out


def test_decide_lists_every_issue_of_an_invalid_bundle_and_exits_with_1(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    del claim_of(bundle)["created"], claim_of(bundle)["insurer"]
    stdin = io.TextIOWrapper(io.BytesIO(orjson.dumps(bundle)))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(["decide", "-"], environ(world)) == 1
    said = capsys.readouterr().err
    assert said.count("error: Bundle.entry[0].resource") >= 2


@pytest.mark.parametrize("words", [["decide", "/nowhere/bundle.json"]])
def test_a_file_that_is_not_there_is_one_sentence_and_exit_2(
    world: World, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words, environ(world)) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("words", [["explain", "FC-X"], ["work", "--once"], ["decide", "examples"]])
def test_a_database_that_is_not_migrated_is_one_sentence_and_exit_2(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    if words[0] == "decide":
        words = ["decide", path_of("oxygen-approved", Guide.V22)]
    assert run(words, {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_explain_finds_a_case_by_each_of_its_names_and_tells_its_story(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    name = response_of(answer)["id"]
    authorization = number(items(answer)[1])
    shown = []
    for word in (name, f"ClaimResponse/{name}", authorization):
        assert run(["explain", word], environ(world)) == 0
        shown.append(capsys.readouterr().out)
    assert len(set(shown)) == 1
    for told in ("Case FC-", "decided", "received by open-demo", "Line 1: approved", "NCD 240.2"):
        assert told in shown[0]
    case_number = shown[0].split()[1].rstrip(":")
    assert run(["explain", case_number, "--json"], environ(world)) == 0
    document = orjson.loads(capsys.readouterr().out)
    assert document["case"]["number"] == case_number
    assert document["events"][0]["kind"] == "received"
    assert document["decisions"][0]["items"][0]["outcome"] == "approved"


def test_explain_says_when_there_is_no_such_case(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", "FC-NOTHING"], environ(world)) == 1
    assert "No case has this number" in capsys.readouterr().err


def test_neither_command_names_the_person(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    answer = world.answer(example("oxygen-approved", Guide.V22), Guide.V22)
    for words in (
        ["decide", path_of("oxygen-approved", Guide.V22)],
        ["decide", path_of("oxygen-approved", Guide.V22), "--json"],
        ["explain", response_of(answer)["id"]],
        ["explain", response_of(answer)["id"], "--json"],
    ):
        assert run(words, environ(world)) == 0
        shown = capsys.readouterr().out
        assert "Delgado" not in shown
        assert "1948-03-14" not in shown


def test_work_once_says_how_many_deadlines_were_missed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["work", "--once"], environ(world)) == 0
    told = (
        "0 deadlines missed, 0 calls made to subscribers, 0 attachments found no request, "
        "0 old records deleted.\n"
    )
    assert capsys.readouterr().out == told
