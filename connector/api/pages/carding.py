"""The card of a listed data set, to be read and printed; the same as Markdown is a file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api import faces
from connector.console import card as cards
from connector.console.language import LANGUAGES

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject


async def card(call: Call) -> JsonObject:
    """Return the card in each language, and whose it is."""
    view = await faces.listing(call)
    # the page has the title itself
    told = {lang: cards.markdown(view, lang).partition("\n\n")[2] for lang in LANGUAGES}
    return {"id": view["id"], "title": view["title"], "card": told}
