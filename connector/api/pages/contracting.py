"""The contract in words, to be read and printed: by its two parties, and by all who see an offer of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api import faces
from connector.console import contract_text
from connector.console.language import LANGUAGES
from connector.licence.filing import Registration

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject


async def contract(call: Call) -> JsonObject:
    """Return the text of an agreement's contract in each language, and what it is about."""
    found = await call.of(Registration).contract(call.path["id"])
    text = {lang: _body(contract_text.markdown(found, lang)) for lang in LANGUAGES}
    return {"of": "/agreements/", "id": call.path["id"], "title": found["contractName"], "text": text}


async def offered(call: Call) -> JsonObject:
    """Return the text of the contract that a listed data set is offered under in each language."""
    view = await faces.listing(call)
    text = {lang: _body(contract_text.offered(view, lang)) for lang in LANGUAGES}
    return {"of": "/catalogue/", "id": view["id"], "title": view["title"], "text": text}


def _body(text: str) -> str:
    """Return a text without its title, which the page has itself."""
    return text.partition("\n\n")[2]
