"""Every official example of both guide versions validates, or its defect is in docs/validator.md."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.fhir import urls
from app.fhir.validate import Validator

Json = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[2]
_FOLDER = Path(os.environ.get("FORTHWITH_IG_DIR", _ROOT.parent / "shared" / "ig"))
_PACKAGES = {
    "2.2": _FOLDER / "hl7.fhir.us.davinci-pas#2.2.1.tgz",
    "2.0": _FOLDER / "hl7.fhir.us.davinci-pas#2.0.1.tgz",
}
_PROFILES = (
    ("InquiryResponse", urls.profile.INQUIRY_RESPONSE_BUNDLE),
    ("Inquiry", urls.profile.INQUIRY_REQUEST_BUNDLE),
    ("Notification", ""),
    ("Response", urls.profile.RESPONSE_BUNDLE),
    ("", urls.profile.REQUEST_BUNDLE),
)


def _examples(guide: str) -> list[tuple[str, Json]]:
    archive = _PACKAGES[guide]
    if not archive.exists():
        return []
    out = []
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            name = member.name.removeprefix("package/example/")
            stream = tar.extractfile(member) if name.endswith(".json") else None
            if stream is None or "/" in name or name.startswith("."):
                continue
            out.append((name.removesuffix(".json"), orjson.loads(stream.read())))
    return [(name, doc) for name, doc in out if "resourceType" in doc]


_CASES = [
    pytest.param(guide, document, id=f"{guide}-{name}")
    for guide in _PACKAGES
    for name, document in _examples(guide)
]
needs_packages = pytest.mark.skipif(
    not _CASES, reason=f"official packages are not in {_FOLDER.name} (set FORTHWITH_IG_DIR)"
)


@needs_packages
@pytest.mark.parametrize(("guide", "document"), _CASES)
def test_an_official_example_is_valid(guide: str, document: Json) -> None:
    issues = Validator.load(guide).resource(document)
    assert [i for i in issues if i.is_error] == []


@needs_packages
@pytest.mark.parametrize(
    ("guide", "document"), [c for c in _CASES if str(c.id)[4:].startswith("Bundle")]
)
def test_an_official_bundle_is_what_its_operation_asks_for(
    guide: str, document: Json, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    profile = next(url for part, url in _PROFILES if part in name)
    issues = Validator.load(guide).bundle(document, profile or None)
    assert [i for i in issues if i.is_error] == []


@needs_packages
def test_the_packages_are_whole() -> None:
    """47 examples in 2.2.1 and 39 in 2.0.1: a half-read package would pass silently."""
    assert {guide: len(_examples(guide)) for guide in _PACKAGES} == {"2.2": 47, "2.0": 39}
