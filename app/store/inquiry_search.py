"""The cases that may be what an inquiry asks for, narrowed in the database.

Each condition is one that every right hit meets; what is found is compared exactly afterwards, so a
condition that cannot be told in SQL is left out. A case from before a column was there (NULL) passes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, false, or_, select

from app.domain.inquiry import Example, Inquiry
from app.domain.values import Period
from app.store.tables import case_items, case_members, case_numbers, cases
from app.store.types import key_text

MOST_ALTERNATIVES = 20
"""Alternatives of one condition; a question with more is not narrowed by it here."""

Condition = ColumnElement[bool]


def search(inquiry: Inquiry, columns: Iterable[Any]) -> Select[Any]:
    """A select of `columns` of cases, newest first, with parameters tenant, before and most.

    The member's cases are looked into one by one, and their heads read last: PostgreSQL takes a thousand
    of them for a reason to read a whole table.
    """
    found = (
        select(case_members.c.tenant, case_members.c.case_id)
        .where(
            case_members.c.tenant == bindparam("tenant"),
            case_members.c.key.in_([key_text(each) for each in inquiry.members]),
            case_members.c.case_id < bindparam("before"),
            *_first(
                _numbered(inquiry.numbers),
                [*_lines(inquiry), *_head(*_about(inquiry), *_seen_by(inquiry))],
            ),
        )
        .order_by(case_members.c.case_id.desc())
        .limit(bindparam("most"))
        .cte("found")
    )
    return (
        select(*columns)
        .join_from(
            found, cases, (cases.c.tenant == found.c.tenant) & (cases.c.id == found.c.case_id)
        )
        .order_by(cases.c.id.desc())
    )


def listed(codes: Iterable[str]) -> str | None:
    """Codes as a column holds them, each between spaces; None when that could not be searched."""
    kept = sorted(set(codes))
    text = f" {' '.join(kept)} "
    odd = any(len(code.split()) != 1 for code in kept) or "\0" in text
    return None if odd or len(text) > 2_000 else text


def _seen_by(inquiry: Inquiry) -> list[Condition]:
    """A provider who asks, or one that it names, stands in the request."""
    named = inquiry.provider_npis | inquiry.team_npis
    if len(named) > MOST_ALTERNATIVES:
        return []
    of_line = " " + case_items.c.ordering_npis + " " + case_items.c.rendering_npis + " "
    line = _line(or_(*[of_line.contains(f" {npi} ", autoescape=True) for npi in sorted(named)]))
    own = cases.c.requestor_npi.in_([key_text(each) for each in sorted(inquiry.provider_npis)])
    return [or_(own, line)]


def _about(inquiry: Inquiry) -> list[Condition]:
    """The person's birth date, and one of the diagnoses asked for."""
    found: list[Condition] = []
    born = inquiry.person.birth_date
    if born is not None:
        found.append(or_(cases.c.born.is_(None), cases.c.born == born))
    codes = sorted({code for _, code in inquiry.diagnoses})
    if codes and len(codes) <= MOST_ALTERNATIVES:
        told = [cases.c.diagnoses.contains(f" {code} ", autoescape=True) for code in codes]
        found.append(or_(cases.c.diagnoses.is_(None), *told))
    return found


def _lines(inquiry: Inquiry) -> list[Condition]:
    found = [_line(*_in_days(inquiry.days))] if inquiry.days else []
    if 0 < len(inquiry.examples) <= MOST_ALTERNATIVES:
        found.append(or_(*[_like(each) for each in inquiry.examples]))
    return found


def _like(example: Example) -> Condition:
    """One line is like the example; its numbers may be of the case as well."""
    line = _in_days(example.days)
    codes = sorted({key_text(code) for _, code in example.services})
    if codes:
        line.append(case_items.c.service_code.in_(codes))
    if example.outcomes:
        line.append(case_items.c.outcome.in_(sorted(each.value for each in example.outcomes)))
    return and_(*_first(_numbered(example.numbers), [_line(*line)]))


def _first(narrow: list[Condition], rest: list[Condition]) -> list[Condition]:
    """All of them, `rest` only where `narrow` holds: a plan that PostgreSQL makes for members of a few
    cases would look into each of a thousand before it asks for the one with a number.
    """
    if not narrow or not rest:
        return narrow or rest
    return [case((and_(*narrow), and_(*rest)), else_=false())]


def _head(*conditions: Condition) -> list[Condition]:
    """The head of the case is like that. It is looked at after the lines, as it costs more."""
    mine = (cases.c.tenant == case_members.c.tenant, cases.c.id == case_members.c.case_id)
    return [_one_by_one(select(cases.c.id).where(*mine, *conditions))] if conditions else []


def _line(*conditions: Condition) -> Condition:
    """A line of the case is like that."""
    mine = (
        case_items.c.tenant == case_members.c.tenant,
        case_items.c.case_id == case_members.c.case_id,
    )
    return _one_by_one(select(case_items.c.sequence).where(*mine, *conditions))


def _one_by_one(rows: Select[Any]) -> Condition:
    """OFFSET 0 keeps PostgreSQL from looking for such rows first: of everybody's there are many, of one
    member's few.
    """
    return rows.offset(0).correlate(case_members).exists()


def _in_days(days: Period | None) -> list[Condition]:
    found: list[Condition] = []
    if days and days.end:
        found.append(or_(case_items.c.starts.is_(None), case_items.c.starts <= days.end))
    if days and days.start:
        found.append(or_(case_items.c.ends.is_(None), case_items.c.ends >= days.start))
    return found


def _numbered(groups: Iterable[frozenset[str]]) -> list[Condition]:
    """The case has a number of each group."""
    return [
        exists().where(
            case_numbers.c.tenant == case_members.c.tenant,
            case_numbers.c.value.in_([key_text(each) for each in sorted(group)]),
            case_numbers.c.case_id == case_members.c.case_id,
        )
        for group in groups
    ]
