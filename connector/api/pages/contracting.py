"""The contract in words, to be read and printed by its two parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console import contract_text
from connector.console.language import LANGUAGES
from connector.licence.filing import Registration

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject


async def contract(call: Call) -> JsonObject:
    """Return the text of an agreement's contract in each language, and what it is about."""
    key = call.path["id"]
    found = await call.of(Registration).contract(key)
    # the page has the title itself
    told = {lang: contract_text.markdown(found, lang).partition("\n\n")[2] for lang in LANGUAGES}
    return {"agreement": key, "title": found["contractName"], "text": told}
