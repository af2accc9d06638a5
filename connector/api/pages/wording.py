"""What is told in words, to be read and printed: a data set's card, the contract it is offered under, one signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api import faces
from connector.console import contract_text
from connector.console.given import CARD, CONTRACT
from connector.console.language import LANGUAGES
from connector.licence.filing import Registration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from contracts.canonical import JsonObject


async def card(call: Call) -> JsonObject:
    """Return the card in each language, and whose it is."""
    view = await faces.listing(call)
    return {"id": view["id"], "title": view["title"], "card": _untitled(faces.texts(view, CARD))}


async def offered(call: Call) -> JsonObject:
    """Return the text of the contract that a listed data set is offered under in each language."""
    view = await faces.listing(call)
    text = _untitled(faces.texts(view, CONTRACT))
    return {"of": "/catalogue/", "id": view["id"], "title": view["title"], "text": text}


async def contract(call: Call) -> JsonObject:
    """Return the text of an agreement's contract in each language, and what it is about."""
    key = call.path["id"]
    found = await call.of(Registration).contract(key)
    text = _untitled({lang: contract_text.markdown(found, lang) for lang in LANGUAGES})
    return {"of": "/agreements/", "id": key, "title": found["contractName"], "text": text}


def _untitled(texts: Mapping[str, str]) -> JsonObject:
    """Return texts without their titles, which a page has itself."""
    return {lang: text.partition("\n\n")[2] for lang, text in texts.items()}
