"""HL7's own validation engine as the referee, by either of two ways in.

* a `hl7-validate` script that keeps one engine running over a pipe (setting `FORTHWITH_REFEREE`,
  by default `../shared/tools/hl7/hl7-validate` beside the checkout), or
* any `validator_cli.jar` (setting `FORTHWITH_VALIDATOR_JAR`), which fetches its packages itself.

Verdicts are `Found` values: severity, the engine's message id (or invariant id) and the place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CRD = {"crd-2.2": "hl7.fhir.us.davinci-crd#2.2.1", "crd-2.0": "hl7.fhir.us.davinci-crd#2.0.1"}
PACKAGES = {"2.2": "hl7.fhir.us.davinci-pas#2.2.1", "2.0": "hl7.fhir.us.davinci-pas#2.0.1"}


@dataclass(frozen=True, slots=True)
class Found:
    """One issue of the engine."""

    severity: str
    id: str
    at: str
    text: str

    @property
    def is_error(self) -> bool:
        """True when the engine refuses the resource because of it."""
        return self.severity in ("error", "fatal")


def script() -> Path | None:
    """The streaming engine, when it and what it needs (Java, Maven) are here."""
    place = Path(os.environ.get("FORTHWITH_REFEREE", ROOT.parent / "shared/tools/hl7/hl7-validate"))
    usable = place.is_file() and shutil.which("java") and shutil.which("mvn")
    return place if usable else None


def jar() -> Path | None:
    """The official command-line jar, when a reader points to one."""
    place = os.environ.get("FORTHWITH_VALIDATOR_JAR", "")
    return Path(place) if place and Path(place).is_file() and shutil.which("java") else None


def why_absent() -> str:
    """One sentence for a run without a referee, empty when there is one."""
    if script() or jar():
        return ""
    return (
        "HL7's engine is not here: it needs Java 17 and either Maven with FORTHWITH_REFEREE, "
        "or FORTHWITH_VALIDATOR_JAR pointing to a validator_cli.jar."
    )


# Messages that rest on content which no package here has: LOINC's attachment codes, the definitions
# behind two identifier systems that the guide's own patterns demand, the release of a code system
# that a value set names, and the CRD codes of 2.0.1, for which the engine's archive of that guide
# has those of 2.2.1 alone.
_UNKNOWN_SET = "loinc.org/vs/valid-hl7-attachment-requests"
_UNKNOWN_SYSTEM = ("/NamingSystem/USEIN", "/C4BBIdentifierType")
_SET_MESSAGES = ("UNABLE_TO_INFER_CODESYSTEM", "Terminology_TX_NoValid_16")
_UNKNOWN_RELEASE = "/CodeSystem/data-absent-reason' version '1.0.0' could not be found"
_LATER_CODES = "us/davinci-crd/CodeSystem/temp' version '2.2.1'"


def undecided(found: Found) -> bool:
    """Whether the engine says only that it lacks content (docs/conformance.md lists the cases)."""
    if found.id in _SET_MESSAGES:
        return any(known in found.text for known in (_UNKNOWN_SET, _LATER_CODES))
    if found.id == "Unknown_Code_in_Version":
        return _LATER_CODES in found.text
    if found.id == "UNKNOWN_CODESYSTEM_VERSION":
        return _UNKNOWN_RELEASE in found.text
    if found.id == "Type_Specific_Checks_DT_URL_Resolve":
        return any(system in found.text for system in _UNKNOWN_SYSTEM)
    return False


def judge(
    guide: str, resources: Iterable[tuple[str, Any, str]]
) -> Iterator[tuple[str, list[Found]]]:
    """Yield (key, issues) for each (key, resource, profile or ''), in order, for guide 2.2 or 2.0 (PAS),
    crd-2.2 or crd-2.0.

    A resource is parsed JSON, or a `str` for text that is sent as it is (for broken JSON).
    """
    place = script()
    if place is not None:
        yield from _stream(place, guide, resources)
    elif jar() is not None:
        yield from _jar(guide, resources)
    else:
        raise RuntimeError(why_absent())


def _stream(
    place: Path, guide: str, resources: Iterable[tuple[str, Any, str]]
) -> Iterator[tuple[str, list[Found]]]:
    engine = subprocess.Popen(
        [str(place), "-g", guide if guide in CRD else f"pas-{guide}", "stream"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    if engine.stdin is None or engine.stdout is None:
        raise RuntimeError("the engine has no pipes")
    try:
        for key, resource, profile in resources:
            line: dict[str, Any] = {"key": key}
            line["text" if isinstance(resource, str) else "resource"] = resource
            if profile:
                line["profile"] = profile
            engine.stdin.write(json.dumps(line) + "\n")
            engine.stdin.flush()
            answer = engine.stdout.readline()
            if not answer:
                raise RuntimeError(f"the engine ended at {key}")
            yield key, [_found(issue) for issue in json.loads(answer)["issues"]]
    finally:
        engine.stdin.close()
        engine.terminate()
        engine.wait()


def _found(issue: dict[str, Any]) -> Found:
    name = issue.get("invariant") or issue.get("id") or ""
    return Found(issue["severity"], str(name).split("#")[-1], issue.get("at", ""), issue["text"])


def _jar(
    guide: str, resources: Iterable[tuple[str, Any, str]]
) -> Iterator[tuple[str, list[Found]]]:
    """One run of the jar over files; profiles are taken from `meta.profile` there."""
    with tempfile.TemporaryDirectory() as folder:
        keys = []
        for number, (key, resource, _) in enumerate(resources):
            text = resource if isinstance(resource, str) else json.dumps(resource)
            (Path(folder) / f"{number:06}.json").write_text(text, encoding="utf-8")
            keys.append(key)
        out = Path(folder) / "verdict.out"
        subprocess.run(
            [
                *("java", "-jar", str(jar()), folder, "-version", "4.0.1"),
                *("-ig", {**PACKAGES, **CRD}[guide], "-tx", "n/a"),
                *("-output-style", "json", "-output", str(out)),
            ],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        outcomes = json.loads(out.read_text(encoding="utf-8"))
        entries = outcomes.get("entry", [{"resource": outcomes}])
        for key, entry in zip(keys, entries, strict=True):
            yield key, [_outcome_issue(i) for i in entry["resource"].get("issue", [])]


def _outcome_issue(issue: dict[str, Any]) -> Found:
    name = next(
        (
            e.get("valueCode", "")
            for e in issue.get("extension", [])
            if e["url"].endswith("operationoutcome-message-id")
        ),
        "",
    )
    at = (issue.get("expression") or [""])[0]
    return Found(issue["severity"], name, at, issue.get("details", {}).get("text", ""))
