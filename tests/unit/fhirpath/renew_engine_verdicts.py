"""Ask HL7's engine again: writes engine_verdicts.jsonl. Needs Java 17 and the prepared referee.

python -m tests.unit.fhirpath.renew_engine_verdicts [CACHE], CACHE as `hl7-validate prepare` left it.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.fhir.validate.fhirpath import amended
from tests.unit.fhirpath.generated import Maker, invariants, literals, trees

HERE = Path(__file__).parent
FILE = HERE / "engine_verdicts.jsonl"
KINDS = [
    name
    for line in (
        "Bundle Claim ClaimResponse CommunicationRequest Coverage DeviceRequest DocumentReference",
        "Encounter Location MedicationRequest NutritionOrder Observation Organization Parameters Patient",
        "Practitioner PractitionerRole Questionnaire QuestionnaireResponse ServiceRequest Task Condition",
    )
    for name in line.split()
]
EACH = 4
# Answered by data that only a terminology or a reference resolver has.
_OUTSIDE = ("memberOf(", "resolve(")


def asked() -> list[dict[str, Any]]:
    """{"key", "expression", "places"} of every invariant that the engine is asked about."""
    found: dict[tuple[str, str], set[str]] = {}
    for key, place, published, _ in invariants():
        text = amended(key, published)
        if not any(call in text for call in _OUTSIDE):
            found.setdefault((key, text), set()).add(place)
    return [
        {"key": key, "expression": text, "places": sorted(places)}
        for (key, text), places in sorted(found.items())
    ]


def documents(expressions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Resources with the words of the expressions in them."""
    words = [
        word
        for each in expressions
        for word in literals(trees().tree(each["key"], each["expression"]))
    ]
    made = []
    for seed, (kind, _) in enumerate(itertools.product(KINDS, range(EACH))):
        made.append(Maker(seed, words).node(kind))
    return made


def main() -> None:
    """Write the file."""
    cache = Path(sys.argv[1] if len(sys.argv) > 1 else Path.home() / ".cache/hl7-validate")
    expressions = asked()
    made = documents(expressions)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "expressions.json").write_text(json.dumps(expressions))
        (work / "documents.jsonl").write_text("".join(json.dumps(one) + "\n" for one in made))
        jars = f"{cache / 'lib'}/*"
        subprocess.run(
            ["javac", "-cp", jars, "-d", folder, HERE / "EngineVerdicts.java"], check=True
        )
        out = subprocess.run(
            [
                *("java", "-Xmx2g", f"-Duser.home={cache / 'home'}", "-cp", f"{jars}:{folder}"),
                *("EngineVerdicts", str(cache / "home/.fhir/packages")),
                *(str(work / "expressions.json"), str(work / "documents.jsonl")),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    answers = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    with FILE.open("w") as file:
        file.write(_line({"expressions": expressions}))
        for document, verdicts in zip(made, answers, strict=True):
            file.write(_line({"document": document, "verdicts": verdicts}))


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    main()
