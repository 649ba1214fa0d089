"""`forthwith validate` and `forthwith profiles` answer with words, JSON and exit codes."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import orjson
import pytest

from app.cli import run
from tests.unit.validate.test_checks import bundle, patient


def _written(folder: Path, name: str, document: object) -> str:
    path = folder / name
    path.write_bytes(orjson.dumps(document))
    return str(path)


def test_a_valid_file_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _written(tmp_path, "a.json", bundle())
    assert run(["validate", file, "--profile", "profile-pas-request-bundle"], {}) == 0
    assert "valid" in capsys.readouterr().out


def test_an_invalid_file_exits_with_1_and_names_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _written(tmp_path, "a.json", patient(gender="x"))
    assert run(["validate", file, "--version", "2.0"], {}) == 1
    assert "error code-not-in-set at Patient.gender" in capsys.readouterr().out


def test_folders_and_lines_are_checked_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _written(tmp_path, "a.json", patient())
    lines = orjson.dumps(patient()) + b"\n\n" + orjson.dumps(patient(foo=1)) + b"\n"
    (tmp_path / "b.ndjson").write_bytes(lines)
    assert run(["validate", str(tmp_path), "--json"], {}) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(Path(f["file"]).name, f["valid"]) for f in found] == [
        ("a.json", True),
        ("b.ndjson:1", True),
        ("b.ndjson:3", False),
    ]


def test_text_that_is_no_json_is_an_invalid_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_bytes(b'{"resourceType":"Patient","id":"a","id":"b"}')
    assert run(["validate", str(tmp_path / "a.json")], {}) == 1
    assert "id is there twice" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["nowhere.json"], ["--profile", "no-such-profile", "x.json"]]
)
def test_what_cannot_be_checked_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", *arguments], {}) == 2
    assert capsys.readouterr().err.startswith("forthwith: ")


def _packed(folder: Path, resources: dict[str, object]) -> Path:
    archive = folder / "example.tgz"
    inner = folder / "package"
    inner.mkdir()
    manifest = {"name": "example", "version": "1.0"}
    for name, content in {"package.json": manifest, **resources}.items():
        (inner / name).write_bytes(orjson.dumps(content))
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(inner, "package")
    return archive


def test_facts_are_extracted_verified_and_differences_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = {
        "resourceType": "StructureDefinition",
        "id": "thing",
        "url": "http://example.org/thing",
        "kind": "complex-type",
        "type": "Thing",
        "snapshot": {"element": [{"id": "Thing", "path": "Thing", "min": 0, "max": "*"}]},
    }
    archive = _packed(tmp_path, {"StructureDefinition-thing.json": definition})
    out = tmp_path / "facts"
    out.mkdir()
    (out / "guides.tsv").write_text("guide\tpackage\tversion\ttake\n2.2\texample\t1.0\tall\n")
    arguments = ["--out", str(out), str(archive)]
    assert run(["profiles", "extract", *arguments], {}) == 0
    assert run(["profiles", "verify", *arguments], {}) == 0
    changed = out / "example" / "1.0" / "structures.jsonl"
    changed.write_bytes(changed.read_bytes().replace(b"thing", b"other"))
    assert run(["profiles", "verify", *arguments], {}) == 1
    assert "example/1.0/structures.jsonl" in capsys.readouterr().out


def test_what_is_no_package_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.tgz").write_bytes(b"no archive")
    assert run(["profiles", "verify", str(tmp_path / "x.tgz")], {}) == 2
    assert "not a FHIR package" in capsys.readouterr().err


def test_a_bundle_that_starts_with_a_claim_is_taken_for_a_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = bundle()
    del document["identifier"]
    file = _written(tmp_path, "a.json", document)
    assert run(["validate", file], {}) == 1
    assert "missing at Bundle.identifier" in capsys.readouterr().out
    assert run(["validate", file, "--profile", "Bundle"], {}) == 0
