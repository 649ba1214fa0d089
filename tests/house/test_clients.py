"""The curl commands and the Python program of docs/clients.md run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.house.live import ROOT, Live, serving
from tests.house.test_readme import BLOCK

PAGE = (ROOT / "docs" / "clients.md").read_text("utf-8")
BLOCKS = dict(BLOCK.findall(PAGE))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("clients")) as server:
        yield server


def carry_out(line: list[str], kind: str, live: Live) -> str:
    program = BLOCKS[kind].replace("http://127.0.0.1:8080", live.address)
    done = subprocess.run(
        line, input=program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_python_program_prints_what_the_page_says(live: Live) -> None:
    printed = carry_out([sys.executable, "-"], "python", live)
    wanted = re.escape(BLOCKS["text"]).replace("…", r"\S+")
    assert re.fullmatch(wanted, printed), printed
    numbers = re.findall(r"FA-\S+", printed)
    assert len(numbers) == 2 and numbers[0] == numbers[1]


def test_the_curl_commands_are_answered(live: Live) -> None:
    printed = carry_out(["bash", "-euo", "pipefail", "-s"], "sh", live)
    decoder, answers, at = json.JSONDecoder(), list[Any](), 0
    while at < len(printed):
        answer, at = decoder.raw_decode(printed, at)
        answers.append(answer)
    signed, submitted, found = answers
    assert signed["systemActions"]
    number = submitted["entry"][0]["resource"]["preAuthRef"]
    hits = [each["resource"]["entry"][0]["resource"] for each in found["parameter"]]
    assert number in [hit.get("preAuthRef") for hit in hits]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_the_javascript_program_finds_what_it_submitted(live: Live) -> None:
    printed = carry_out(["node", "--input-type=module", "-"], "javascript", live)
    numbers = re.findall(r"FA-\S+", printed)
    assert len(numbers) == 2 and numbers[0] == numbers[1], printed


def test_what_hapi_sends_is_taken(live: Live) -> None:
    """HAPI's client puts the one resource of an operation in Parameters, and prefers no format."""
    bundle = json.loads((ROOT / "examples/pas/2.2/not-covered.json").read_bytes())
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": bundle}],
    }
    headers = {
        "Content-Type": "application/fhir+json; charset=UTF-8",
        "Accept": "application/fhir+json;q=1.0, application/fhir+xml;q=1.0",
        "Accept-Charset": "utf-8",
    }
    address = f"{live.address}/fhir/2.2/Claim/$submit"
    answer = requests.post(address, data=json.dumps(wrapped), headers=headers, timeout=30)
    assert answer.status_code == 200 and answer.json()["resourceType"] == "Bundle"
