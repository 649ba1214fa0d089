"""Whether a narrative is XHTML that FHIR allows: well formed, no active content, something to read.

FHIR R4 §2.4.1 (Narrative) lists the elements and attributes; invariants txt-1 and txt-2 refer to
it. Nothing is ever rendered or resolved: expat reads its tags, and each must be on the list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import name2codepoint
from xml.parsers.expat import ExpatError, ParserCreate

from app.fhir.urls import core


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _words(
    "p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite "
    "blockquote hr address bdo kbd sub sup ul ol li dl dt dd pre table caption colgroup col thead "
    "tr tfoot tbody th td code samp img map area"
)
_ATTRIBUTES = _words(
    "title style class id lang xml:lang xml:space dir accesskey tabindex span width align valign "
    "char charoff abbr axis headers scope rowspan colspan"
)
_ATTRIBUTES_OF = {
    "a": "href name charset type hreflang rel rev shape coords",
    "img": "src border alt longdesc height width usemap ismap",
    "blockquote": "cite",
    "q": "cite",
    "map": "name",
    "area": "shape coords href nohref alt",
    "table": "summary width border frame rules cellspacing cellpadding",
    "pre": "space",
    "td": "nowrap",
}
_OWN = {name: _words(names) for name, names in _ATTRIBUTES_OF.items()}
_ADDRESSES = frozenset(("href", "src", "cite", "longdesc"))
_ACTIVE = re.compile(r"\s*(?:javascript|vbscript|data(?!:image/))\s*:", re.IGNORECASE)

_COMMENT = re.compile(r"<!--(?:(?!--).)*-->", re.DOTALL)
# Browsers ignore these inside the scheme of an address.
_SPACE = re.compile(r"[\x00-\x20]")
_OPENING = re.compile(r"<([^/][^>]*)")
_NAME = re.compile(r"[^\s/<>]+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|([A-Za-z][A-Za-z0-9]*));")
_WORD = re.compile(r">[^<]*[^<\s]")


_DISALLOWED = "the narrative holds an element or attribute that FHIR does not allow"


def problem(text: object) -> str | None:
    """What is wrong with a `div`, as a sentence without its content; None if nothing is (txt-1)."""
    if not isinstance(text, str):
        return "the narrative is not text"
    text = text.strip()
    if "&" in text:
        text = _ENTITY.sub(lambda found: "." if found[1] in name2codepoint else found[0], text)
    tags = set(_OPENING.findall(text))
    if any(tag[0] in "!?" for tag in tags):
        text = _COMMENT.sub("", text).strip()
        tags = set(_OPENING.findall(text))
        if any(tag[0] in "!?" for tag in tags):
            return "the narrative is not one XHTML div"
    if not text.startswith("<div"):
        return "the narrative is not one XHTML div"
    if core.XHTML not in text[: text.find(">")]:
        return "the div does not name the XHTML namespace"
    # Without a document type (refused above) expat expands nothing and reads nothing else.
    try:
        ParserCreate().Parse(text, True)
    except (ExpatError, ValueError):
        return "the narrative is not well-formed XHTML"
    if text.count("<") == text.count(">"):  # no > inside a value: tags can be cut out
        allowed = all(map(_is_allowed_tag, tags))
    else:
        allowed = _has_allowed_elements(text)
    return None if allowed else _DISALLOWED


@lru_cache(maxsize=2048)
def _is_allowed_tag(tag: str) -> bool:
    """Whether the inside of an opening tag is on the list. A narrative has few different ones."""
    name = _NAME.match(tag)
    return name is not None and _has_allowed_elements(f"<{tag.rstrip('/')}></{name[0]}>")


def _has_allowed_elements(text: str) -> bool:
    """Whether every element of well-formed text is on the list, with its attributes."""
    refused: list[str] = []

    def start(element: str, attributes: list[str]) -> None:
        if not _is_allowed(element, attributes):
            refused.append(element)

    parser = ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.Parse(text, True)
    return not refused


def _is_allowed(element: str, attributes: list[str]) -> bool:
    addresses = _addresses(element, *attributes[::2])
    if addresses is None:
        return False
    for at in addresses:
        value = attributes[at]
        if value[:1] not in ("#", "h") and _ACTIVE.match(_SPACE.sub("", value)):
            return False
    return True


@lru_cache(maxsize=1024)
def _addresses(element: str, *names: str) -> tuple[int, ...] | None:
    """Where the values of its addresses are among names and values; None if a name is not allowed."""
    own = _OWN.get(element, _ATTRIBUTES)
    for name in names:
        if not (name in _ATTRIBUTES or name in own or name.startswith("xmlns")):
            return None
    if element not in _ELEMENTS:
        return None
    return tuple(2 * at + 1 for at, name in enumerate(names) if name in _ADDRESSES)


def is_safe(text: object) -> bool:
    """txt-1: only the elements and attributes that FHIR allows."""
    return problem(text) is None


def has_content(text: object) -> bool:
    """txt-2: some words that are not white space, or an image."""
    return isinstance(text, str) and ("<img" in text or _WORD.search(text) is not None)
