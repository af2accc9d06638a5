"""Which language a reader has, and what the console says in it.

Law: a key without a row is our mistake and fails where it is said; both languages of a row are there, and no page says
a word that has no row (a test reads the templates). What a term of a table means is said in its own row, `state.X`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connector.console.words import (
    card,
    choosing,
    columns,
    contract,
    contracted,
    events,
    faults,
    general,
    goods,
    hints,
    market,
    programs,
    publishing,
    rules,
    supervision,
    trade,
    trials,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

ENGLISH, CHINESE = "en", "zh"
LANGUAGES: Final = (ENGLISH, CHINESE)
NAMES: Final = {ENGLISH: "English", CHINESE: "中文"}
COOKIE = "penstock-language"
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    **card.WORDS,
    **choosing.WORDS,
    **columns.WORDS,
    **contract.WORDS,
    **contracted.WORDS,
    **events.WORDS,
    **faults.WORDS,
    **general.WORDS,
    **goods.WORDS,
    **hints.WORDS,
    **trade.WORDS,
    **programs.WORDS,
    **publishing.WORDS,
    **rules.WORDS,
    **market.WORDS,
    **supervision.WORDS,
    **trials.WORDS,
}
_WANTED = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def chosen(request: web.Request) -> str:
    """Return the language of a request: said in its address, chosen before, or what the browser asks for."""
    for told in (request.query.get("lang", ""), request.cookies.get(COOKIE, "")):
        if told in LANGUAGES:
            return told
    return accepted(request.headers.get("Accept-Language", ""))


def accepted(header: str) -> str:
    """Return the language of ours that an `Accept-Language` header likes best, English for none."""
    liked = [found for part in header[:1_000].split(",") if (found := _WANTED.fullmatch(part))]
    ranked = sorted(((float(one[2] or 1), one[1].lower()) for one in liked), key=lambda one: -one[0])
    return next((name for weight, name in ranked if name in LANGUAGES and weight), ENGLISH)


def say(lang: str, key: str, **values: object) -> str:
    """Return what `key` says in a language, with its values in place."""
    text = WORDS[key][LANGUAGES.index(lang)]
    return text.format(**values) if values else text


def term(lang: str, table: str, value: object) -> str:
    """Return the word for a term of a table (`state.STARTED`), the term itself where it has none."""
    key = f"{table}.{value}"
    return say(lang, key) if key in WORDS else str(value)
