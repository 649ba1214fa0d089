"""Check, test and read the rulebook: the folder of policies that decides."""

from __future__ import annotations

import argparse
from pathlib import Path

from app import resources
from app.clock import moment
from app.domain.policy import Policy
from app.rulebook import Rulebook, load
from app.rulebook.lint import lint
from app.rulebook.page import page
from app.rulebook.trial import run as run_cases
from app.rulebook.trial import uncovered
from app.settings import Settings

EXAMPLES = """\
examples:
  forthwith policy lint                          read every file, list what is not verified
  forthwith policy test                          run every case of every policy
  forthwith policy test home-oxygen --uncovered  one policy, and the branches that no case reaches
  forthwith policy show home-oxygen              a policy as a page
  forthwith policy test --folder my/policies     another rulebook
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words after `forthwith policy`."""
    parser.add_argument("--folder", type=Path, help="the rulebook (default: the one in force)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("lint", help="read every file and say what should be better")
    check.add_argument("policies", nargs="*", help="policy ids (default: all)")
    test = actions.add_parser("test", help="run cases.yaml")
    test.add_argument("policies", nargs="*", help="policy ids (default: all)")
    test.add_argument("--uncovered", action="store_true", help="fail on branches without a case")
    show = actions.add_parser("show", help="print a policy as a page")
    show.add_argument("policy", help="a policy id")
    show.add_argument("--language", choices=("en", "es"), default="en")
    for each in (check, test, show):
        each.add_argument("--folder", type=Path, default=argparse.SUPPRESS)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 done, 1 when a case fails or something must be better."""
    folder = args.folder or settings.policies_dir or resources.data("policies")
    rulebook = load(folder)
    if args.action == "lint":
        return _lint(rulebook, _chosen(rulebook, args.policies))
    if args.action == "test":
        return _test(folder, rulebook, _chosen(rulebook, args.policies), args.uncovered)
    for line in page(_chosen(rulebook, [args.policy])[0], args.language):
        print(line)
    return 0


def _chosen(rulebook: Rulebook, names: list[str]) -> list[Policy]:
    return [rulebook.policy(name) for name in names] or list(rulebook.policies.values())


def _lint(rulebook: Rulebook, policies: list[Policy]) -> int:
    today = moment().now.date()
    advices = [advice for policy in policies for advice in lint(policy, today)]
    for advice in advices:
        print(f"{advice.severity}: {advice.policy}: {advice.where}: {advice.message}")
    errors = sum(advice.severity == "error" for advice in advices)
    print(
        f"{len(policies)} policies, {errors} errors, {len(advices) - errors} unverified rules; "
        f"rulebook {rulebook.sha256[:16]}"
    )
    return 1 if errors else 0


def _test(folder: Path, rulebook: Rulebook, policies: list[Policy], strict: bool) -> int:
    results = list(run_cases(folder, rulebook, policies))
    failed = [result for result in results if result.wrong]
    for result in failed:
        print(f"{result.case.file}:{result.case.line}: {result.case.name}")
        for wrong in result.wrong:
            print(f"    {wrong}")
    missing = 0
    for policy in policies:
        own = [result for result in results if result.policy == policy.id]
        if not own:
            print(f"{policy.id}: has no cases")
            missing += 1
        for each in uncovered(policy, own):
            missing += 1
            if strict:
                print(
                    f"{each.policy} {each.version}: no case where {each.criterion} is {each.truth}"
                )
    print(f"{len(results)} cases, {len(failed)} wrong, {missing} branches without a case")
    return 1 if failed or (strict and missing) else 0
