"""Two ways of writing one name agree; two names do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.determine.names import agree, same, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Delgado", "DELGADO"),
        ("Núñez", "Nunez"),
        ("Nu\u0301n\u0303ez", "Núñez"),
        ("O'Brien", "OBrien"),
        ("O’Brien", "O Brien"),
        ("Smith-Jones", "Smith Jones"),
        ("Smith-Jones", "Jones"),
        ("Garcia Lopez", "García"),
        ("Hughes Jr.", "Hughes"),
        ("Stein III", "Stein"),
        ("De La Cruz", "Delacruz"),
        ("van den Berg", "Berg"),
        ("Łukasz", "Lukasz"),
        ("Strauß", "Strauss"),
        ("Sørensen", "Sorensen"),
        ("李", "李"),
        ("", "Anything"),
        ("---", "Anything"),
    ],
)
def test_these_do_not_contradict(one: str, other: str) -> None:
    assert agree(one, other) and agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Delgado", "Hughes"),
        ("De La Cruz", "De La Rosa"),
        ("De", "De La Cruz"),
        ("Smith", "Smithson"),
        ("Kim", "Kimm"),
        ("Garcia Lopez", "Garcia Ruiz"),
        ("李", "王"),
    ],
)
def test_these_contradict(one: str, other: str) -> None:
    assert not agree(one, other) and not agree(other, one)


def test_a_name_that_is_only_a_suffix_is_kept() -> None:
    assert words("Jr") == ("jr",)


def test_a_missing_name_confirms_nothing() -> None:
    assert agree("", "Kim") and not same("", "Kim") and same("Kim", "KIM")


@given(st.text(), st.text())
def test_agreement_is_symmetric(one: str, other: str) -> None:
    assert agree(one, other) is agree(other, one)


@given(st.text())
def test_a_name_agrees_with_itself_in_any_case(name: str) -> None:
    assert agree(name, name) and words(name) == words(name.casefold())
