"""Entries of a bundle are found as FHIR resolves references."""

from __future__ import annotations

from app.fhir.bundle import Index, entries, resolve, rest_parts

_A = {"fullUrl": "http://a.org/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1"}}
_B = {"fullUrl": "http://b.org/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1"}}
_C = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Coverage", "id": "2"}}
_BUNDLE = {"resourceType": "Bundle", "entry": [_A, _B, _C]}


def test_an_absolute_reference_is_a_full_url_with_or_without_version() -> None:
    assert resolve(_BUNDLE, "http://b.org/fhir/Patient/1", None) is _B
    assert resolve(_BUNDLE, "http://b.org/fhir/Patient/1/_history/3", None) is _B
    assert resolve(_BUNDLE, "urn:uuid:1", None) is _C
    assert resolve(_BUNDLE, "http://c.org/fhir/Patient/1", None) is None


def test_a_relative_reference_stays_on_the_server_of_the_entry_that_refers() -> None:
    assert resolve(_BUNDLE, "Patient/1", "http://b.org/fhir/Claim/9") is _B
    assert resolve(_BUNDLE, "Coverage/2", "http://b.org/fhir/Claim/9") is None


def test_without_a_server_type_and_id_decide_if_they_are_unique() -> None:
    assert resolve(_BUNDLE, "Coverage/2", "urn:uuid:9") is _C
    assert resolve(_BUNDLE, "Patient/1", "urn:uuid:9") is None


def test_what_is_no_entry_is_passed_over() -> None:
    assert list(entries({"entry": [None, {}, {"resource": 1}]})) == []
    assert list(entries({"entry": 5})) == []
    assert Index({"entry": [_A, _A]}).duplicates == [1]


def test_parts_of_an_address() -> None:
    assert rest_parts("http://a/b/Patient/1") == ("http://a/b/", "Patient", "1")
    assert rest_parts("Patient/1") == ("", "Patient", "1")
    assert rest_parts("urn:uuid:1") is None
