"""Every answer that the spec tests produce, and every example, goes through HL7's engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from conformance import referee
from conformance.referee import Found

_FOLLOWS: Final = "Reference_REF_CantMatchChoice"
_CONTEXT: Final = "Extension_EXTP_Context_Wrong"
_WEAK: Final = {
    "Appointment": (_CONTEXT, "Validation_VAL_Profile_Minimum_SLICE"),
    "VisionPrescription": (_CONTEXT,),
    "CommunicationRequest": (
        _CONTEXT,
        "Extension_EXT_Version_Invalid",
        "SLICING_CANNOT_BE_EVALUATED",
    ),
}
"""Messages that no sound resource of a type escapes: the extension's contexts leave out a type that the
guide sends it on, slices that need the resolved actors, and an R5 extension in an earlier shape."""


_DEFECTS: Final = (
    (_CONTEXT, "extension-infoChanged "),
    (_CONTEXT, "modifierextension-infoCancelled "),
    ("Validation_VAL_Profile_Maximum", "Bundle.entry:Claim: max allowed = 1, but found 2"),
)
"""Contradictions of the guide with itself that an update cannot escape: marks that the update profile
has where their own context forbids them, and the prior Claim that 2.0 wants but has no place for."""
_UNMATCHED: Final = frozenset(
    {
        "BUNDLE_BUNDLE_ENTRY_MULTIPLE_PROFILES_NO_MATCH",
        "Validation_VAL_Profile_NoMatch",
        "Validation_VAL_Profile_Maximum",
    }
)
"""What else is said of a Claim with such a defect: it is no update then, so it is held to be new."""


def produce(folder: Path) -> int:
    """Run the spec tests so that they leave their answers in `folder`; the exit status."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/spec"]
    environ = {**os.environ, "FORTHWITH_KEEP_ANSWERS": str(folder)}
    return subprocess.run(command, cwd=referee.ROOT, env=environ, check=False).returncode


def check() -> int:
    """0 when the engine has no error about any answer or example, else 1; prints each error."""
    with tempfile.TemporaryDirectory() as place:
        if produce(Path(place)):
            return 1
        refused = 0
        for guide in referee.PACKAGES:
            files = sorted(Path(place).glob(f"{guide}_*.json"))
            files += sorted((referee.ROOT / "examples" / "pas" / guide).rglob("*.json"))
            documents = ((str(f), json.loads(f.read_bytes()), "") for f in files)
            for key, found in referee.judge(guide, documents):
                errors = real(found)
                refused += bool(errors)
                for error in errors:
                    print(f"{guide} {Path(key).name}: {error.id} {error.at} {error.text}")
            print(f"{guide}: HL7's engine judged {len(files)} documents")
        refused += sum(_crd(guide, Path(place)) for guide in referee.CRD)
    print(f"{refused} refused")
    return 1 if refused else 0


def _crd(guide: str, place: Path) -> int:
    """How many resources of hook answers the engine refuses, each held against its CRD profile."""
    files = sorted(place.glob(f"{guide}_*.json"))
    kept = {str(f): json.loads(f.read_bytes()) for f in files}
    unlike = {json.dumps(each, sort_keys=True): (key, each) for key, each in kept.items()}
    documents = ((key, each["resource"], each["profile"]) for key, each in unlike.values())
    refused = 0
    for key, found in referee.judge(guide, documents):
        errors = [f for f in found if f.is_error and not _weak(kept[key]["resource"], f)]
        refused += bool(errors)
        for error in errors:
            print(f"{guide} {Path(key).name}: {error.id} {error.at} {error.text}")
    print(f"{guide}: HL7's engine judged {len(unlike)} resources of {len(files)}")
    return refused


def _weak(resource: dict[str, object], found: Found) -> bool:
    """Whether a verdict rests on HL7's own contradictions or stand-ins (docs/reference/crd.md)."""
    return found.id in _WEAK.get(str(resource["resourceType"]), ())


def real(found: list[Found]) -> list[Found]:
    """The errors that are not only a lack of content, nor follow from one.

    A reference to an entry fails when the entry does; so a failed reference counts only where some
    other error is left.
    """
    errors = [f for f in found if f.is_error and not _is_defect(f)]
    if any(_is_defect(f) for f in found):
        errors = [f for f in errors if f.id not in _UNMATCHED]
    rest = [f for f in errors if not referee.undecided(f) and f.id != _FOLLOWS]
    lacking = any(referee.undecided(f) for f in errors)
    return rest if lacking else errors


def _is_defect(found: Found) -> bool:
    return any(found.id == name and said in found.text for name, said in _DEFECTS)
