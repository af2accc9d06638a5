"""What an audit read, kept answer by answer: enough to make the same audit again with no network.

Law: an archive holds answers, never conclusions; whoever opens it audits anew. What was not answered then is not
answered from it. Every answer is one named run of bytes, so any folder or ZIP file can hold them:

    space · attestation · chain · chain/later · unread · identity/DID · block/NUMBER · page/URL · payment/HASH ·
    payments/SENDER/RECEIVER
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from contracts.canonical import canonical, load
from contracts.errors import why
from ledger.audit.sources import BlockHead, Unavailable
from ledger.chain.payment import Payment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.audit.sources import ChainEvent, Sources

SPACE, HEAD, ATTESTATION, CHAIN, UNREAD = "space", "head", "attestation", "chain", "unread"
LATER = "chain/later"  # what came while the logs were read
# the chain's events of a large space; everything else is smaller
ANSWER_BYTES_MAX = 1 << 30
HEX = "0x"


@dataclass(frozen=True, slots=True)
class Kept:
    """A chain event as an archive keeps it."""

    name: str
    fields: Mapping[str, Any]
    block: int
    transaction: bytes


class Archive:
    """`Sources` over what was kept; what is not there is Unavailable."""

    def __init__(self, kept: Mapping[str, bytes]) -> None:
        self._kept = kept

    async def space(self) -> Mapping[str, Any]:
        """Return the space document as JSON."""
        document: Mapping[str, Any] = self._read(SPACE)
        return document

    async def identity(self, did: str) -> Mapping[str, str] | None:
        """Return what the member published under its own DID."""
        return self._object(f"identity/{did}")

    async def fetch(self, url: str) -> bytes:
        """Return the body that lay behind a URL."""
        return self._raw(f"page/{url}")

    async def chain_events(self, first: int = 0) -> Sequence[ChainEvent]:
        """Return the events of the programs from block `first` on, in chain order."""
        names = (CHAIN, LATER) if first and LATER in self._kept else (CHAIN,)
        return [event for name in names for event in read_events(self._raw(name), first)]

    async def block(self, number: int) -> BlockHead | None:
        """Return a block's hash and time."""
        told = self._object(f"block/{number}")
        try:
            return None if told is None else BlockHead.from_json(told)
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"block `{number}` of the archive cannot be read: {why(error)}") from error

    async def payment(self, transaction: bytes) -> Payment | None:
        """Return what a transaction paid under a reference."""
        told = self._object(f"payment/{transaction.hex()}")
        try:
            return None if told is None else Payment.from_json(told)
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"a payment of the archive cannot be read: {why(error)}") from error

    async def payments(self, sender: bytes, receiver: bytes) -> Sequence[Payment]:
        """Return what one account paid another under references."""
        try:
            return [Payment.from_json(one) for one in self._read(_between(sender, receiver))]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unavailable(f"payments of the archive cannot be read: {why(error)}") from error

    async def unread(self) -> Sequence[str]:
        """Return whose logs were left out; an archive that says nothing left out none."""
        return [str(one) for one in self._read(UNREAD)] if UNREAD in self._kept else []

    async def head(self) -> Mapping[str, Any] | None:
        """Return the head of the space, None in an archive of before there were heads."""
        return self._object(HEAD) if HEAD in self._kept else None

    async def attestation(self) -> Mapping[str, Any] | None:
        """Return the newest attestation of the witnesses."""
        return self._object(ATTESTATION)

    def _raw(self, name: str) -> bytes:
        try:
            return self._kept[name]
        except KeyError:
            raise Unavailable(f"the archive has no `{name}`") from None

    def _read(self, name: str) -> Any:
        try:
            return load(self._raw(name), max_bytes=ANSWER_BYTES_MAX)
        except ValueError as error:
            raise Unavailable(f"`{name}` of the archive cannot be read: {error}") from error

    def _object(self, name: str) -> Mapping[str, Any] | None:
        told = self._read(name)
        if told is not None and not isinstance(told, dict):
            raise Unavailable(f"`{name}` of the archive is no object")
        return told


class Keeper(Protocol):
    """Whatever takes answers by their names."""

    def __setitem__(self, name: str, value: bytes, /) -> None:
        """Keep an answer."""


class Recording:
    """`Sources` that hand on another's answers and keep each of them in `kept`."""

    def __init__(self, sources: Sources, kept: Keeper) -> None:
        self._sources = sources
        self._kept = kept

    async def space(self) -> Mapping[str, Any]:
        """Ask for the space document."""
        document = await self._sources.space()
        self._kept[SPACE] = canonical(document)
        return document

    async def identity(self, did: str) -> Mapping[str, str] | None:
        """Ask for a member's own word."""
        told = await self._sources.identity(did)
        self._kept[f"identity/{did}"] = canonical(told)
        return told

    async def fetch(self, url: str) -> bytes:
        """Ask for a page."""
        body = await self._sources.fetch(url)
        self._kept[f"page/{url}"] = body
        return body

    async def chain_events(self, first: int = 0) -> Sequence[ChainEvent]:
        """Ask for the events of the programs."""
        events = await self._sources.chain_events(first)
        self._kept[LATER if first else CHAIN] = write_events(events)
        return events

    async def block(self, number: int) -> BlockHead | None:
        """Ask for a block."""
        head = await self._sources.block(number)
        self._kept[f"block/{number}"] = canonical(None if head is None else head.json())
        return head

    async def payment(self, transaction: bytes) -> Payment | None:
        """Ask for a payment."""
        paid = await self._sources.payment(transaction)
        self._kept[f"payment/{transaction.hex()}"] = canonical(None if paid is None else paid.json())
        return paid

    async def payments(self, sender: bytes, receiver: bytes) -> Sequence[Payment]:
        """Ask for what one account paid another."""
        paid = await self._sources.payments(sender, receiver)
        self._kept[_between(sender, receiver)] = canonical([one.json() for one in paid])
        return paid

    async def unread(self) -> Sequence[str]:
        """Ask whose logs are left out."""
        left = await self._sources.unread()
        self._kept[UNREAD] = canonical(list(left))
        return left

    async def head(self) -> Mapping[str, Any] | None:
        """Ask for the newest head of the space."""
        told = await self._sources.head()
        self._kept[HEAD] = canonical(told)
        return told

    async def attestation(self) -> Mapping[str, Any] | None:
        """Ask for the newest attestation."""
        document = await self._sources.attestation()
        self._kept[ATTESTATION] = canonical(document)
        return document


def _between(sender: bytes, receiver: bytes) -> str:
    """Return the name under which is kept what one account paid another."""
    return f"payments/{sender.hex()}/{receiver.hex()}"


def write_events(events: Sequence[ChainEvent]) -> bytes:
    """Return chain events as JSON: bytes in hex with `0x`, integers as decimal strings, texts and structs named so."""
    return canonical(
        [
            {
                "name": event.name,
                "fields": {name: _shown(value) for name, value in event.fields.items()},
                "block": str(event.block),
                "transaction": event.transaction.hex(),
            }
            for event in events
        ]
    )


def read_events(raw: bytes, first: int = 0) -> list[Kept]:
    """Read what `write_events` wrote, from a block on; Unavailable if it is malformed."""
    try:
        return [
            Kept(
                str(row["name"]),
                {name: _value(value) for name, value in row["fields"].items()},
                int(row["block"]),
                bytes.fromhex(row["transaction"]),
            )
            for row in _taken(load(raw, max_bytes=ANSWER_BYTES_MAX))
            if int(row["block"]) >= first
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unavailable(f"the archive's chain events cannot be read: {why(error)}") from error


def _taken(rows: list[Any]) -> Iterator[Any]:
    """Yield rows and let go of each: a chain's events as JSON are several times as large as what is made of them."""
    rows.reverse()
    while rows:
        yield rows.pop()


def _shown(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return HEX + bytes(value).hex()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return {"struct": {name: _shown(one) for name, one in value.items()}}
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else {"text": str(value)}


def _value(shown: Any) -> Any:
    if isinstance(shown, bool):
        return shown
    if isinstance(shown, list):
        return [_value(one) for one in shown]
    if isinstance(shown, str):
        return bytes.fromhex(shown[len(HEX) :]) if shown.startswith(HEX) else int(shown)
    if "struct" in shown:
        return {name: _value(one) for name, one in shown["struct"].items()}
    return str(shown["text"])
