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
            files += sorted((referee.ROOT / "examples" / "pas" / guide).glob("*.json"))
            documents = ((str(f), json.loads(f.read_bytes()), "") for f in files)
            for key, found in referee.judge(guide, documents):
                errors = real(found)
                refused += bool(errors)
                for error in errors:
                    print(f"{guide} {Path(key).name}: {error.id} {error.at} {error.text}")
            print(f"{guide}: HL7's engine judged {len(files)} documents")
    print(f"{refused} refused")
    return 1 if refused else 0


def real(found: list[Found]) -> list[Found]:
    """The errors that are not only a lack of content, nor follow from one.

    A reference to an entry fails when the entry does; so a failed reference counts only where some
    other error is left.
    """
    errors = [f for f in found if f.is_error]
    rest = [f for f in errors if not referee.undecided(f) and f.id != _FOLLOWS]
    lacking = any(referee.undecided(f) for f in errors)
    return rest if lacking else errors
