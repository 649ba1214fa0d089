"""What narrative FHIR allows: txt-1 and txt-2 without rendering anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir.urls import core
from app.fhir.validate.fhirpath.narrative import has_content, is_safe, problem


def div(inside: str, attributes: str = "") -> str:
    return f'<div xmlns="{core.XHTML}"{attributes}>{inside}</div>'


@pytest.mark.parametrize(
    "text",
    [
        div("a"),
        f"<div xmlns='{core.XHTML}'>a</div>",
        div("<p>a&nbsp;b &amp; &#160;</p><br/><hr />"),
        div('<table class="x" border="1"><tr><td rowspan="2" nowrap="nowrap">a</td></tr></table>'),
        div('<img src="a.png" alt="x &gt; y"/>'),
        div('<a href="http://example.org/?a=1">a = "b"</a>', ' lang="en" xml:lang="en"'),
        div("<!-- a note -->a"),
        div('<img src="data:image/png;base64,AAAA"/>'),
        f"  {div('a')}\n",
    ],
)
def test_allowed_narrative_passes(text: str) -> None:
    """Basic formatting, tables, images, links, entities and comments are allowed."""
    assert problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "<p>a</p>",
        "<div>no namespace</div>",
        div("<script>alert(1)</script>"),
        div("<ScRiPt>alert(1)</ScRiPt>"),
        div("<iframe src='http://x'></iframe>"),
        div("<form><input/></form>"),
        div("<svg><circle/></svg>"),
        div('<p onclick="x()">a</p>'),
        div("<p onclick = 'x()'>a</p>"),
        div('<p href="http://x">a</p>'),
        div('<a href="javascript:alert(1)">a</a>'),
        div('<a href=" java&#x0A;script:alert(1)">a</a>'),
        div('<a href="&#106;avascript:alert(1)">a</a>'),
        div('<img src="data:text/html,x"/>'),
        div("a</p>"),
        div("a & b"),
        div("&nosuch;"),
        div("a") + div("b"),
        "before" + div("a"),
        div("<p>a"),
        div('<p title="a" title="b">a</p>'),
        div("<![CDATA[<script>]]>"),
        f'<!DOCTYPE div [<!ENTITY a "b">]>{div("&a;")}',
        "<?xml version='1.0'?>" + div("a"),
        None,
        5,
        ["a"],
    ],
)
def test_other_narrative_is_refused(text: object) -> None:
    """Scripts, handlers, active addresses, foreign elements and broken XML are refused."""
    assert not is_safe(text)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (div("a"), True),
        (div("<p> <b>a</b></p>"), True),
        (div('<img src="a.png"/>'), True),
        (div(""), False),
        (div("<p> \n </p>"), False),
        (None, False),
    ],
)
def test_narrative_says_something(text: object, content: bool) -> None:
    """txt-2 asks for words or an image."""
    assert has_content(text) is content


@given(st.one_of(st.text(), st.text(alphabet="<>/&;!?-\"' =adivpxmlns:\n").map(div)))
def test_any_text_gets_an_answer(text: str) -> None:
    """No text makes the check raise, and what it finds never repeats the text."""
    found = problem(text)
    assert found is None or found.startswith("the ")
