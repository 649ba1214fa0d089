"""FHIRPath, function by function: what an expression gives on a small element."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.fhir.validate.fhirpath import BadExpression, Context, NotSupported, PathError
from app.fhir.validate.fhirpath.expression import compile_expression
from app.fhir.validate.fhirpath.nodes import Element

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "birthDate": "1990-02-03",
    "_birthDate": {
        "extension": [{"url": "http://x/time", "valueDateTime": "1990-02-03T10:00:00Z"}]
    },
    "name": [
        {"use": "official", "family": "Ng", "given": ["Ann", "Bea"]},
        {"use": "usual", "given": ["Nan"], "_family": {"extension": [{"url": "http://x/none"}]}},
    ],
    "multipleBirthInteger": 2,
    "contact": [{"relationship": [{"coding": [{"code": "N"}]}], "gender": "female"}],
    "generalPractitioner": [{"reference": "#doc"}, {"reference": "Organization/1"}],
    "contained": [{"resourceType": "Practitioner", "id": "doc"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "valueQuantity": {
        "value": 1.50,
        "unit": "mg",
        "system": "http://unitsofmeasure.org",
        "code": "mg",
    },
    "effectivePeriod": {"start": "2024-01-01T23:00:00-05:00", "end": "2024-01-02T05:00:00Z"},
}


def run(expression: str, resource: dict[str, Any] = PATIENT) -> list[Any]:
    context = Context(
        resource,
        resolve=lambda reference: {"resourceType": reference.split("/")[0], "id": "1"},
        member_of=lambda node, value_set: node == "final" if value_set == "http://vs" else None,
    )
    found = compile_expression(expression, resource["resourceType"])(resource, context)
    return [item.value if isinstance(item, Element) else item for item in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name.given", ["Ann", "Bea", "Nan"]),
        ("Patient.name.first().given.last()", ["Bea"]),
        ("name[1].given[0]", ["Nan"]),
        ("name.where(use = 'usual').given", ["Nan"]),
        ("name.given.tail()", ["Bea", "Nan"]),
        ("name.given.skip(1).take(1)", ["Bea"]),
        ("name.count()", [2]),
        ("name.family.count()", [2]),
        ("name.family.exists()", [True]),
        ("name[1].family.hasValue()", [False]),
        ("name[1].family.extension('http://x/none').exists()", [True]),
        ("name.all(given.exists())", [True]),
        ("name.exists(use = 'old')", [False]),
        ("name.select(given.count())", [2, 1]),
        ("name.select($index)", [0, 1]),
        ("name.given.select($this & '!')", ["Ann!", "Bea!", "Nan!"]),
        ("name.use.isDistinct()", [True]),
        ("(name.use | name.use).count()", [2]),
        ("name.use.combine(name.use).count()", [4]),
        ("name.use.combine(name.use).distinct().count()", [2]),
        ("name.use.intersect('usual' | 'old')", ["usual"]),
        ("name.use.exclude('usual')", ["official"]),
        ("name.use.subsetOf('usual' | 'official' | 'old')", [True]),
        ("name.use.supersetOf('usual')", [True]),
        ("name.given.aggregate($total + 1, 0)", [3]),
        ("iif(active, 'yes', 'no')", ["yes"]),
        ("iif(active.not(), 'yes')", []),
        ("name.single()", PathError),
        ("active", [True]),
        ("active.not()", [False]),
        ("{}.not()", []),
        ("active and {}", []),
        ("active.not() and {}", [False]),
        ("active or {}", [True]),
        ("active xor {}", []),
        ("{} implies active", [True]),
        ("active.not() implies {}", [True]),
        ("name or active", PathError),
        ("'a' in ('a' | 'b')", [True]),
        ("('a' | 'b') contains 'c'", [False]),
        ("{} in ('a' | 'b')", []),
        ("1 + 2 * 3 - 4", [3]),
        ("7 div 2", [3]),
        ("-7 mod 2", [-1]),
        ("1 / 4", [Decimal("0.25")]),
        ("1 / 0", []),
        ("0.1 + 0.2 = 0.3", [True]),
        ("1 = 1.0", [True]),
        ("'a' + 'b'", ["ab"]),
        ("'a' & {}", ["a"]),
        ("'a' + {}", []),
        ("'Ab C' ~ 'ab  c'", [True]),
        ("'a' != {}", []),
        ("'abc'.substring(1, 1)", ["b"]),
        ("'abc'.substring(9)", []),
        ("'abc'.indexOf('c')", [2]),
        ("'abc'.contains('b') and 'abc'.startsWith('a') and 'abc'.endsWith('c')", [True]),
        ("'abc'.upper().lower().length()", [3]),
        ("'a-b'.replace('-', '+')", ["a+b"]),
        ("'a.b.c'.replaceMatches('\\\\..*', '')", ["a"]),
        ("'a,b'.split(',').join(';')", ["a;b"]),
        ("'abc'.toChars().count()", [3]),
        ("'1abc'.matches('[a-c]+')", [True]),
        ("'1abc'.matchesFull('[a-c]+')", [False]),
        ("''.matches('.*')", [False]),
        ("'12'.toInteger() + 1", [13]),
        ("'x'.toInteger()", []),
        ("'1.5'.toDecimal() > 1", [True]),
        ("'true'.toBoolean()", [True]),
        ("1.toString()", ["1"]),
        ("'5 \\'mg\\''.toQuantity() = 5 'mg'", [True]),
        ("1.5.floor() = 1 and 1.5.ceiling() = 2 and (-1.5).abs() = 1.5", [True]),
        ("'x'.trace('secret')", ["x"]),
        ("birthDate = @1990-02-03", [True]),
        ("birthDate < @1990-03", [True]),
        ("birthDate > @1990-02", []),
        ("birthDate.extension('http://x/time').value = @1990-02-03T05:00:00-05:00", [True]),
        ("birthDate.toString().length()", [10]),
        ("@T10:00 < @T10:30", [True]),
        ("@2024-01-01T00:00:00+02:00 = @2023-12-31T22:00:00Z", [True]),
        ("@2024-01-01 < @T10:30", PathError),
        ("multipleBirth", [2]),
        ("multipleBirth is integer", [True]),
        ("multipleBirth.is(boolean)", [False]),
        ("multipleBirth.ofType(boolean)", []),
        ("multipleBirth as integer", [2]),
        ("multipleBirth is Integer", [False]),
        ("1 is System.Integer", [True]),
        ("%resource is Patient and %rootResource is DomainResource", [True]),
        ("%context.id", ["p"]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("%`vs-a`.endsWith('/a') and %`ext-b`.endsWith('/b')", [True]),
        ("generalPractitioner.resolve().select(is(Practitioner))", [True, False]),
        ("generalPractitioner.resolve().ofType(Organization).id", ["1"]),
        ("descendants().where($this = 'N').exists()", [True]),
        ("children().ofType(ContactPoint).exists()", [False]),
        ("contact.repeat(relationship | coding).code", ["N"]),
        ("(true | false).anyFalse()", [True]),
        ("(true | false).allFalse()", [False]),
        ("gender.empty()", [True]),
        ("coalesce(gender, contact.gender)", ["female"]),
        ("defineVariable('n', name.count()).select(%n + 1)", [3]),
    ],
)
def test_expression_gives(expression: str, expected: Any) -> None:
    """An expression on a patient gives what FHIRPath says."""
    if expected is PathError:
        with pytest.raises(PathError):
            run(expression)
    else:
        assert run(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("value.value", [1.5]),
        ("value.ofType(Quantity).code", ["mg"]),
        ("value > 1.4 'mg'", [True]),
        ("value = 1.5 'mg'", [True]),
        ("value > 1 'kg'", []),
        ("effective.start <= effective.end", [True]),
        ("effective.ofType(Period).start < @2024-01-02T04:30:00Z", [True]),
        ("status.memberOf('http://vs')", [True]),
        ("true or status.memberOf('http://unknown')", [True]),
    ],
)
def test_choices_quantities_and_moments(expression: str, expected: Any) -> None:
    """Choice elements, quantities and instants with other offsets compare by what they mean."""
    assert run(expression, OBSERVATION) == expected


@pytest.mark.parametrize("text", ["name.", "name..given", "name name", "a ==", "", "nosuch()"])
def test_no_expression_is_refused(text: str) -> None:
    """What is not FHIRPath, or names a function that nobody knows, is refused when it is compiled."""
    with pytest.raises(BadExpression):
        compile_expression(text)


@pytest.mark.parametrize(
    "text",
    ["conformsTo('http://x')", "id.memberOf('http://unknown')", "%nosuch", "birthDate + 1 'day'"],
)
def test_what_we_do_not_do_says_so(text: str) -> None:
    """An expression that needs more than we do raises NotSupported, so it cannot pass for an answer."""
    with pytest.raises(NotSupported):
        run(text)


def test_trace_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """trace() passes its items on and prints nothing: they may be a person's data."""
    run("name.trace('names').given")
    out, err = capsys.readouterr()
    assert out == "" and err == ""
