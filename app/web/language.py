"""In which language a page is written: what its address asks for, else what the browser prefers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import request


def language(words: Mapping[str, object]) -> str:
    """One of the languages of `words`; English when the caller wants another."""
    asked = request.values.get("lang", "")
    return asked if asked in words else request.accept_languages.best_match(words) or "en"


def saying(language: str) -> Callable[[dict[str, str] | None], str]:
    """A function for templates: a text in this language, in English where it has no other."""

    def say(text: dict[str, str] | None) -> str:
        return text.get(language) or text["en"] if text else ""

    return say
