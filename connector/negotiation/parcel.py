"""Several messages to one peer in one request: the form of a parcel, who is sent one, and what it may hold.

    POST /parcels           {"messages": [{"to": "/negotiations/urn:…/agreement", "trace": "00-…", "body": {…}}, …],
                             "checkpoint": {…}}
    200                     {"answers": [{"status": 200, "body": {…}}, …]}        of each message, in their order

Law:
1. What is said of the sender is said once: its token and the newest head of its log. A message in a parcel is what it
   is alone: it has its own `@id`, is checked, taken and answered by itself, and its refusal is not its neighbours'.
2. A parcel goes only to a peer whose answers say that it takes them (`HEADER`: how many messages one may hold). Whoever
   does not say so, of another make or of an older version, is sent each message alone.
3. A parcel holds no more than a message may (`MESSAGE_BYTES_MAX`, `MESSAGE_VALUES_MAX`), however many it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import orjson

from connector.negotiation.protocol import messages
from connector.negotiation.protocol.errors import MalformedError
from connector.negotiation.protocol.validation import DEPTH_LIMIT_LEVELS
from connector.runtime.limits import MESSAGE_BYTES_MAX, MESSAGE_VALUES_MAX, PARCEL_MESSAGES_MAX
from contracts.canonical import load
from contracts.errors import ContractError
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER: Final = "Penstock-Parcels"
TAKEN: Final = 200
PATH: Final = "/parcels"  # beside the base of the protocol
# a longer message goes alone, so that a full parcel is no longer than one message may be
LETTER_BYTES_MAX = 12 * 1024
# an address with an id in it, escaped; and a W3C `traceparent`
TO_CHARACTERS_MAX = 2_048
TRACE_CHARACTERS_MAX = 64
# a message lies three levels below its parcel
_LEVELS_MAX = DEPTH_LIMIT_LEVELS + 3
_SEGMENTS = tuple(f"/{segment}/" for segment in ("negotiations", "transfers"))
_BEGINNINGS: Final = {path: key for key, path in messages.BEGINNINGS.items()}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a parcel: where it would go alone, below the base; its trace; what it says."""

    to: str
    trace: str
    body: Any


@dataclass(frozen=True, slots=True)
class Parcel:
    """What came: the messages, and the head of the sender's log."""

    letters: Sequence[Letter]
    head: Any


def below(url: str) -> tuple[str, str] | None:
    """Return the base of a message's address and the rest of it, None if it is no message of a process."""
    for segment in _SEGMENTS:
        base, found, rest = url.rpartition(segment)
        if found:
            return base, found + rest
    return None


def address(base: str) -> str:
    """Return where a participant of ours takes parcels, from the base of its addresses."""
    return base.removesuffix(messages.DSP_PATH) + PATH


def whereto(path: str) -> tuple[str, str | None]:
    """Return the path as the table of routes has it, and the id in it (None: of a process that begins)."""
    if path in _BEGINNINGS:
        return path, None
    parts = path.split("/")
    if len(parts) < 4 or parts[0]:
        return path, None
    pid, parts[2] = unquote(parts[2]), "{pid}"
    return "/".join(parts), pid


def most(header: str | None) -> int:
    """Return how many messages a peer takes in one parcel, 0 if it says nothing of the kind."""
    told = header or ""
    known = told.isascii() and told.isdecimal() and len(told) <= len(str(MESSAGE_VALUES_MAX))
    return min(int(told), PARCEL_MESSAGES_MAX) if known else 0


def write(letters: Sequence[Letter], head: Mapping[str, Any]) -> bytes:
    """Return a parcel as it is sent; the bodies of its letters are JSON already."""
    told = [{"to": one.to, "trace": one.trace, "body": orjson.Fragment(one.body)} for one in letters]
    return orjson.dumps({"messages": told, CHECKPOINT: head})


def read(body: bytes) -> Parcel:
    """Return the parcel that a request holds; raises `MalformedError`."""
    try:
        told = load(body, max_bytes=MESSAGE_BYTES_MAX, max_depth=_LEVELS_MAX, max_values=MESSAGE_VALUES_MAX)
    except ContractError as error:
        raise MalformedError(str(error)) from error
    if not isinstance(told, dict) or told.keys() != {"messages", CHECKPOINT}:
        raise MalformedError(f"a parcel has exactly `messages` and `{CHECKPOINT}`")
    found = told["messages"]
    if not isinstance(found, list) or not 0 < len(found) <= PARCEL_MESSAGES_MAX:
        raise MalformedError(f"`messages` is a list of 1 to {PARCEL_MESSAGES_MAX} messages")
    return Parcel([_letter(one) for one in found], told[CHECKPOINT])


def answers(reply: Any, count: int) -> list[tuple[int, Any]] | None:
    """Return what came of each of `count` messages, as (status, body); None for what is no answer to a parcel."""
    told = reply.get("answers") if isinstance(reply, dict) else None
    if not isinstance(told, list) or len(told) != count:
        return None
    if not all(isinstance(one, dict) and type(one.get("status")) is int for one in told):
        return None
    return [(one["status"], one.get("body")) for one in told]


def _letter(told: Any) -> Letter:
    if not isinstance(told, dict) or told.keys() != {"to", "trace", "body"}:
        raise MalformedError("a message of a parcel has exactly `to`, `trace` and `body`")
    if not isinstance(told["to"], str) or not isinstance(told["trace"], str):
        raise MalformedError("`to` and `trace` of a message of a parcel are texts")
    if len(told["to"]) > TO_CHARACTERS_MAX or len(told["trace"]) > TRACE_CHARACTERS_MAX:
        raise MalformedError("`to` or `trace` of a message of a parcel is too long")
    return Letter(**told)
