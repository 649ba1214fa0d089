"""Check, test, compare and replace the rulebook: the folder of policies that decides."""

from __future__ import annotations

import argparse
from pathlib import Path

from app import resources
from app.cli import policy_shelf, policy_trials
from app.clock import moment
from app.determine.deadlines import protections
from app.domain.coverage import Coverage
from app.domain.policy import Policy
from app.domain.values import Period
from app.errors import BadData
from app.rulebook import Rulebook, folder_in_force, load
from app.rulebook.diff import differences
from app.rulebook.lint import lint
from app.rulebook.page import page
from app.rulebook.scaffold import scaffold
from app.rulebook.trial import run as run_cases
from app.rulebook.trial import uncovered
from app.settings import Settings

EXAMPLES = """\
examples:
  forthwith policy lint                            read every file, list what is not verified
  forthwith policy test                            run every case of every policy
  forthwith policy test home-oxygen --uncovered    one policy, and the branches that no case reaches
  forthwith policy show home-oxygen --language es  a policy as a page
  forthwith policy new seat-lift --service E0627   the draft of a policy with its cases
  forthwith policy diff policies my/policies       what changed, in words
  forthwith policy simulate my/policies            which answers would change, and why
  forthwith policy protects FW-FI-01               the deadlines that protect a plan's members
  forthwith policy stats                           how often each policy says yes
  forthwith policy activate my/policies            check it, then bring it into force
  forthwith policy rollback                        bring back the one before
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
    new = actions.add_parser("new", help="write the draft of a policy")
    new.add_argument("policy", help="the id: small letters, digits, hyphens")
    new.add_argument("--service", default="X0000", help="its first service code")
    compare = actions.add_parser("diff", help="say what changed between two rulebooks")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    protects = actions.add_parser("protects", help="the deadlines that protect a plan's members")
    protects.add_argument("plan", help="a plan id")
    for each in (check, test, show, new, protects):
        each.add_argument("--folder", type=Path, default=argparse.SUPPRESS)
    policy_trials.configure(actions)
    policy_shelf.configure(actions)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 done, 1 when a case fails or something must be better."""
    if args.action in policy_shelf.ACTIONS:
        return policy_shelf.run(args, settings)
    if args.action == "diff":
        return _diff(args.before, args.after)
    folder = args.folder or in_force(settings)
    if args.action == "new":
        print(scaffold(folder, args.policy, args.service, moment().now.date()))
        return 0
    rulebook = load(folder)
    if args.action in policy_trials.ACTIONS:
        return policy_trials.run(args, settings, folder, rulebook)
    if args.action == "lint":
        return _lint(rulebook, _chosen(rulebook, args.policies))
    if args.action == "protects":
        return _protects(rulebook, args.plan)
    if args.action == "test":
        return _test(folder, rulebook, _chosen(rulebook, args.policies), args.uncovered)
    for line in page(_chosen(rulebook, [args.policy])[0], args.language):
        print(line)
    return 0


def in_force(settings: Settings) -> Path:
    """The folder of the rulebook in force: of the shelf, of the settings, or the shipped one."""
    return folder_in_force(settings.policies_dir or resources.data("policies"))


def _chosen(rulebook: Rulebook, names: list[str]) -> list[Policy]:
    for name in names:
        if name not in rulebook.policies:
            known = ", ".join(rulebook.policies)
            raise BadData(f"The rulebook has no policy {name!r} (there are {known}).")
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


def _protects(rulebook: Rulebook, name: str) -> int:
    if name not in rulebook.plans:
        raise BadData(f"There is no plan {name!r} (there are {', '.join(rulebook.plans)}).")
    member = Coverage("", rulebook.plan(name), Period())
    for rule in protections(rulebook.deadlines, member, moment().now.date()):
        reviews = ", ".join(sorted(rule.reviews)) or "every review"
        urgencies = ", ".join(sorted(rule.urgencies)) or "every urgency"
        cited = f"{rule.citation.title}, {rule.citation.section}".rstrip(", ")
        print(f"{rule.amount} {rule.unit}: {reviews}; {urgencies} [{cited}]")
    return 0


def _diff(before: Path, after: Path) -> int:
    found = list(differences(load(before), load(after)))
    for difference in found:
        print(difference.sentence())
    print(f"{len(found)} differences")
    return 0
