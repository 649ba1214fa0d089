"""The quick look at an envelope never takes what its schema refuses."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.web.cds import envelope

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(""),
    st.text(max_size=3),
    st.lists(st.one_of(st.text(max_size=2), st.none(), st.integers()), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
)
SCHEMAS = [envelope._ENVELOPE, *envelope._CONTEXTS.values()]
# on a new machine the first text waits until Hypothesis has written its table of characters
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = sorted({field.data_key or name for each in SCHEMAS for name, field in each.fields.items()})


@PATIENT
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)))
def test_what_is_taken_at_a_glance_keeps_the_rules(document: dict[str, Any]) -> None:
    for schema in SCHEMAS:
        assert not (envelope._sound(schema)(document) and schema.validate(document))


@PATIENT
@given(st.sampled_from(SCHEMAS), st.data())
def test_a_right_call_is_taken_at_a_glance(schema: Any, data: st.DataObject) -> None:
    """Only members with more to them than their type (an address, a token) need the schema."""
    whole = {
        field.data_key or name: data.draw(VALUES)
        for name, field in schema.fields.items()
        if name not in ("fhirServer", "fhirAuthorization")
    }
    assert envelope._sound(schema)(whole) or schema.validate(whole)
