"""A reviewer reads what was sent, as a download that no browser shows or runs."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from werkzeug.test import TestResponse

from app.cli import run
from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.test_attach import form, paper, parameters, post, submitted
from tests.world import World

CDA = b'<?xml version="1.0"?><?xml-stylesheet href="javascript:alert(1)"?><ClinicalDocument/>'
KINDS = {
    "application/pdf": b"%PDF-1.7 synthetic",
    "image/png": b"\x89PNG\r\n\x1a\n synthetic",
    "image/tiff": b"II*\x00 synthetic",
    "application/hl7-cda+xml": CDA,
    "text/plain": b"A note.",
}


def get(world: World, path: str, role: str = "reviewer") -> TestResponse:
    headers = {"Forthwith-Role": role} if role else {}
    return world.client.get(f"/desk/api/cases/{path}", headers=headers)


def test_each_kind_of_document_is_handed_over_as_it_came_and_never_executed(world: World) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    contents = [paper(content) for content in KINDS.values()]
    post(world, Guide.V22, parameters(bundle, number, *contents))
    listed = orjson.loads(get(world, number).data)["documents"]
    assert [each["media"] for each in listed] == list(KINDS)
    for each in listed:
        answer = get(world, f"{number}/documents/{each['id']}")
        assert answer.status_code == 200
        assert answer.data == KINDS[each["media"]]
        assert answer.content_type.split(";")[0] == each["media"]
        headers = answer.headers
        assert headers["Content-Disposition"].startswith('attachment; filename="document-')
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cache-Control"] == "no-store"


def test_a_signature_is_kept_and_said_to_be_unverified(world: World) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    signature = {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"}],
        "when": "2026-11-24T10:00:00Z",
        "who": {"display": "somebody"},
        "sigFormat": "application/jose",
        "data": "bm90aGluZw==",
    }
    signed = form(Guide.V22, bundle)
    signed["extension"] = [
        *signed.get("extension", []),
        {"url": ext.FORM_SIGNATURE, "valueSignature": signature},
    ]
    said = post(world, Guide.V22, parameters(bundle, number, signed))
    assert "signature-not-verified" in orjson.dumps(said).decode()
    listed = orjson.loads(get(world, number).data)["documents"]
    last = listed[-1]
    assert (last["signed"], last["signature_verified"]) == (True, False)
    kept = orjson.loads(get(world, f"{number}/documents/{last['id']}").data)
    assert signature in [each.get("valueSignature") for each in kept["extension"]]


def test_who_is_no_reviewer_reads_nothing_and_what_is_not_there_is_not_found(world: World) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    post(world, Guide.V22, parameters(bundle, number, paper(b"A note.")))
    (listed,) = orjson.loads(get(world, number).data)["documents"]
    assert get(world, f"{number}/documents/{listed['id']}", role="").status_code == 403
    _, _, other = submitted(world, Guide.V22)
    for place in (f"{number}/documents/nothing", f"{other}/documents/{listed['id']}"):
        assert get(world, place).status_code == 404


def test_on_the_command_line_documents_are_saved_as_files(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    post(world, Guide.V22, parameters(bundle, number, paper(b"A note."), form(Guide.V22, bundle)))
    environ = {"DATABASE_URL": world.context.settings.database_url}
    line = ["desk", "save", number, "--role", "reviewer"]
    assert run([*line, "--into", str(tmp_path / "papers")], environ) == 0
    saved = sorted((tmp_path / "papers").iterdir())
    assert [path.suffix for path in saved] == [".txt", ".json"]
    assert saved[0].read_bytes() == b"A note."
    assert saved[0].stat().st_mode & 0o077 == 0
    assert run(["desk", "show", number, "--role", "reviewer"], environ) == 0
    assert "text/plain, 7 bytes" in capsys.readouterr().out
    assert run(line, environ) == 2
