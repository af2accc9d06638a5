"""What a node states to other nodes, signed: what a code of its is of, or what its collected logs hold about a thing.

    {"statement": {"kind", "about", "node", "exchange", "said", "at", "until"}, "note": a signed note, base64}

Law: (1) the node signs with the key of its log, which its own DID document has, and its exchange proves that it is the
node of a space: whoever passes a statement on can leave it out, and change nothing. (2) It holds until `until`, so that
an old one shown again is known as old. (3) What others wrote in it is read strictly: plain lines of known length.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from catalog import identifiers
from catalog.document import items, members, moment, text
from catalog.errors import CatalogError
from catalog.printable import is_line
from catalog.registration import KINDS
from connector.exchange.signed_answer import check, signed
from connector.identity.space.foreign import node_of
from connector.runtime.errors import PeerMisbehaved
from connector.runtime.limits import PAGE_ROWS_MAX
from contracts.canonical import canonical
from contracts.credential.kinds import LEVELS
from contracts.errors import ContractError
from ledger.log import events

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from contracts.canonical import JsonObject

CODE, TRACE = "code", "trace"
PURPOSE: Final = "/node"
# how long a statement holds, and how far the clocks of two nodes may be apart
HOLDS_SECONDS: Final = 600
SKEW_SECONDS: Final = 60
WORD_CHARACTERS_MAX: Final = 1024
MOMENT_CHARACTERS_MAX: Final = 40
NOTE_CHARACTERS_MAX: Final = 1024
ENTRY_CHARACTERS_MAX: Final = 90_000  # in base64, of one entry of a log
MEMBERS: Final = frozenset({"kind", "about", "node", "exchange", "said", "at", "until"})
OF_CODE: Final = frozenset(
    {"code", "kind", "holder", "about", "title", "subject", "place", "by", "assigned", "level", "url", "name"}
)
OF_ENTRY: Final = frozenset({"member", "name", "log", "index", "size", "type", "time", "part", "link", "entry"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was read and proven; `said` as `Register.show` or `Tracing.find` returns it."""

    kind: str
    about: str
    node: str
    exchange: str
    said: JsonObject


def made(core: Core, exchange: str, kind: str, about: str, said: JsonObject) -> JsonObject:
    """Return a statement of ours, signed, as it is sent."""
    now = core.clock.now().astimezone(UTC)
    until = now + timedelta(seconds=HOLDS_SECONDS)
    told = {
        "kind": kind, "about": about, "node": core.identity.did, "exchange": exchange, "said": said,
        "at": now.isoformat(timespec="seconds"), "until": until.isoformat(timespec="seconds"),
    }  # fmt: skip
    return {"statement": told, "note": signed(canonical(told), core.identity.did, PURPOSE, core.identity.keys.log)}


async def proven(core: Core, peers: Peers, wire: Any, kind: str, about: str) -> Statement:
    """Return a statement that answers this question and was signed by the node of a space; raises PeerMisbehaved."""
    try:
        told = members(wire, "answer", required={"statement", "note"}, allowed=frozenset({"statement", "note"}))
        facts = members(told["statement"], "statement", required=MEMBERS, allowed=MEMBERS)
        note = text(told["note"], "note", limit=NOTE_CHARACTERS_MAX)
        node, exchange = _word(facts, "node"), _word(facts, "exchange")
        at, until = (moment(facts[name], name, limit=MOMENT_CHARACTERS_MAX) for name in ("at", "until"))
        _check_fits(facts, kind, about)
        _check_time(at, until, core.clock.now())
        said: Any = _code(facts["said"], about) if kind == CODE else _trace(facts["said"])
        body = canonical(told["statement"])
    except (CatalogError, ContractError) as error:
        raise PeerMisbehaved(f"a statement of a node cannot be read: {error}") from error
    check(body, note, node, PURPOSE, (await peers.document(node)).require("log"))
    await node_of(core.outbound, peers, exchange, node)
    return Statement(kind, about, node, exchange, said)


def _check_fits(facts: Any, kind: str, about: str) -> None:
    if (facts["kind"], facts["about"]) != (kind, about):
        raise CatalogError("it answers another question")


def _check_time(at: datetime, until: datetime, now: datetime) -> None:
    skew = timedelta(seconds=SKEW_SECONDS)
    if at > now + skew:
        raise CatalogError("it is of the future")
    if until + skew < now or until - at > timedelta(seconds=HOLDS_SECONDS):
        raise CatalogError("it does not hold any more, or for too long")


def _word(facts: Any, name: str) -> str:
    told = text(facts[name], name, limit=WORD_CHARACTERS_MAX)
    if told and not is_line(told):
        raise CatalogError(f"`{name}` is not one plain line", path=name)
    return told


def _code(said: object, about: str) -> JsonObject:
    """Return what a code is of, every member a plain line; raises CatalogError."""
    facts = members(said, "said", required=OF_CODE, allowed=OF_CODE)
    told = {name: _word(facts, name) for name in OF_CODE}
    code = identifiers.read(about)
    fits = (told["code"], told["subject"], told["place"]) == (about, code.subject, code.place)
    if not fits or KINDS.get(told["kind"]) is not code.kind or code.local:
        raise CatalogError("what it says of the code does not fit the code")
    if told["level"] not in {str(level) for level in range(len(LEVELS))}:
        raise CatalogError(f"`{told['level'][:20]}` is no level")
    moment(told["assigned"], "assigned", limit=MOMENT_CHARACTERS_MAX)
    return told


def _trace(said: object) -> JsonObject:
    """Return entries of logs, each as its own bytes have it; raises CatalogError."""
    facts = members(said, "said", required={"entries", "more"}, allowed=frozenset({"entries", "more"}))
    if type(facts["more"]) is not bool:
        raise CatalogError("`more` is true or false", path="more")
    entries = items(facts["entries"], "entries", limit=PAGE_ROWS_MAX)
    return {"entries": [_entry(one) for one in entries], "more": facts["more"]}


def _entry(told: object) -> JsonObject:
    facts = members(told, "entry", required=OF_ENTRY, allowed=OF_ENTRY)
    try:
        raw = base64.b64decode(text(facts["entry"], "entry", limit=ENTRY_CHARACTERS_MAX), validate=True)
        read = events.decode(raw)
    except ValueError as error:
        raise CatalogError(f"an entry is none: {error}") from error
    index, size = _word(facts, "index"), _word(facts, "size")
    if not (index.isdecimal() and size.isdecimal() and int(index) < int(size)):
        raise CatalogError("an entry stands nowhere in its log")
    if _word(facts, "member") != read.party:
        raise CatalogError("an entry is another member's than it says")
    return {
        "member": read.party, "name": _word(facts, "name"), "log": _word(facts, "log"), "index": index,
        "size": size, "type": read.kind, "time": read.time.isoformat(), "part": read.part, "link": list(read.link),
        "entry": str(facts["entry"]),
    }  # fmt: skip


def size_of(wire: JsonObject) -> int:
    """Return how many bytes a statement takes."""
    return len(orjson.dumps(wire))
