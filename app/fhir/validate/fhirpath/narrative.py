"""Whether a narrative is XHTML that FHIR allows: well formed, no active content, something to read.

FHIR R4 §2.4.1 (Narrative) lists the elements and attributes; invariants txt-1 and txt-2 refer to
it. Nothing is ever rendered or resolved: the text is cut into tags, and each tag must be on the list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import name2codepoint

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

_TAG = re.compile(r"""<(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""")
_COMMENT = re.compile(r"<!--(?:(?!--).)*-->", re.DOTALL)
_OPENING = re.compile(
    r"""<([A-Za-z][\w:.-]*)((?:\s+[A-Za-z_][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(/?)>"""
)
_ATTRIBUTE = re.compile(r"""\s+([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|([A-Za-z][A-Za-z0-9]*));")
_WORD = re.compile(r">[^<]*[^<\s]")


@lru_cache(maxsize=4096)
def _judge(tag: str) -> tuple[str, bool] | None:
    """(element name, whether it closes itself) of an allowed opening tag, None if it is not allowed."""
    found = _OPENING.fullmatch(tag)
    if found is None or found[1] not in _ELEMENTS:
        return None
    own = _OWN.get(found[1], _ATTRIBUTES)
    seen = set()
    for name, double, single in _ATTRIBUTE.findall(found[2]):
        if name in seen or not (name in _ATTRIBUTES or name in own or name.startswith("xmlns")):
            return None
        if name in _ADDRESSES and _ACTIVE.match(_plain(double or single)):
            return None
        seen.add(name)
    return found[1], found[3] == "/"


def _plain(value: str) -> str:
    def character(found: re.Match[str]) -> str:
        spelled = found.group(0)[1:-1]
        if spelled[:2] == "#x":
            return chr(min(int(spelled[2:], 16), 0x10FFFF))
        if spelled[:1] == "#":
            return chr(min(int(spelled[1:]), 0x10FFFF))
        return chr(name2codepoint.get(spelled, 63))

    return re.sub(r"[\x00-\x20]", "", _ENTITY.sub(character, value))


def problem(text: object) -> str | None:
    """What is wrong with a `div`, as a sentence without its content; None if nothing is (txt-1)."""
    if not isinstance(text, str):
        return "the narrative is not text"
    if "<!" in text or "<?" in text:
        text = _COMMENT.sub("", text)
    tags = _TAG.findall(text)
    if not tags or text.count("<") != len(tags) or not text.lstrip().startswith("<div"):
        return "the narrative is not one well-formed XHTML div"
    if "&" in text and not _entities_known(text):
        return "the narrative holds an unknown or unfinished entity"
    if _XHTML not in tags[0]:
        return "the div does not name the XHTML namespace"
    return _nesting(tags) or _outside(text)


_XHTML = f'xmlns="{core.XHTML}"'


def _nesting(tags: list[str]) -> str | None:
    open_names: list[str] = []
    last = len(tags) - 1
    for position, tag in enumerate(tags):
        if tag[1] == "/":
            if not open_names or open_names.pop() != tag[2:-1].rstrip():
                return "the elements of the narrative are not closed in order"
        else:
            judged = _judge(tag)
            if judged is None:
                return "the narrative holds an element or attribute that FHIR does not allow"
            if not judged[1]:
                open_names.append(judged[0])
        if not open_names and position != last:
            return "the narrative has more than one root"
    return "the elements of the narrative are not closed in order" if open_names else None


def _outside(text: str) -> str | None:
    if text.lstrip()[:1] != "<" or text.rstrip()[-1:] != ">":
        return "the narrative has text outside its div"
    return None


def _entities_known(text: str) -> bool:
    found = _ENTITY.findall(text)
    names = [name for name in found if name]
    return len(found) == text.count("&") and all(
        name in name2codepoint or name == "apos" for name in names
    )


def is_safe(text: object) -> bool:
    """txt-1: only the elements and attributes that FHIR allows."""
    return problem(text) is None


def has_content(text: object) -> bool:
    """txt-2: some words that are not white space, or an image."""
    return isinstance(text, str) and ("<img" in text or _WORD.search(text) is not None)
