"""Our validator and our answers before HL7's engine.

python -m conformance answers          every example and every answer of the spec tests
python -m conformance renew [GUIDE]    ask again about the mutations (conformance/verdicts)
python -m conformance report           write docs/conformance.md
python -m conformance statements       write only the guides' statements in it
"""

from __future__ import annotations

import sys

from conformance import answers, referee, report, verdicts


def main(arguments: list[str]) -> int:
    """Run one command; 0 well, 1 something was refused, 2 wrong use or no referee."""
    command = arguments[0] if arguments else ""
    if command == "report":
        return report.write()
    if command == "statements":
        return report.restate()
    if command not in ("answers", "renew"):
        print(__doc__)
        return 2
    if referee.why_absent():
        print(referee.why_absent())
        return 2
    if command == "answers":
        return answers.check()
    for guide in arguments[1:] or list(referee.PACKAGES):
        print(verdicts.renew(guide))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
