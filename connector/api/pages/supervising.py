"""What a supervisor looks at: one box for anything that has a name, what the newest audit found, and what happened."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from connector.console.event_facts import facts
from connector.console.language import LANGUAGES
from connector.identity.space.view import SpaceView
from connector.regulator.audits import Audits
from connector.regulator.chain_book import ChainBook
from connector.regulator.logbooks import Logbooks
from connector.runtime.errors import Absent
from connector.runtime.limits import QUERY_CHARACTERS_MAX
from connector.store.naming import THINGS
from contracts import address
from contracts.canonical import JsonObject
from contracts.namespace import AGREEMENT_URN
from ledger.audit import assents
from ledger.audit.how_to_check import RESTS_ON, how
from ledger.audit.severity import laid_out
from ledger.chain.client import Chain
from ledger.chain.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.regulator.logbooks import Logbook
    from connector.store.transaction import Tx
    from ledger.audit.event import Event as LogEvent
    from ledger.chain.client import Event

HEX = frozenset(string.hexdigits)
DIGEST_CHARACTERS, ADDRESS_CHARACTERS = 64, 40
SHOWN = 50
# up to here a text of hex digits may be a word or a number
SHORT = 18
# of an event's fields: so many, and so much of each
FIELDS_SHOWN, VALUE_CHARACTERS = 8, 72
CHAIN, LOG = "chain", "log"


async def findings(call: Call) -> JsonObject:
    """Return what the newest audit found, errors first."""
    row = await call.of(Audits).newest()
    if row is None:
        return {"state": "", "at": None, "reason": "", "counts": {}, "rows": []}
    report = row.report or {}
    found = [row for _, row in laid_out(report.get("findings", []))]
    names = ("events", "proofs_verified", "signatures_verified", "decisions_replayed", "openings", "bytes_paid_twice")
    money = {name: report[name] for name in ("amount_agreed", "amount_settled") if name in report}
    return {
        "state": row.state,
        "audit": report.get("audit", ""),
        "at": row.at.isoformat(timespec="seconds"),
        "reason": row.reason,
        "counts": {name: report[name] for name in names if name in report},
        "money": money,
        "unread": report.get("unread", []),
        "causes": _causes(report.get("findings", [])),
        "rows": [{**one, "said": one["en"]} for one in found],
    }


def _causes(findings: list[JsonObject]) -> list[JsonObject]:
    """Return the findings by what went wrong, the gravest first, each with what follows from it and its proof."""
    kinds: dict[tuple[str, str], list[JsonObject]] = {}
    for below, row in laid_out(findings):
        if not below:
            kinds.setdefault((row["severity"], row["code"]), []).append(_proven(row))
    return [
        {"severity": severity, "code": code, "count": len(rows), "check": _check(code)}
        | {"findings": rows[:SHOWN], "more": max(0, len(rows) - SHOWN)}
        for (severity, code), rows in kinds.items()
    ]


def _check(code: str) -> JsonObject:
    """Return by language how a finding is checked without this program; nothing for a code that is none of today's."""
    return {lang: list(how(code, lang)) if code in RESTS_ON else [] for lang in LANGUAGES}


def _proven(row: Mapping[str, Any]) -> JsonObject:
    """Return a finding and what follows from it, each with the page on which its event is proven, if it names one."""
    told = {name: row[name] for name in ("severity", "code", "subject", "en", "zh")}
    named = row.get("index") is not None and str(row["subject"]).startswith("did:")
    follows = [_proven(one) for one in row.get("follows", ())]
    return {**told, "proof": f"{row['index']}@{row['subject']}" if named else "", "follows": follows}


async def audit(call: Call, _fields: dict[str, str]) -> str:
    """Begin an audit."""
    await call.of(Audits).begin()
    return "/findings"


async def lookup(call: Call) -> JsonObject:
    """Say what an id, a hash, a code, an address or a transaction is, wherever this supervisor can see it."""
    text = call.request.query.get("q", "").strip()[:QUERY_CHARACTERS_MAX]
    if not text:
        return {"q": "", "found": []}
    plain = _plain(text)
    found = [
        *await _members(call, text),
        *await _kept(call, plain),
        *await _chain(call, plain),
        *await _logs(call, plain),
    ]
    return {"q": text, "found": found[:SHOWN]}


async def _members(call: Call, text: str) -> list[JsonObject]:
    space = await call.of(SpaceView).whole()
    folded = text.casefold()
    return [
        _item(
            "member", member.name, {"did": member.did, "role": member.role, "region": member.region, "url": member.url}
        )
        for member in space.members.values()
        if folded
        in (
            *(member.did.casefold(), member.name.casefold(), member.origin),
            *(address.show(one).lower() for one in member.accounts),
        )
    ]


async def _kept(call: Call, plain: str) -> list[JsonObject]:
    """Return what our own tables have under this id."""

    def read(tx: Tx) -> list[JsonObject]:
        found = []
        for kind, column in THINGS:
            row = tx.get(kind, **{column: plain})
            if row is not None:
                told = {name: getattr(row, name, None) for name in ("title", "state", "peer", "product")}
                facts = {name: str(value) for name, value in told.items() if value}
                found.append(_item("kept", kind.TABLE.name, facts))
        return found

    return await call.core.store.read(read)


async def _chain(call: Call, plain: str) -> list[JsonObject]:
    """Return the block, the transaction and the programs' events that this names."""
    found = list[JsonObject]()
    if plain.isascii() and plain.isdecimal() and len(plain) < 19:
        block = await call.of(Chain).block(int(plain))
        if block is not None:
            told = {"hash": block.hash.hex(), "at": block.at.isoformat(), "root": block.state_root.hex()}
            found.append(_item("block", plain, told))
    if len(plain) == DIGEST_CHARACTERS and set(plain) <= HEX:
        receipt = await call.of(Chain).receipt(bytes.fromhex(plain))
        if receipt is not None:
            told = {"block": str(receipt.block), "succeeded": str(receipt.succeeded), "gas": str(receipt.gas_used)}
            found.append(_item("transaction", plain, told))
        licence = await call.of(Programs).licence(bytes.fromhex(plain))
        if licence is not None:
            found.append(_item("agreement", plain, {"buyer": address.show(licence.buyer)}, "/timeline/" + plain))
    if len(plain) in (DIGEST_CHARACTERS, ADDRESS_CHARACTERS) and set(plain) <= HEX:
        for event in await call.of(ChainBook).naming([plain]):
            facts = {**_fields(event.fields), "tx": event.transaction.hex()}
            found.append(_item("chain-event", event.name, {"block": str(event.block), **facts}))
    return found


async def _logs(call: Call, plain: str) -> list[JsonObject]:
    """Return the log entries that are about this."""
    books = await call.of(Logbooks).current()
    return [_entry(one) for one in _naming(books, {plain})[:SHOWN]]


def _entry(one: LogEvent) -> JsonObject:
    told = {"did": one.did, "index": str(one.index), "at": one.time.isoformat()}
    return _item("log-event", one.kind, told | _fields(one.fields))


async def timeline(call: Call) -> JsonObject:
    """Return everything that logs and chain say of an agreement, in the order of time."""
    key, chain_book = _plain(call.path["id"]), call.of(ChainBook)
    books = await call.of(Logbooks).current()
    own = await chain_book.naming([key])
    channels = {event.fields["channelId"].hex() for event in own if isinstance(event.fields.get("channelId"), bytes)}
    channels |= {one.part for one in _naming(books, {key}) if one.kind.startswith("channel.")}
    channels |= {one.part for book in books.values() for one in book.events if one.fields.get("agreementDigest") == key}
    # the logs of reviewers say by which assents programs were run
    parts = {key, *channels, *filter(None, map(assents.named, _naming(books, {key})))}
    rows = [_of_log(one) for one in _naming(books, parts)]
    rows += [await _of_chain(call, event) for event in await chain_book.naming(parts)]
    if not rows:
        raise Absent(f"neither chain nor logs name an agreement `{key[:100]}`", "look it up, first")
    said = [(LOG, did, book.trouble) for did, book in sorted(books.items())]
    said.append((CHAIN, "", chain_book.trouble))
    troubles = [{"source": source, "did": did, "trouble": trouble} for source, did, trouble in said if trouble]
    return {"agreement": key, "channels": sorted(channels - {key}), "troubles": troubles} | {
        "rows": sorted(rows, key=lambda one: one["at"] or "")
    }


def _of_log(one: LogEvent) -> JsonObject:
    said = _fields(one.fields) | facts(one.kind, one.fields)
    told = "; ".join(f"{name} {value}" for name, value in said.items())
    tx = one.fields.get("tx", "")
    return {"at": one.time.isoformat(timespec="seconds"), "source": LOG, "event": one.kind, "party": one.did} | {
        "said": told,
        "tx": tx if isinstance(tx, str) else "",
        "index": one.index,
        "proof": f"{one.index}@{one.did}",
    }


async def _of_chain(call: Call, event: Event) -> JsonObject:
    at = await call.of(ChainBook).at(event.block)
    told = "; ".join(f"{name} {value}" for name, value in _fields(event.fields).items())
    return {"at": None if at is None else at.isoformat(timespec="seconds"), "source": CHAIN, "event": event.name} | {
        "party": "",
        "said": f"block {event.block}; {told}",
        "tx": event.transaction.hex(),
        "index": event.position,
        "proof": "",
    }


def _naming(books: dict[str, Logbook], values: set[str]) -> list[LogEvent]:
    return [
        one for book in books.values() for one in book.events if one.part in values or not values.isdisjoint(one.link)
    ]


def _fields(told: Any) -> dict[str, str]:
    """Return the short fields of an event."""
    shown: dict[str, str] = {}
    for name, value in sorted(told.items()):
        text = value.hex() if isinstance(value, bytes) else str(value)
        if isinstance(value, dict | list) or len(shown) == FIELDS_SHOWN:
            continue
        shown[name] = text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS] + "…"
    return shown


def _item(what: str, title: str, facts: dict[str, str], link: str = "") -> JsonObject:
    return {"what": what, "title": title, "facts": facts, "link": link}


def _plain(text: str) -> str:
    """Return an id as tables and logs write it: hex in small letters, without `0x`."""
    told = text.strip().removeprefix(AGREEMENT_URN)
    bare = told[2:] if told.lower().startswith("0x") else told
    return bare.lower() if bare and set(bare) <= HEX and len(bare) > SHORT else told
