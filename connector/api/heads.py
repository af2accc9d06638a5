"""The head of the space's document at its exchange, what changed since an earlier one, and proofs of single members.

Law: anybody may ask, as for the document itself. A question costs what its answer is long, never the whole space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.identity.space.author import SpaceAuthor
from connector.identity.space.view import SpaceView
from connector.runtime.errors import Absent, InvalidInput
from ledger.space.answer import ASKED_MAX
from ledger.space.document import MEMBERS_MAX
from ledger.space.entry import DID, KINDS, is_name
from ledger.space.head import NUMBER_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from connector.api.call import Call
    from connector.identity.space.heads import Heads

NAME_CHARACTERS_SHOWN = 100
NUMBER_DIGITS_MAX = len(str(NUMBER_MAX))


async def changes(call: Call) -> web.Response:
    """Serve the newest head with what changed since `since`, and who `did`, `address` and `origin` are."""
    query = call.request.query
    told = query.get("since", "")
    if told and not (told.isascii() and told.isdecimal() and len(told) <= NUMBER_DIGITS_MAX):
        raise InvalidInput("`since` is the number of a head", "leave it out to begin anew")
    wanted = [(kind, name) for kind in KINDS for name in query.getall(kind, [])]
    if len(wanted) > ASKED_MAX:
        raise InvalidInput(f"one question is about at most {ASKED_MAX} members", "ask for the others in another")
    if odd := next((pair for pair in wanted if not is_name(*pair)), None):
        raise InvalidInput(f"no member has the {odd[0]} `{odd[1][:NAME_CHARACTERS_SHOWN]}`", "see docs/exchange.md")
    heads = await _heads(call, int(told or 0), wanted)
    return as_json((await heads.answer(int(told) if told else None, wanted)).json())


async def members(call: Call) -> web.Response:
    """Serve a page of all members from the `first` on, with the newest head; for an audit, which must read all."""
    first, heads = call.first(MEMBERS_MAX), await _heads(call, 0)
    return as_json(heads.page(first).json())


async def member(call: Call) -> web.Response:
    """Serve the newest head with the proof of a member, or that there is none of this DID."""
    if not is_name(DID, call.path["id"]):
        raise Absent(
            f"`{call.path['id'][:NAME_CHARACTERS_SHOWN]}` is no DID", "a member has one, such as did:web:a.example"
        )
    wanted = [(DID, call.path["id"])]
    heads = await _heads(call, 0, wanted)
    return as_json((await heads.answer(None, wanted)).json())


async def _heads(call: Call, since: int, wanted: Iterable[tuple[str, str]] = ()) -> Heads:
    """Return who answers; where another process of ours has made a later head, that is read first.

    So it is where somebody who is `wanted` is unknown: that process may have admitted them a moment ago.
    """
    author = call.of(SpaceAuthor)
    if author.heads is None:
        raise Absent("there is no exchange in a space of one's own")
    if author.heads.newest is None or since > author.heads.newest.head.number:
        await author.rebuild()
    elif not all(author.heads.newest.roll.found(*one) for one in wanted):
        await call.of(SpaceView).renewed()  # not faster than for any stranger, and not at all where we are alone
    return author.heads
