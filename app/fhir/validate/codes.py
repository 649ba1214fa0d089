"""Our stable issue codes: the FHIR issue type of each and what its reader should do.

docs/reference/issues.md is made from this table. A code never changes its meaning.
"""

from __future__ import annotations

from typing import Final

# code: (FHIR issue type, what to do)
CODES: Final[dict[str, tuple[str, str]]] = {
    # shape of JSON
    "not-object": ("structure", "send a JSON object here"),
    "not-array": ("structure", "this element repeats: send an array, even for one value"),
    "not-single": ("structure", "this element does not repeat: send one value, not an array"),
    "empty-object": ("structure", "leave the element out, or give it content"),
    "empty-array": ("structure", "leave the element out, or give it content"),
    "null-value": (
        "structure",
        "leave the element out; null may only stand in an array beside the"
        " array of the same name with an underscore",
    ),
    "sibling-shape": (
        "structure",
        "the property with an underscore holds id and extension of the"
        " value beside it, as object, or as array of the same length",
    ),
    "unknown-element": ("structure", "remove it, or correct its name"),
    "unknown-type": ("structure", "set resourceType to a FHIR R4 resource type"),
    "too-deep": ("too-costly", "send a document that is nested less deeply"),
    "too-many-issues": ("too-costly", "correct the issues above and validate again"),
    # primitive values
    "wrong-json-type": ("value", "send the JSON type that this FHIR type has"),
    "bad-value": ("value", "correct the value to the format of its type"),
    "blank": ("value", "leave the element out, or give it content"),
    "too-long": ("value", "shorten the value"),
    "out-of-range": ("value", "use a value inside the allowed range"),
    # cardinality and choice
    "missing": ("required", "add the element"),
    "too-many": ("structure", "send no more than the profile allows"),
    "not-allowed": ("structure", "remove the element"),
    "two-choices": ("structure", "send one of the alternatives only"),
    "type-not-allowed": ("structure", "use one of the allowed types"),
    # fixed, pattern, slices
    "not-fixed": ("value", "send exactly the fixed value"),
    "not-pattern": ("value", "send a value that contains the pattern"),
    "slice-missing": ("required", "add an entry of the required kind"),
    "slice-too-many": ("structure", "send fewer entries of this kind"),
    "no-slice": ("structure", "only the listed kinds of entries are allowed here"),
    # codes
    "code-not-in-set": ("code-invalid", "use a code of the value set"),
    "code-missing": ("code-invalid", "add a coding with system and code"),
    "code-system": ("code-invalid", "use a code of the X12 data element that the profile names"),
    "coding-system": ("code-invalid", "give the absolute address of the code system"),
    "code-unknown": ("code-invalid", "use a code that the code system has"),
    "code-other": ("code-invalid", "use a code of the value set if one fits the meaning"),
    "code-shape": ("code-invalid", "check the code: it does not look like one of its system"),
    # references
    "reference-type": ("structure", "refer to a resource of an allowed type"),
    "reference-unresolved": ("not-found", "include the resource in the bundle"),
    "reference-contained": ("not-found", "add the contained resource, or correct the reference"),
    "reference-format": ("value", "send a URL, `Type/id`, `urn:uuid:...` or `#id`"),
    # extensions
    "extension-unknown": ("extension", "it is ignored; remove it if it matters to the answer"),
    "modifier-unknown": ("extension", "remove it: an unknown modifier extension changes meaning"),
    "modifier-misplaced": ("extension", "move it to modifierExtension, or out of it"),
    "extension-context": ("extension", "move it to a place where its definition allows it"),
    "extension-context-guide": (
        "extension",
        "nothing: the guide asks for it here although its definition does not list the place",
    ),
    "extension-url": ("extension", "give the extension an absolute url"),
    "extension-content": ("structure", "give a value or nested extensions, not both, not neither"),
    # invariants and profiles
    "invariant": ("invariant", "correct what the rule is about"),
    "invariant-unchecked": ("incomplete", "nothing: the rule could not be evaluated here"),
    "profile-unknown": (
        "not-found",
        "check its canonical and version; nothing was checked against it",
    ),
    "profile-type": ("structure", "claim a profile of the resource's own type"),
    "profile-abstract": ("structure", "claim a concrete profile"),
    # narrative
    "narrative": ("structure", "send XHTML of text, lists, tables, links and images only"),
    # bundle
    "full-url": (
        "value",
        "send `urn:uuid:` with a lower-case UUID, or a URL ending in the"
        " resource's own type and id",
    ),
    "full-url-duplicate": ("duplicate", "give every entry its own fullUrl"),
    "entry-unreachable": (
        "business-rule",
        "refer to the resource from the first entry, or leave it out",
    ),
    "id-duplicate": ("duplicate", "give contained resources different ids"),
}


def kind(code: str) -> str:
    """The FHIR issue type of one of our codes."""
    return CODES[code][0]


def advice(code: str) -> str:
    """What the reader of the issue should do."""
    return CODES[code][1]
