"""Check FHIR files against the profiles of a guide and list every issue."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from app.errors import BadSetup, Issue, Refused
from app.fhir import urls
from app.fhir.bundle import entries
from app.fhir.validate import Limits, Validator
from app.fhir.validate.text import parse
from app.sealed import sealed
from app.settings import Settings

EXAMPLES = """\
examples:
  forthwith validate bundle.json                      against PAS 2.2.1
  forthwith validate --version 2.0 bundle.json        against PAS 2.0.1
  forthwith validate --profile profile-pas-request-bundle bundle.json
  forthwith validate --json examples/ | jq .issues    folders, and .ndjson with one resource a line
"""
_SIGNS = {"fatal": "✗", "error": "✗", "warning": "!", "information": "·"}


@sealed(frozen=True, slots=True)
class _Document:
    """Something to check: its name for people, its bytes."""

    name: str
    raw: bytes


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare files, guide version, profile and output."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help=".json, .ndjson, folder"
    )
    parser.add_argument(
        "--version", choices=("2.2", "2.0"), default="2.2", help="PAS guide version"
    )
    parser.add_argument(
        "--profile",
        help="what every file must be: a canonical, or its last part (default: what a resource "
        "claims; a bundle that starts with a Claim or ClaimResponse is a PAS request or answer)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a file")
    parser.add_argument("--quiet", action="store_true", help="errors only")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 when every file is valid, 1 when one is not; BadSetup (2) for a file that is not there."""
    validator = Validator.load(args.version)
    profile = _profile(validator, args.profile)
    limits = Limits(settings.max_depth, settings.max_entries, settings.max_body_bytes)
    invalid = total = 0
    for document in _documents(args.files):
        issues = _check(validator, document.raw, profile, limits)
        total += 1
        invalid += any(issue.is_error for issue in issues)
        if args.quiet:
            issues = [issue for issue in issues if issue.is_error]
        _print_json(document.name, issues) if args.json else _print(document.name, issues)
    if total > 1 and not args.json:
        print(f"{total} documents, {invalid} invalid")
    return 1 if invalid else 0


def _profile(validator: Validator, name: str | None) -> str | None:
    if name is None:
        return None
    found = validator.canonical(name)
    if found is None:
        raise BadSetup(f"no profile {name} in this guide")
    return found


def _documents(paths: list[Path]) -> Iterator[_Document]:
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in (".json", ".ndjson"))
            yield from _documents(inside)
            continue
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BadSetup(f"cannot read {path}: {error.strerror}") from error
        if path.suffix == ".ndjson":
            lines = enumerate(raw.splitlines(), start=1)
            yield from (_Document(f"{path}:{n}", line) for n, line in lines if line.strip())
        else:
            yield _Document(str(path), raw)


def _check(validator: Validator, raw: bytes, profile: str | None, limits: Limits) -> list[Issue]:
    try:
        document = parse(raw, limits)
        return validator.resource(document, profile or _expected(document))
    except Refused as refused:
        return list(refused.issues)


def _expected(document: dict[str, Any]) -> str | None:
    """The PAS bundle profile that a bundle is meant for, by its first entry."""
    first = next((resource for _, _, resource in entries(document)), {})
    if document.get("resourceType") != "Bundle" or document.get("type") != "collection":
        return None
    meta = first.get("meta")
    asks = urls.profile.CLAIM_INQUIRY in str(meta)
    answers = urls.profile.CLAIM_INQUIRY_RESPONSE in str(meta)
    if first.get("resourceType") == "Claim":
        return urls.profile.INQUIRY_REQUEST_BUNDLE if asks else urls.profile.REQUEST_BUNDLE
    if first.get("resourceType") == "ClaimResponse":
        return urls.profile.INQUIRY_RESPONSE_BUNDLE if answers else urls.profile.RESPONSE_BUNDLE
    return None


def _print(name: str, issues: list[Issue]) -> None:
    errors = sum(issue.is_error for issue in issues)
    others = len(issues) - errors
    verdict = f"{errors} error{'s'[: errors != 1]}" if errors else "valid"
    print(f"{name}: {verdict}" + (f", {others} remark{'s'[: others != 1]}" if others else ""))
    for issue in issues:
        source = issue.profile.rpartition("/")[2]
        note = f"  [{source}]" if source else ""
        print(f"  {_SIGNS[issue.severity]} {issue.severity} {issue.code} at {issue.at or '(text)'}")
        print(f"      {issue.message}{note}")


def _print_json(name: str, issues: list[Issue]) -> None:
    valid = not any(issue.is_error for issue in issues)
    line = {"file": name, "valid": valid, "issues": [asdict(issue) for issue in issues]}
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
