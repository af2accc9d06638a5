"""What a host did for us: read out of its log, and held against the delegation and the chain.

Law: (1) a host's log is believed as far as it is signed, makes the root of its head, and is disclosed to us. (2) What
it does not disclose is looked for on the chain, which has every licence of our edition and every channel that pays us:
a host that leaves something out is found by it. What came after the newest block that its log cites is counted and held
against nobody: the log is published a while after. (3) A finding says what is wrong and where it stands.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connector.licence import hosted
from connector.net import log_files
from connector.net.log_files import FILE_BYTES_MAX
from connector.provider.hosting import kept
from connector.provider.hosting.kept import PROVIDER
from connector.runtime.errors import VerificationFailed
from connector.runtime.limits import HOST_LOG_ENTRIES_MAX
from ledger.audit.event import Event
from ledger.audit.unsealing import Pages, raw_keys, unseal
from ledger.log import reader
from ledger.log.leaves import Leaves
from ledger.log.tiles import ENTRIES, Tile, tiles_of_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.rows.hosting import DelegationRow
    from contracts.canonical import JsonObject
    from contracts.delegation import Delegation
    from ledger.chain.programs import Programs
    from ledger.space.document import Member

# kind of an event → which of the host's acts it shows (`contracts.delegation.ACTS`), or what else was done
ACTS: Final[Mapping[str, str]] = {
    "hosting.moved": "delegation",
    "agreement.signed": "sign",
    "licence.granted": "sign",
    "keys.released": "deliver",
    "copy.served": "deliver",
    "computation.ended": "compute",
    "channel.opened": "payment",
    "channel.claimed": "payment",
    "channel.closed": "payment",
    "agreement.ended": "end",
}
SIGNED, RELEASED = "agreement.signed", "keys.released"
CLAIMED: Final = ("channel.claimed", "channel.closed")
# fields that are shown of an event, as far as it has them
SHOWN: Final = ("buyer", "amount", "cumulative", "rows", "statement", "reason", "to")


class Deal(NamedTuple):
    """An agreement that the host disclosed: its terms (JSON), and when it says that it signed."""

    terms: JsonObject
    at: datetime


class Read(NamedTuple):
    """A log as far as it is disclosed to us, its entries, and the newest block that any of them cites, -1 for none."""

    events: list[Event]
    size: int
    reach: int


class Reading:
    """The logs of the hosts of one provider."""

    def __init__(self, core: Core, space: SpaceView, programs: Programs) -> None:
        self._core, self._space, self._programs = core, space, programs

    async def log(self, key: str) -> JsonObject:
        """Return what the host of a delegation of ours disclosed to us about it, oldest first.

        Raises VerificationFailed for a log that is not what its head says, PeerUnreachable for a host that is away.
        """
        row, made, member = await self._about(key)
        read = await self._read(member)
        rows = [_shown(event) for event in _of(read.events, row, made) if event.kind in ACTS]
        return {"delegation": key, "host": member.did, "entries": read.size, "acts": rows}

    async def audit(self, key: str) -> JsonObject:
        """Hold what the host did against the delegation, its log and the chain; `findings` are what does not fit.

        `later` counts what the chain shows and the log was not read far enough for.
        """
        row, made, member = await self._about(key)
        read = await self._read(member)
        events = _of(read.events, row, made)
        deals = {one.part: Deal(one.fields["terms"] or {}, one.time) for one in events if one.kind == SIGNED}
        findings, later = await self._licences(row, made, deals, read.reach)
        findings += [finding for digest, deal in deals.items() for finding in _judged(made, digest, deal)]
        sums, more, unclaimed = await self._money(made, events, read.reach)
        return {
            "delegation": key,
            "host": member.did,
            "entries": read.size,
            "later": later + unclaimed,
            "agreements": len(deals),
            "currency": made.tariff.currency,
            **sums,
            "findings": findings + more,
        }

    async def _about(self, key: str) -> tuple[DelegationRow, Delegation, Member]:
        row = await self._core.store.read(lambda tx: kept.found(tx, key, PROVIDER))
        return row, kept.read(row), await self._space.require(row.peer)

    async def _read(self, member: Member) -> Read:
        """Read a log to its newest head."""
        fetch = log_files.below(self._core.outbound, f"{member.url}/log", FILE_BYTES_MAX)
        leaves, found, reach = Leaves(), list[Event](), -1
        try:
            _, head = await reader.read_checkpoint(fetch, member.log_vkey)
            if head.size > HOST_LOG_ENTRIES_MAX:
                raise VerificationFailed(
                    f"the log of `{member.did}` has {head.size} entries", "read it by `penstock log`"
                )
            for tile in tiles_of_level(ENTRIES, head.size):
                pages = await self._pages(member, tile, fetch)
                opened = await asyncio.to_thread(unseal, pages)
                leaves.extend(opened.leaves)
                events = [Event.from_row(member.did, row) for row in opened.rows]
                reach = max([reach, *(one.block.number for one in events if one.block is not None)])
                found += [one for one in events if one.told]
            reader.check_root(head, leaves)
        except ValueError as error:
            raise VerificationFailed(
                f"the log of `{member.did}` does not verify: {error}", "ask the exchange"
            ) from error
        return Read(found, head.size, reach)

    async def _pages(self, member: Member, tile: Tile, fetch: reader.Fetch) -> Pages:
        keys, read = self._core.identity.keys, await reader.fetch_bundle(fetch, tile)
        return Pages(member.did, tile, *read, "", raw_keys(keys.openers))

    async def _licences(
        self, row: DelegationRow, made: Delegation, deals: Mapping[str, Deal], reach: int
    ) -> tuple[list[JsonObject], int]:
        """Find licences of our edition that the host granted and did not disclose, or after we had revoked.

        Returns the findings, and how many licences are newer than the log.
        """
        known = await self._programs.licence(bytes.fromhex(row.digest))
        over = None if known is None else known.revoked_at
        findings, later = [], 0
        for event in await self._programs.events("licences", "LicenceGranted", provider=made.account):
            digest = event.fields["agreementDigest"].hex()
            if event.fields["editionId"] != made.edition:
                continue
            if digest not in deals and event.block > reach:
                later += 1
            elif digest not in deals:
                findings.append(
                    _finding("undisclosed", digest, "the chain has this licence, and the host's log does not show it")
                )
            elif over is not None and deals[digest].at > over:
                findings.append(_finding("after-revocation", digest, f"it was signed after {over.isoformat()}"))
        return findings, later

    async def _money(
        self, made: Delegation, events: Iterable[Event], reach: int
    ) -> tuple[JsonObject, list[JsonObject], int]:
        """Return what was released, claimed and ours (minor units), where chain and log differ, and what is newer."""
        released: dict[str, int] = {}
        for one in events:
            if one.kind == RELEASED:
                released[one.part] = max(released.get(one.part, 0), int(one.fields["cumulative"]))
        claimed, findings, later = {}, [], 0
        for event in await self._programs.events("channels", "Opened", payee=made.account):
            if event.fields["splitHash"] != made.split.hash:
                continue
            name = event.fields["channelId"]
            channel = await self._programs.channel(name)
            claimed[name.hex()] = 0 if channel is None else channel.claimed
        for name, amount in claimed.items():
            if amount <= released.get(name, 0):
                continue
            claims = await self._programs.events("channels", "Claimed", channelId=bytes.fromhex(name))
            if max(event.block for event in claims) > reach:
                later += 1
            else:
                text = f"{amount} were claimed, and the log shows keys for {released.get(name, 0)}"
                findings.append(_finding("claimed-unreleased", name, text))
        at = [payee for payee, _ in made.split.parts].index(made.payee)
        ours = sum(made.split.shares(amount)[at] for amount in claimed.values())
        sums = {"released": sum(released.values()), "claimed": sum(claimed.values()), "ours": ours}
        return {name: str(amount) for name, amount in sums.items()}, findings, later


def _of(found: Iterable[Event], row: DelegationRow, made: Delegation) -> list[Event]:
    """Return the events that are about one delegation: its own, its edition's, its agreements' and their channels'."""
    parts, events = {row.digest, row.id, made.edition.hex()}, []
    for one in found:
        if (one.kind == SIGNED and _named(one) == row.document) or (
            one.kind == "channel.opened" and one.fields.get("agreementDigest") in parts
        ):
            parts.add(one.part)
        if one.part in parts:
            events.append(one)
    return events


def _named(event: Event) -> Any:
    return (event.fields.get("terms") or {}).get(hosted.HOSTED)


def _judged(made: Delegation, digest: str, deal: Deal) -> list[JsonObject]:
    """Find what an agreement has that was not delegated."""
    findings = []
    if why := made.refusal(deal.terms, made.account):
        findings.append(_finding("outside", digest, why))
    if deal.at > made.until:
        findings.append(_finding("after-end", digest, f"it was signed at {deal.at.isoformat()}"))
    return findings


def _finding(code: str, about: str, text: str) -> JsonObject:
    return {"code": code, "about": about, "text": text}


def _shown(event: Event) -> JsonObject:
    told = {name: event.fields[name] for name in SHOWN if event.fields.get(name) not in (None, "")}
    return {
        "entry": event.index,
        "at": event.time.isoformat(timespec="seconds"),
        "act": ACTS[event.kind],
        "event": event.kind,
        "part": event.part,
        "told": ", ".join(f"{name} {value}" for name, value in told.items()),
    }
