"""What cannot be used is refused with file, line and what to do; nothing is half loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import BadData
from app.rulebook import Rulebook, load

Changed = Callable[..., Rulebook]


def test_a_rulebook_names_its_content_by_a_hash(folder: Path, changed: Changed) -> None:
    first = load(folder)
    assert load(folder).sha256 == first.sha256 and len(first.sha256) == 64
    second = changed("at_least: 50", "at_least: 51")
    assert second.sha256 != first.sha256
    assert second.policy("made-up").sha256 != first.policy("made-up").sha256


def test_cases_and_pages_do_not_change_the_hash(folder: Path) -> None:
    before = load(folder).sha256
    (folder / "made-up" / "cases.yaml").write_text("policy: made-up\ncases: []\n")
    (folder / "README.md").write_text("words")
    assert load(folder).sha256 == before


def test_plans_and_policies_are_found_by_id(folder: Path) -> None:
    rulebook = load(folder)
    assert rulebook.plan("FW-MA-01").line == "medicare-advantage"
    with pytest.raises(KeyError):
        rulebook.plan("nobody")
    with pytest.raises(KeyError):
        rulebook.policy("nobody")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: made-up", "id: Made Up", "policy.yaml:1: 'Made Up': an id has small letters"),
        ("owner: Tester\n", "", "policy.yaml:1: a policy needs `owner:`"),
        ("owner:", "ownr:", "a policy needs `owner:`"),
        ("grant:", "grants:", "a policy has no `grants:`; did you mean grant?"),
        ("kind: plan", "kind: plam", "'plam' is not one of"),
        ("kind: plan", "kind: lce", "did you mean lcd?"),
        (
            "cite: rule 2",
            "cite: law 2",
            "policy.yaml:21: no source 'law' stands under `sources:` (there: rule)",
        ),
        ("fact: ill,", "fact: ilm,", "policy.yaml:21: no fact 'ilm' stands under `facts:`"),
        ("at_least: 50", "at_least: fifty", "policy.yaml:22: expected a number, found 'fifty'"),
        ("at_least: 50", "at_least: NaN", "expected a number"),
        ("at_least: 50", "at_least: 50, at_most: 9", "compares its fact with exactly one of"),
        ("at_least: 50, ", "", "compares its fact with exactly one of"),
        ("at_least: 50", "is: yes", "kilos is number: compare it with"),
        ("is: yes", "is: perhaps", "expected yes or no, found 'perhaps'"),
        ("is: yes", "within: {of: kilos, from: 1 day}", "`within:` compares days; ill is yes-no"),
        ("- {id: heavy", "- {id: is-ill", "the id 'is-ill' is used twice"),
        ("fact: kilos, at_least: 50", "any: []", "no criterion stands here"),
        (
            "fact: kilos, at_least: 50",
            "at_least: 3, of: [{fact: ill, is: yes}]",
            "`at_least: 3` of 1 criteria",
        ),
        ("fact: kilos, at_least: 50", "label: {en: x}", "a criterion has one of `fact:`, `all:`"),
        ("fact: kilos, at_least: 50", "if: {fact: ill, is: yes}", "a criterion needs `then:`"),
        ("type: number", "type: numbr", "did you mean number?"),
        (
            "unit: kg",
            "unit: kg\n    options: [{code: a, label: A}]",
            "only a choice has `options:`",
        ),
        ("type: number\n    unit: kg", "type: choice", "the choice kilos needs `options:`"),
        ("type: yes-no", "type: yes-no\n    unit: kg", "only a number has a `unit:`"),
        (
            "unit: kg",
            "unit: kg\n    derive: ill\n    find: [{observation: 2708-6}]",
            "is either found or derived",
        ),
        (
            "unit: kg",
            "unit: kg\n    derive: {sum: [nothing]}",
            "kilos is computed from 'nothing', which is no fact",
        ),
        ("unit: kg", "unit: kg\n    derive: {sum: [kilos]}", "kilos is computed from itself"),
        ("unit: kg", "unit: kg\n    derive: {bmi: [ill]}", "bmi takes 2 operands, found 1"),
        ("unit: kg", "unit: kg\n    derive: {sum: []}", "sum takes one or more operands, found 0"),
        ("unit: kg", "unit: kg\n    derive: {power: [ill]}", "'power' is no operation"),
        (
            "unit: kg",
            "unit: kg\n    derive: {sum: [ill], lowest: [ill]}",
            "an expression is one operation",
        ),
        (
            "unit: kg",
            "unit: kg\n    find: [{observation: 2708-6, order: X1}]",
            "a place names one of",
        ),
        (
            "unit: kg",
            "unit: kg\n    find: [{observation: 2708-6, where: {activity: flying}}]",
            "activity is one of exercise, rest, sleep",
        ),
        (
            "unit: kg",
            "unit: kg\n    find: [{observation: 2708-6, only: {about: 3}}]",
            "`only:` has one of",
        ),
        ("unit: kg", "unit: kg\n    find: [{observation: OBS 2708-6}]", "'OBS' is no code system"),
        ("unit: kg", "unit: kg\n    plausible: [1]", "`plausible:` has two numbers"),
        ("unit: kg", "unit: kg\n    look_back: soon", "expected a time like 90 days"),
        (
            "unit: kg",
            "unit: kg\n    document: letter",
            "names the document 'letter', which is not there",
        ),
        ("  kilos:", "  Kilos:", "the fact 'Kilos': a name has small letters"),
        ("  kilos:", "  units:", "units comes with every request; give this fact another name"),
        ("X1000", "X1000-Y2000", "is no range: both ends must differ in their digits only"),
        ("X1000", "X2000-X1000", "ends before it begins"),
        ("[X1000]", "{list: opd}", "no list 'opd' in policies/_lists"),
        (
            "review: prior-authorization",
            "review: not-covered",
            "is a benefit fact: it needs `text:` and `cite:`",
        ),
        ("review: prior-authorization", "review: delegated", "belong together"),
        ("applies:", "apps: [nothing]\napplies:", "no app 'nothing' stands in _apps.yaml"),
        ("services: [X1000]", "services: [X1000], delegate: clearview-imaging", "belong together"),
        (
            "review: prior-authorization",
            "review: delegated, delegate: nobody",
            "no delegate 'nobody' stands in _delegates.yaml",
        ),
        (
            "services: [X1000]",
            "services: [X1000], plans: [FW-XX-01]",
            "no plan 'FW-XX-01' stands in _plans/",
        ),
        ("services: [X1000]", "services: [X1000], lines: [medicare]", "'medicare' is not one of"),
        ("services: [X1000]", "services: [X1000], age_from: 1.5", "expected a whole number"),
        (
            "services: [X1000]",
            "services: [X1000], from: 2026-02-30",
            "expected a day like 2026-11-22",
        ),
        (
            "services: [X1000]",
            "services: [X1000], from: 2026-02-03, to: 2026-02-02",
            "`to:` lies before `from:`",
        ),
        ("services: [X1000]", "services: {all: X1}", "services from a public list needs `list:`"),
        (
            "period: 90 days",
            "period: 90 days, beyond: reduce",
            "`beyond: reduce` needs `units:` and the rule",
        ),
        ("period: 90 days", "period: 90 days, verified: no", "`verified: false` needs `because:`"),
        ("units: 2", "units: {fact: many}", "no fact 'many' stands under `facts:`"),
        ('- {version: "1", from: 2026-01-01}', "[]", "a policy needs at least one version"),
        (
            '- {version: "1"',
            '- {version: "0", to: 2026-05-05}\n  - {version: "1"',
            "versions 0 and 1 share days",
        ),
        ("owner: Tester", "owner: Tester\nowner: Other", "`owner:` stands twice here"),
        ("owner: Tester", "owner: [a, b]", "expected a text here"),
        ("owner: Tester", "owner: {a: b}", "expected a text here"),
        ("owner: Tester", "owner: \x01", "this is not YAML"),
        ("services: [X1000]", "services: [X1000], states: {a: b}", "expected a list here"),
        ("unit: kg", "unit: kg\n    find: [{request: unit}]", "'unit' is no element of a request"),
        (
            "unit: kg",
            "unit: kg\n    find: [{coverage: used/}]",
            "'used/' is no element of a coverage",
        ),
        ("owner: Tester", "owner: *somebody", "no anchor `&somebody` stands above"),
        ("owner: Tester", "owner: 'Tester", "this is not YAML"),
        ("owner: Tester", "? [a]\n: b", "expected a name before the colon"),
        ("title: {en: Made up,", "title: {de: Erfunden,", "a text needs `en:`"),
        ("title: {en: Made up, es: Inventada}", "title: [a]", "expected a text here"),
        (
            "criteria:\n",
            "tell: {provider-greeting: Hello}\ncriteria:\n",
            "`tell:` has no 'provider-greeting'",
        ),
        ("criteria:\n", "outcomes: {met: deny}\ncriteria:\n", "'deny' is not one of"),
        (
            "criteria:\n",
            "never: [{id: n, when: {fact: ill, is: yes}, text: {en: x}}]\ncriteria:\n",
            "an entry of `never:` needs `cite:`",
        ),
        (
            "criteria:\n",
            "clinician: [{id: c, when: {fact: ill, is: no}, text: {en: x}, technology: none}]\ncriteria:\n",
            "no technology 'none' stands in _new_technology.yaml",
        ),
        (
            "criteria:\n",
            "other:\n",
            "services are reviewed here, so `criteria:` or `pathways:` are needed",
        ),
        ("applies:", "appliess:", "the policy needs `applies:`"),
        ("\ngrant", "\n---\ngrant", "one document per file"),
    ],
)
def test_an_error_names_file_line_and_what_to_do(
    changed: Changed, old: str, new: str, message: str
) -> None:
    with pytest.raises(BadData) as fault:
        changed(old, new)
    assert message in str(fault.value)
    assert "policies/made-up/policy.yaml:" in str(fault.value)


def test_windows_need_an_edge(changed: Changed) -> None:
    with pytest.raises(BadData, match="needs `from:` or `to:`"):
        changed("fact: ill, is: yes", "fact: service-day, within: {of: request-day}")


def test_an_option_must_exist_and_an_instant_must_be_one(folder: Path, changed: Changed) -> None:
    choice = "type: choice\n    options: [{code: a, label: {en: A}}]"
    with pytest.raises(BadData, match=r"'yes' is no option of ill \(there are a\)"):
        changed("type: yes-no", choice)
    changed("is: yes", "is: a")
    with pytest.raises(BadData, match="expected an instant like"):
        changed(choice, "type: instant\n    otherwise: noon")


def test_all_broken_files_are_named_at_once(folder: Path) -> None:
    (folder / "made-up" / "policy.yaml").write_text("id: made-up\n")
    (folder / "second").mkdir()
    (folder / "second" / "policy.yaml").write_text("- a\n")
    (folder / "_plans" / "FW-MA-01.yaml").write_text("id: FW-MA-01\n")
    with pytest.raises(BadData) as fault:
        load(folder)
    lines = str(fault.value).splitlines()
    assert len(lines) == 3


def test_two_policies_cannot_have_one_id(folder: Path) -> None:
    (folder / "second").mkdir()
    (folder / "second" / "policy.yaml").write_text((folder / "made-up" / "policy.yaml").read_text())
    with pytest.raises(BadData, match="the id 'made-up' is taken by"):
        load(folder)


def test_a_folder_and_its_shared_files_must_be_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="is no folder"):
        load(tmp_path / "nowhere")
    (folder / "_terms.yaml").unlink()
    with pytest.raises(BadData, match=r"needs the file _terms\.yaml"):
        load(folder)


def test_an_empty_or_unreadable_file_is_refused(folder: Path) -> None:
    path = folder / "made-up" / "policy.yaml"
    path.write_text("# nothing\n")
    with pytest.raises(BadData, match="the file is empty"):
        load(folder)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadData, match="cannot be read"):
        load(folder)


def test_nesting_has_a_limit(folder: Path) -> None:
    (folder / "made-up" / "policy.yaml").write_text("id: " + "[" * 100 + "]" * 100)
    with pytest.raises(BadData, match="nested more than 60 deep"):
        load(folder)


def test_names_of_states_and_numbers_stay_text(changed: Changed) -> None:
    rulebook = changed("services: [X1000]", "services: [X1000, 0024, 1.10], states: [NO, OH]")
    scope = rulebook.policy("made-up").versions[0].scopes[0]
    assert scope.where.states == {"NO", "OH"}
    assert ("HCPCS", "0024") in scope.services.codes.exact


def test_a_text_may_be_anchored(changed: Changed) -> None:
    rulebook = changed("owner: Tester", "owner: &who Tester\nrole: coverage")
    again = changed("cite: rule 2}", "cite: rule 2, label: *who}")
    assert rulebook.policy("made-up").owner == "Tester"
    criterion = again.policy("made-up").versions[0].criterion
    assert criterion is not None and criterion.parts[0].label == {"en": "Tester"}


def test_anchors_and_merges_are_understood(changed: Changed) -> None:
    rulebook = changed(
        "grant: {units: 2, period: 90 days}",
        "grant: &usual {units: 2, period: 90 days}\npathways:\n"
        "  - {id: a, label: A, criteria: {fact: ill, is: yes, cite: rule}, grant: {<<: *usual, units: 3}}",
    )
    way = rulebook.policy("made-up").versions[0].pathways[0]
    assert way.grant is not None and way.grant.units == 3 and way.grant.period.days == 90
    with pytest.raises(BadData):
        changed("*usual", "*other")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("_lists/opd.csv", "code,list\n", "the columns must be"),
        (
            "_lists/opd.csv",
            "code,category,from,to,states,beside,source,read_on\nX1\n",
            "expected 8 columns",
        ),
        (
            "_lists/opd.csv",
            "code,category,from,to,states,beside,source,read_on\nX1,a,,,,,,2026-01-01\n",
            "a row needs its code, its source",
        ),
        (
            "_lists/opd.csv",
            "code,category,from,to,states,beside,source,read_on\nX1,a,soon,,,,s,2026-01-01\n",
            "expected a day like",
        ),
        ("_deadlines.yaml", "time_zone: Mars\nrules: []\n", "'Mars' is no time zone"),
        ("_delegates.yaml", "a: {name: A}\n", "a delegate needs `phone:`"),
        ("_apps.yaml", "a: {launch: 'http://x'}\n", "must begin with https://"),
        ("_apps.yaml", "a: {launch: 'https://x', topic: fun}\n", "'fun' is not one of"),
        (
            "_deadlines.yaml",
            "time_zone: UTC\nrules: [{id: a, amount: 3, unit: moons}]\n",
            "'moons' is not one of",
        ),
        (
            "_deadlines.yaml",
            "time_zone: UTC\nrules: [{id: a, amount: 3, unit: days}]\n",
            "needs `cite:`",
        ),
        (
            "_new_technology.yaml",
            "register: [{id: a, label: A, services: [X1], evidence: {fda: {status: missing}}}]\n",
            "the evidence slots are",
        ),
        (
            "_new_technology.yaml",
            "register: [{id: a, label: A, services: [X1], evidence: {fda: {status: supports}}}]\n",
            "has a `source:` and the day it is `dated:`",
        ),
        (
            "_gold_cards.yaml",
            'cards: [{npi: "1", services: [X1], from: 2026-01-01}]\n',
            "exemptions end",
        ),
        (
            "_gold_cards.yaml",
            'sources: {s: {title: T, url: "https://s"}}\n'
            'cards: [{npi: "1", services: [X1], from: 2026-01-01, to: 2026-12-31, cite: s, states: [TX]}]\n',
            "limited to `plans:` and `lines:` only",
        ),
        (
            "_sensitive.yaml",
            'phone: "1"\ncategories: [{id: a, cite: s}]\n',
            "has `services:` or `diagnoses:`",
        ),
        (
            "_plans/FW-MA-01.yaml",
            "id: A\nname: A\npayer: P\nline: chip\nunlisted: none\nexclusions: [{id: a, text: A, services: [X1]}]\n",
            "it needs `cite:`",
        ),
        ("_terms.yaml", "systems: {}\n", "the terms needs `qualifiers:`"),
    ],
)
def test_shared_files_are_checked_too(folder: Path, name: str, content: str, message: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadData) as fault:
        load(folder)
    assert message in str(fault.value)
    assert Path(name).name in str(fault.value)


def test_rows_of_a_list_must_be_meant_by_a_scope(folder: Path, changed: Changed) -> None:
    (folder / "_lists").mkdir()
    (folder / "_lists" / "opd.csv").write_text(
        "code,category,from,to,states,beside,source,read_on\nX1,a,,,,,s,2026-01-01\n"
    )
    with pytest.raises(BadData, match="no row of the list is meant"):
        changed("[X1000]", "{list: opd, category: b}")
